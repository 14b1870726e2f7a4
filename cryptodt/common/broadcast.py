"""Telling every process once: in the process itself, or through Redis when there are many.

What is told is numbered. Each topic counts its own messages, and so does each item of it: news of
`prices` that names BTC is one more message of `prices` and one more of `prices:BTC`. Numbers are
given where the message is, so every process knows the same ones. The last minutes are kept, and
whoever begins to listen hears those first.
"""

import asyncio
import contextlib
import secrets
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.conf import settings

if settings.REDIS_URL:
    # One process needs no Redis, nor the megabytes of its client.
    import redis
    import redis.asyncio
    from redis.backoff import NoBackoff
    from redis.retry import Retry

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


@dataclass(frozen=True, slots=True)
class Promise:
    """That something will be told, given before it is committed. Who is killed in between leaves
    it open; whoever promises next under its name sees that, and tells everything."""

    name: str
    # Empty where the promise could not be written down: what is told then stands for all others.
    token: str
    # Whether everything that was promised before was told.
    is_clean: bool


class Lagging(Exception):
    """A listener did not keep up, and must begin anew."""


class Forgotten(Exception):
    """What was promised is not known any more, so nobody knows what was told since."""


NO_PROMISE = ("", "")
# What this process could not tell, and perhaps could not write down either.
_behind: set[str] = set()


def publish(message: bytes) -> None:
    """Number one message and hand it to every process. Call it from synchronous code.

    A message is a JSON object: `topic`, `timestamp` in milliseconds, `items` by name, whether it
    `is_apart`, of its items alone, and maybe a `promise`: an overtaken one's is not told.
    """
    told = orjson.loads(message)
    tell = _publish_redis if settings.REDIS_URL else LOG.add
    if not tell(told, message):
        raise Forgotten(told["promise"][0])


def promise(name: str) -> Promise:
    """Promise to tell of a topic, or of an item of it, while nobody else can commit to that. And
    have everybody know what this process could not tell."""
    token = f"{now_ms()}-{secrets.token_hex(6)}"
    try:
        for left in _behind.copy():
            _behind.discard(left)
            with keeping(left):
                _owe(left, token)
        return Promise(name, token, is_clean=not _owe(name, token))
    except UNREACHABLE:
        return Promise(name, "", is_clean=False)


@contextlib.contextmanager
def keeping(name: str) -> Iterator[None]:
    """Tell in this block what was promised: where it fails, the promise stays open."""
    try:
        yield
    except Exception:
        _behind.add(name)
        raise


def unkept(topic: str, *, seconds: float = 0) -> set[str]:
    """Return under which names of a topic something was promised so long ago, and not told."""
    promises = LOG.promises.copy()
    if settings.REDIS_URL:
        found = _impatient(settings.REDIS_URL).hgetall(_keys(topic)[3])
        promises = {name.decode(): token.decode() for name, token in found.items()}
    oldest = now_ms() - seconds * 1000
    late = {one for one, at in promises.items() if at and int(at.partition("-")[0]) <= oldest}
    return {one for one in late | _behind if one.partition(":")[0] == topic}


def _owe(name: str, token: str) -> bool:
    if not settings.REDIS_URL:
        return LOG.owe(name, token)
    return bool(_impatient(settings.REDIS_URL).eval(_PROMISE, 4, *_keys(name), name, token))


def position(topic: str) -> Position:
    """Return where a topic is. Read it before what it describes: then nothing lies between."""
    if not settings.REDIS_URL:
        return LOG.position(topic)
    ask = _script(settings.REDIS_URL, _EPOCH + _POSITION)
    epoch, offset = ask(keys=_keys(), args=[_new_epoch(), topic])
    return Position(epoch.decode(), int(offset))


async def listen() -> AsyncIterator[Beginning | Entry]:
    """Yield what was told before, then every message. Raises when Redis goes away."""
    source = _listen_redis() if settings.REDIS_URL else _listen_here()
    async for heard in source:
        yield heard


def topics_of(told: Mapping[str, Any]) -> list[str]:
    named = [f"{told['topic']}:{name}" for name in told["items"]]
    return named if told.get("is_apart") else [told["topic"], *named]


def _new_epoch() -> str:
    return secrets.token_hex(6)


def now_ms() -> int:
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
        self.promises: dict[str, str] = {}
        # Held while listeners are told, too: all of them hear everything in one order.
        self._lock = threading.Lock()

    def owe(self, name: str, token: str) -> bool:
        with self._lock:
            is_open, self.promises[name] = bool(self.promises.get(name)), token
            return is_open

    def add(self, told: Mapping[str, Any], message: bytes) -> bool:
        topic, timestamp, told_ms = told["topic"], told["timestamp"], now_ms()
        name, token = told.get("promise", NO_PROMISE)
        with self._lock:
            held = self.promises.get(name)
            if token and held != token:
                return held is not None
            self.promises.pop(name, None)
            if token:
                self.promises[name] = ""
            offsets = {one: self._offsets.get(one, 0) + 1 for one in topics_of(told)}
            self._offsets.update(offsets)
            entry = Entry(self.epoch, topic, timestamp, told["items"], offsets, told_ms)
            self._entries.append((entry, len(message)))
            self._bytes += len(message)
            self._trim(told_ms)
            for listener in list(self.listeners):
                if not listener.tell(entry):
                    self.listeners.discard(listener)
        return True

    def position(self, topic: str) -> Position:
        with self._lock:
            return Position(self.epoch, self._offsets.get(topic, 0))

    def begin(self, listener: _Listener) -> Beginning:
        """Have a listener told from now on, and return what was told before."""
        with self._lock:
            self._trim(now_ms())
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
# A promise that was given since stands for this one, too, and may be kept (an empty text) already.
_PUBLISH = """
if ARGV[6] ~= '' then
  local held = redis.call('HGET', KEYS[4], ARGV[6])
  if ARGV[7] ~= '' and held ~= ARGV[7] then return held and 1 or 0 end
  redis.call(ARGV[7] == '' and 'HDEL' or 'HSET', KEYS[4], ARGV[6], '')
end
local offsets = {}
for i = 8, #ARGV do
  offsets[#offsets + 1] = redis.call('HINCRBY', KEYS[2], ARGV[i], 1)
end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*',
  'epoch', epoch, 'offsets', table.concat(offsets, ' '), 'body', ARGV[4])
redis.call('XTRIM', KEYS[3], 'MINID', '~', ARGV[3])
local used = tonumber(redis.call('MEMORY', 'USAGE', KEYS[3]) or 0)
if used > tonumber(ARGV[5]) then
  local kept = redis.call('XLEN', KEYS[3]) * ARGV[5] / used
  redis.call('XTRIM', KEYS[3], 'MAXLEN', math.floor(kept))
end
return 1
"""
_PROMISE = """
local held = redis.call('HGET', KEYS[4], ARGV[1])
redis.call('HSET', KEYS[4], ARGV[1], ARGV[2])
return held and held ~= '' and 1 or 0
"""


def _publish_redis(told: Mapping[str, Any], message: bytes) -> bool:
    topics, kept = topics_of(told), told.get("promise", NO_PROMISE)
    args = [_new_epoch(), MOST_KEPT, _oldest(), message, MOST_KEPT_BYTES, *kept, *topics]
    return bool(_script(settings.REDIS_URL, _EPOCH + _PUBLISH)(keys=_keys(kept[0]), args=args))


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
        offsets=dict(zip(topics_of(told), offsets, strict=True)),
        told_ms=int(key.partition(b"-")[0]),
    )


def _oldest() -> int:
    return now_ms() - int(settings.LIVE_WINDOW * 1000)


def _keys(promised: str = "") -> list[str]:
    names = ("epoch", "offsets", "messages", f"promises:{promised.partition(':')[0]}")
    return [f"{settings.CACHE_PREFIX}:feed:{name}" for name in names]


@cache
def _script(url: str, text: str) -> Any:
    return redis.Redis.from_url(url).register_script(text)


@cache
def _impatient(url: str) -> Any:
    # For the middle of a transaction. A connection may have been cut while nobody used it.
    once = Retry(NoBackoff(), 1)
    return redis.Redis.from_url(url, retry=once, socket_connect_timeout=1, socket_timeout=1)
