"""How static files are stored: hashed names, the modules that scripts import included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    # Without it a page could mix a new script with the old modules that a browser still holds.
    support_js_module_import_aggregation = True
