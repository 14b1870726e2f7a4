"""One at a time: a lock, shared by all processes, that skips instead of waiting for long."""

import contextlib
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator

from django.core.cache import cache

from cryptodt.common.broadcast import UNREACHABLE

logger = logging.getLogger(__name__)

# A process that died holds its locks for so many seconds, whatever it was doing.
LEASE = 15.0
# A live one says so this often: one word may be lost, and one may be late.
BEAT = LEASE / 3
POLL_SECONDS = 0.01


@contextlib.contextmanager
def single(
    name: str, *, seconds: float, patience: float = 0, on_lost: Callable[[], None] | None = None
) -> Iterator[bool]:
    """Yield True to the one that may go on, False to everybody else, after `patience` seconds.

    The lock is held while its owner lives, but for `seconds` at most: one that hangs cannot hold
    it for ever. Who must end its work when the lock is somebody else's is told by `on_lost`.
    """
    key = _key(name)
    mine = secrets.token_hex(8)
    end = time.monotonic() + patience
    while not cache.add(key, mine, timeout=min(LEASE, seconds)):
        if time.monotonic() >= end:
            yield False
            return
        time.sleep(POLL_SECONDS)
    is_over = threading.Event()
    beat = threading.Thread(
        target=_keep,
        args=(key, mine, seconds, is_over, on_lost),
        name=f"single {name}",
        daemon=True,
    )
    beat.start()
    try:
        yield True
    finally:
        is_over.set()
        # Only the own lock is freed: it may have run out and be somebody else's by now.
        if cache.get(key) == mine:
            cache.delete(key)


def is_taken(name: str) -> bool:
    """Say whether somebody is at it now."""
    return cache.get(_key(name)) is not None


def _keep(
    key: str,
    mine: str,
    seconds: float,
    is_over: threading.Event,
    on_lost: Callable[[], None] | None,
) -> None:
    end = time.monotonic() + seconds
    while not is_over.wait(BEAT):
        left = end - time.monotonic()
        try:
            if left <= 0 or cache.get(key) != mine:
                if on_lost is not None and not is_over.is_set():
                    on_lost()
                return
            cache.touch(key, min(LEASE, left))
        except UNREACHABLE:
            logger.warning("%s could not be kept; its lease may run out", key)


def _key(name: str) -> str:
    return f"single:{name}"
