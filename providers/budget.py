"""The budget: our own promise to each upstream, shared by all workers."""

import time

from django.core.cache import cache


def take(slug: str, *, per_minute: int) -> bool:
    """Take one call from this minute's budget, or say that it is spent."""
    key = f"budget:{slug}:{int(time.time() // 60)}"
    cache.add(key, 0, timeout=120)
    return cache.incr(key) <= per_minute
