"""Every address of the site, found by walking its map, so that none is forgotten."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

# One for each part of an address that varies; what it means does not matter here.
VALUE = "1"
_REGEX_GROUP = re.compile(r"\(\?P?<?\w*>?[^()]*(?:\([^()]*\)[^()]*)*\)")


def addresses() -> list[str]:
    return sorted({f"/{path}" for path in _walk(get_resolver().url_patterns)})


def _walk(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for one in patterns:
        path = before + _filled(str(one.pattern))
        if isinstance(one, URLResolver):
            yield from _walk(one.url_patterns, path)
        else:
            yield path


def _filled(pattern: str) -> str:
    filled = re.sub(r"<[^>]+>", VALUE, pattern) if "(?P" not in pattern else pattern
    return _REGEX_GROUP.sub(VALUE, filled).strip("^$").replace("\\Z", "")
