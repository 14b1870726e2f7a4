"""Telling every process once: in the process itself, or through Redis when there are many.

What is told is numbered. Each topic counts its own messages, and so does each item of it: news of
`prices` that names BTC is one more message of `prices` and one more of `prices:BTC`. Numbers are
given where the message is, so every process knows the same ones. The last minutes are kept, and
whoever begins to listen hears those first.
"""

import asyncio
import secrets
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.conf import settings

if settings.REDIS_URL:
    # One process needs no Redis, nor the megabytes of its client.
    import redis
    import redis.asyncio

    # What the shared cache and the broadcast raise while Redis does not answer.
    UNREACHABLE: tuple[type[Exception], ...] = (redis.RedisError,)
else:
    UNREACHABLE = ()

# A listener this far behind is not keeping up; it begins anew with what is kept.
BACKLOG = 4096
MOST_KEPT = 20_000
# In place of what changed, where that is too much to be told: whoever wants it reads it anew.
TOO_MUCH = "null"
MOST_KEPT_BYTES = 32 * 1024 * 1024
# Shorter than any time-out of a connection, so that waiting for news is never taken for silence.
WAIT_MS = 2000


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a topic. Offsets of two epochs have nothing to do with each other."""

    epoch: str
    offset: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One message, and its number in each of the topics that it belongs to."""

    epoch: str
    topic: str
    timestamp: int
    items: Mapping[str, str]
    offsets: Mapping[str, int]
    told_ms: int


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was told before: the newest number of every topic, and the messages that are kept."""

    epoch: str
    offsets: Mapping[str, int]
    entries: tuple[Entry, ...]


class Lagging(Exception):
    """A listener did not keep up, and must begin anew."""


def publish(message: bytes) -> None:
    """Number one message and hand it to every process. Call it from synchronous code.

    A message is a JSON object: `topic`, `timestamp` in milliseconds, and `items` by name.
    """
    told = orjson.loads(message)
    if settings.REDIS_URL:
        _publish_redis(told, message)
    else:
        LOG.add(told, len(message))


def position(topic: str) -> Position:
    """Return where a topic is. Read it before what it describes: then nothing lies between."""
    if not settings.REDIS_URL:
        return LOG.position(topic)
    script = _script(settings.REDIS_URL, _EPOCH + _POSITION)
    epoch, offset = script(keys=_keys(), args=[_new_epoch(), topic])
    return Position(epoch.decode(), int(offset))


async def listen() -> AsyncIterator[Beginning | Entry]:
    """Yield what was told before, then every message. Raises when Redis goes away."""
    source = _listen_redis() if settings.REDIS_URL else _listen_here()
    async for heard in source:
        yield heard


def topics_of(topic: str, items: Mapping[str, str]) -> list[str]:
    return [topic, *(f"{topic}:{name}" for name in items)]


def _new_epoch() -> str:
    return secrets.token_hex(6)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


# -- In the process -----------------------------------------------------------------------------


class _Listener:
    """A queue that may be filled from any thread and is read on its own event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.queue: asyncio.Queue[Entry] = asyncio.Queue()
        self.is_lagging = False

    def tell(self, entry: Entry) -> bool:
        try:
            self.loop.call_soon_threadsafe(self._put, entry)
        except RuntimeError:
            # The loop closed without a farewell; nobody is left to be told.
            return False
        return True

    def _put(self, entry: Entry) -> None:
        self.is_lagging = self.is_lagging or self.queue.qsize() >= BACKLOG
        if not self.is_lagging:
            self.queue.put_nowait(entry)

    async def next(self) -> Entry:
        if self.is_lagging and self.queue.empty():
            raise Lagging
        return await self.queue.get()


class Log:
    """The messages of a process that has no other beside it."""

    def __init__(self) -> None:
        self.epoch = _new_epoch()
        self.listeners: set[_Listener] = set()
        self._offsets: dict[str, int] = {}
        self._entries: deque[tuple[Entry, int]] = deque()
        self._bytes = 0
        # Held while listeners are told, too: all of them hear everything in one order.
        self._lock = threading.Lock()

    def add(self, told: Mapping[str, Any], size: int) -> None:
        items: dict[str, str] = told["items"]
        topic, timestamp, told_ms = told["topic"], told["timestamp"], _now_ms()
        with self._lock:
            offsets = {one: self._offsets.get(one, 0) + 1 for one in topics_of(topic, items)}
            self._offsets.update(offsets)
            entry = Entry(self.epoch, topic, timestamp, items, offsets, told_ms)
            self._entries.append((entry, size))
            self._bytes += size
            self._trim(told_ms)
            for listener in list(self.listeners):
                if not listener.tell(entry):
                    self.listeners.discard(listener)

    def position(self, topic: str) -> Position:
        with self._lock:
            return Position(self.epoch, self._offsets.get(topic, 0))

    def begin(self, listener: _Listener) -> Beginning:
        """Have a listener told from now on, and return what was told before."""
        with self._lock:
            self._trim(_now_ms())
            self.listeners.add(listener)
            entries = tuple(entry for entry, _ in self._entries)
            return Beginning(self.epoch, dict(self._offsets), entries)

    def end(self, listener: _Listener) -> None:
        with self._lock:
            self.listeners.discard(listener)

    def _trim(self, now_ms: int) -> None:
        oldest = now_ms - settings.LIVE_WINDOW * 1000
        while self._entries and (
            self._entries[0][0].told_ms < oldest
            or len(self._entries) > MOST_KEPT
            or self._bytes > MOST_KEPT_BYTES
        ):
            self._bytes -= self._entries.popleft()[1]


LOG = Log()


async def _listen_here() -> AsyncIterator[Beginning | Entry]:
    listener = _Listener()
    beginning = LOG.begin(listener)
    try:
        yield beginning
        while True:
            yield await listener.next()
    finally:
        LOG.end(listener)


# -- Through Redis ------------------------------------------------------------------------------

# A Redis that was started anew may have lost its last second: the numbers in it would be given
# twice. So an epoch belongs to one run of one server, and ends with it.
_EPOCH = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local held = redis.call('HMGET', KEYS[1], 'epoch', 'run')
local epoch = held[1]
if not epoch or held[2] ~= run then
  epoch = ARGV[1]
  redis.call('DEL', KEYS[2], KEYS[3])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'run', run)
end
"""
_POSITION = "return {epoch, redis.call('HGET', KEYS[2], ARGV[2]) or '0'}"
_BEGIN = """
local last = redis.call('XREVRANGE', KEYS[3], '+', '-', 'COUNT', 1)
return {epoch, redis.call('HGETALL', KEYS[2]), redis.call('XRANGE', KEYS[3], ARGV[2], '+'),
  last[1] and last[1][1] or '0-0'}
"""
_PUBLISH = """
local offsets = {}
for i = 5, #ARGV do
  offsets[#offsets + 1] = redis.call('HINCRBY', KEYS[2], ARGV[i], 1)
end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*',
  'epoch', epoch, 'offsets', table.concat(offsets, ' '), 'body', ARGV[4])
redis.call('XTRIM', KEYS[3], 'MINID', '~', ARGV[3])
"""


def _publish_redis(told: Mapping[str, Any], message: bytes) -> None:
    topics = topics_of(told["topic"], told["items"])
    args = [_new_epoch(), MOST_KEPT, _oldest(), message, *topics]
    _script(settings.REDIS_URL, _EPOCH + _PUBLISH)(keys=_keys(), args=args)


async def _listen_redis() -> AsyncIterator[Beginning | Entry]:
    async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client:
        begin = client.register_script(_EPOCH + _BEGIN)
        epoch, offsets, kept, last = await begin(keys=_keys(), args=[_new_epoch(), _oldest()])
        newest = {name.decode(): int(n) for name, n in zip(*[iter(offsets)] * 2, strict=True)}
        entries = tuple(
            _entry(key, dict(zip(*[iter(pairs)] * 2, strict=True))) for key, pairs in kept
        )
        yield Beginning(epoch.decode(), newest, entries)
        stream = _keys()[2]
        while True:
            answer = await client.xread({stream: last}, count=500, block=WAIT_MS)
            for key, fields in _read(answer):
                last = key
                yield _entry(key, fields)


def _read(answer: Any) -> list[tuple[bytes, Mapping[bytes, bytes]]]:
    """Return the messages of one stream, in either shape that Redis tells them in."""
    if not answer:
        return []
    told = next(iter(answer.values()))[0] if isinstance(answer, dict) else answer[0][1]
    return list(told)


def _entry(key: bytes, fields: Mapping[bytes, bytes]) -> Entry:
    told = orjson.loads(fields[b"body"])
    offsets = map(int, fields[b"offsets"].split())
    return Entry(
        epoch=fields[b"epoch"].decode(),
        topic=told["topic"],
        timestamp=told["timestamp"],
        items=told["items"],
        offsets=dict(zip(topics_of(told["topic"], told["items"]), offsets, strict=True)),
        told_ms=int(key.partition(b"-")[0]),
    )


def _oldest() -> int:
    return _now_ms() - int(settings.LIVE_WINDOW * 1000)


def _keys() -> list[str]:
    return [f"{settings.CACHE_PREFIX}:feed:{name}" for name in ("epoch", "offsets", "messages")]


@cache
def _script(url: str, text: str) -> Any:
    return redis.Redis.from_url(url).register_script(text)
