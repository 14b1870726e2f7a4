"""The budget: our own promise to each upstream, shared by all workers and lowered by its signals."""

import time

from django.core.cache import cache

LONGEST = 24 * 3600


def take(slug: str, *, per_minute: int, reserved: int = 0) -> bool:
    """Take one call from this minute's budget, or say that there is none.

    What is reserved stays for somebody else: prices come before everything.
    """
    if paused_until(slug) > time.time():
        return False
    key = _minute_key(slug)
    if reserved and (cache.get(key) or 0) >= per_minute - reserved:
        return False
    cache.add(key, 0, timeout=120)
    return cache.incr(key) <= per_minute


def left(slug: str, *, per_minute: int) -> int:
    if paused_until(slug) > time.time():
        return 0
    return max(0, per_minute - (cache.get(_minute_key(slug)) or 0))


def pause(slug: str, *, seconds: float) -> None:
    """Ask nothing for a while, because the upstream said so; a longer pause is never shortened."""
    until = time.time() + min(seconds, LONGEST)
    if until > paused_until(slug):
        cache.set(_pause_key(slug), until, timeout=min(seconds, LONGEST) + 1)


def paused_until(slug: str) -> float:
    return cache.get(_pause_key(slug)) or 0.0


def lift(slug: str) -> None:
    cache.delete(_pause_key(slug))


def _minute_key(slug: str) -> str:
    return f"budget:{slug}:{int(time.time() // 60)}"


def _pause_key(slug: str) -> str:
    return f"budget:{slug}:paused"
