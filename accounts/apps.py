"""The app's registration with Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Loaded for what it registers: the OpenAPI document asks for it by name.
        import accounts.api.schema  # noqa: F401, PLC0415
