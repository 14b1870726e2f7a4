"""Typed readers for the environment: they refuse what they do not understand."""

import contextlib
import os
import re
import secrets
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}

SHORTEST_SECRET = 32
FEWEST_LETTERS = 8
# What examples say where a secret belongs; whoever copies one shares it with the whole world.
_EXAMPLE = re.compile(
    r"change[-_ .]?(me|this|it|in)|your[-_ .]?(\w+[-_ .])?(secret|key|salt)|insecure|example|default",
    re.IGNORECASE,
)


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def flag(name: str, *, default: bool) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in TRUE:
        return True
    if value.strip().lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")


def number(name: str, default: int, *, least: int = 0) -> int:
    value = os.environ.get(name, "").strip() or str(default)
    try:
        parsed = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None
    if parsed < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}, not {parsed}.")
    return parsed


def seconds(name: str, default: float) -> float:
    value = os.environ.get(name, "").strip() or str(default)
    try:
        parsed = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be seconds, not {value!r}.") from None
    # `not >` instead of `<=` so that nan is refused as well.
    if not 0 < parsed < float("inf"):
        raise ImproperlyConfigured(f"{name} must be more than zero seconds, not {value!r}.")
    return parsed


def listing(name: str, default: str = "") -> list[str]:
    """Return the comma-separated words of a variable, without the empty ones."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choices(name: str, default: str, allowed: tuple[str, ...]) -> list[str]:
    """Return the words of a variable, each once; every one of them must be allowed."""
    words = list(dict.fromkeys(listing(name, default)))
    unknown = [word for word in words if word not in allowed]
    if unknown:
        raise ImproperlyConfigured(
            f"{name} may name {', '.join(allowed)}, and not {', '.join(unknown)}."
        )
    return words


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default).lower()
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def never(name: str, instead: str) -> bool:
    """Return False, and refuse to start where a variable asks for what does not exist."""
    if text(name).lower() in TRUE:
        raise ImproperlyConfigured(f"{name} cannot be switched on here. {instead}")
    return False


def origins(name: str, *, with_credentials: bool) -> list[str]:
    """Return the pages' origins that a variable lists; `*` stands for all of them."""
    found = listing(name)
    if "*" in found and with_credentials:
        raise ImproperlyConfigured(
            f"{name}=* with credentials would let every page on the web act as whoever looks at"
            " it. Name the origins, or do without credentials."
        )
    for one in found:
        if one != "*" and not _is_origin(one):
            raise ImproperlyConfigured(
                f"{name} holds origins such as https://example.com, or *, and not {one!r}."
            )
    return found


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    return is_web and text == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc


def secret(name: str, default: str = "") -> str:
    """Return a secret from NAME, or from the file that NAME_FILE points to."""
    path = text(f"{name}_FILE")
    if not path:
        return text(name, default)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}.") from None


def kept_secret(name: str, file: Path) -> str:
    """Return the secret NAME, or one that is made once and kept in `file`.

    One that others could know or try is refused: everything else here is built on it.
    """
    value = secret(name) or _kept(file)
    if flaw := flaw_of(value):
        raise ImproperlyConfigured(
            f"{name} {flaw}. Leave it out and a good one is made and kept, or make one with"
            " `openssl rand -base64 48`."
        )
    return value


def flaw_of(value: str) -> str | None:
    """Return what is wrong with a secret, without repeating it; nothing is wrong with most."""
    if len(value) < SHORTEST_SECRET:
        return f"is shorter than {SHORTEST_SECRET} characters"
    if len(set(value)) < FEWEST_LETTERS:
        return "repeats itself"
    return "is one that an example shows" if _EXAMPLE.search(value) else None


def _kept(file: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return file.read_text(encoding="utf-8").strip()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made for its owner's eyes only, and written before it gets its name, so nobody finds it empty.
    handle, draft = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(secrets.token_urlsafe(64))
    # Of two processes that start at once, exactly one can give the name.
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)
    Path(draft).unlink()
    return file.read_text(encoding="utf-8").strip()


def with_prefix(prefix: str, suffix: str) -> dict[str, str]:
    """Return every variable PREFIX<X>SUFFIX as {x-in-kebab-case: value}."""
    found = {}
    for name, value in os.environ.items():
        if name.startswith(prefix) and name.endswith(suffix) and value.strip():
            middle = name[len(prefix) : len(name) - len(suffix)]
            found[middle.lower().replace("_", "-")] = value.strip()
    return found
