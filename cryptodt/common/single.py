"""One at a time: a lock, shared by all processes, that skips instead of waiting."""

import contextlib
import secrets
from collections.abc import Iterator

from django.core.cache import cache


@contextlib.contextmanager
def single(name: str, *, seconds: float) -> Iterator[bool]:
    """Yield True to the one that may go on, False to everybody else.

    The lock frees itself after `seconds`, so that a process that died cannot hold it for ever.
    """
    key = _key(name)
    mine = secrets.token_hex(8)
    acquired = cache.add(key, mine, timeout=seconds)
    try:
        yield acquired
    finally:
        # Only the own lock is freed: it may have run out and be somebody else's by now.
        if acquired and cache.get(key) == mine:
            cache.delete(key)


def is_taken(name: str) -> bool:
    """Say whether somebody is at it now."""
    return cache.get(_key(name)) is not None


def _key(name: str) -> str:
    return f"single:{name}"
