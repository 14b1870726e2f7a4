"""Telling every process once: in the process itself, or through Redis when there are many."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from functools import cache

from django.conf import settings

if settings.REDIS_URL:
    # One process needs no Redis, nor the megabytes of its client.
    import redis
    import redis.asyncio

    # What the shared cache and the broadcast raise while Redis does not answer.
    UNREACHABLE: tuple[type[Exception], ...] = (redis.RedisError,)
else:
    UNREACHABLE = ()

logger = logging.getLogger(__name__)

# A listener this far behind is not reading at all; what it missed is in the snapshot.
BACKLOG = 256

_listeners: set["_Listener"] = set()
_lock = threading.Lock()


class _Listener:
    """A queue that may be filled from any thread and is read on its own event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(BACKLOG)

    def tell(self, message: bytes) -> None:
        try:
            self.loop.call_soon_threadsafe(self._put, message)
        except RuntimeError:
            # The loop closed without a farewell; nobody is left to be told.
            _listeners.discard(self)

    def _put(self, message: bytes) -> None:
        if self.queue.full():
            self.queue.get_nowait()
            logger.warning("A broadcast listener lags; its oldest message was dropped")
        self.queue.put_nowait(message)


def publish(message: bytes) -> None:
    """Hand one message to the listener of every process. Call it from synchronous code."""
    if settings.REDIS_URL:
        _redis(settings.REDIS_URL).publish(_channel(), message)
        return
    with _lock:
        listeners = list(_listeners)
    for listener in listeners:
        listener.tell(message)


async def listen() -> AsyncIterator[bytes]:
    """Yield every message that is published from now on; raises when Redis goes away."""
    source = _listen_redis() if settings.REDIS_URL else _listen_here()
    async for message in source:
        yield message


async def _listen_here() -> AsyncIterator[bytes]:
    listener = _Listener()
    with _lock:
        _listeners.add(listener)
    try:
        while True:
            yield await listener.queue.get()
    finally:
        with _lock:
            _listeners.discard(listener)


async def _listen_redis() -> AsyncIterator[bytes]:
    async with (
        redis.asyncio.Redis.from_url(settings.REDIS_URL) as client,
        client.pubsub(ignore_subscribe_messages=True) as subscription,
    ):
        await subscription.subscribe(_channel())
        async for event in subscription.listen():
            yield event["data"]


def _channel() -> str:
    return f"{settings.CACHE_PREFIX}:broadcast"


@cache
def _redis(url: str) -> "redis.Redis":
    return redis.Redis.from_url(url)
