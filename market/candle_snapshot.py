"""The public shape of a candle, and the version of a series that tells whether a copy holds."""

import time
from collections.abc import Sequence
from typing import NamedTuple

import orjson
from django.core.cache import cache

from cryptodt.common import broadcast
from cryptodt.common.broadcast import Promise

TOPIC = "candles"
# A process that died between its commit and the new version leaves the old one to expire.
VERSION_SECONDS = 300


class Bar(NamedTuple):
    """One candle as it is read. Its numbers are spelled: exact, and ready to be sent.

    A plain tuple, because a page has hundreds and each is made for one answer.
    """

    opened_at: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    # 0 open, 1 closed, 2 corrected after it had closed.
    state: int
    revision: int
    source: str
    # When it was last seen like this, in seconds.
    seen_at: int


STATES = (b"open", b"closed", b"corrected")
_CLOSED = (b"false", b"true", b"true")


def name_of(symbol: str, currency: str, interval: str) -> str:
    """Return what a series is called in the cache and in broadcasts, such as BTC/USDT:1m."""
    return f"{symbol}/{currency}:{interval}"


def public_bar(bar: Bar) -> bytes:
    """Return the candle's public bytes; its numbers keep every digit."""
    return (
        b'{"timestamp":%d000,"open":%b,"high":%b,"low":%b,"close":%b,"volume":%b,'
        b'"closed":%b,"state":"%b","revision":%d,"source":%b}'
    ) % (
        bar.opened_at,
        bar.open.encode(),
        bar.high.encode(),
        bar.low.encode(),
        bar.close.encode(),
        bar.volume.encode(),
        _CLOSED[bar.state],
        STATES[bar.state],
        bar.revision,
        orjson.dumps(bar.source),
    )


def version_of(name: str) -> int:
    """Return the version of a series: whoever keeps bytes built from it compares this number.

    Read it before the rows: bytes that are newer than their version do no harm.
    """
    held: int | None = cache.get(_key(name))
    if held is not None:
        return held
    version = time.time_ns()
    # Another process may have been faster.
    cache.add(_key(name), version, VERSION_SECONDS)
    return cache.get(_key(name)) or version


def renew(name: str) -> int:
    """Give a series a new version after its rows changed."""
    # Nanoseconds grow across restarts, so an ETag from before one is never valid by accident.
    version = max(time.time_ns(), (cache.get(_key(name)) or 0) + 1)
    cache.set(_key(name), version, VERSION_SECONDS)
    return version


def promise(name: str) -> Promise:
    """Promise that a series will be told of. Give it while nobody else can write the series."""
    return broadcast.promise(_key(name))


def tell(
    name: str, version: int, bars: Sequence[Bar] | None, *, now_ms: int, kept: Promise
) -> None:
    """Broadcast the candles of a series that changed, oldest first, in one message.

    None are too many for that, and so is what others promised and did not tell: whoever listens
    is told to begin anew.
    """
    items = {name: broadcast.TOO_MUCH}
    if bars is not None and kept.is_clean:
        items[name] = (b"[%b]" % b",".join([public_bar(bar) for bar in bars])).decode()
    told = {"topic": TOPIC, "version": version, "timestamp": now_ms, "items": items}
    broadcast.publish(orjson.dumps({**told, "promise": [kept.name, kept.token]}))


def untold(*, seconds: float = 0) -> list[str]:
    """Return the series of which something was promised so long ago, and not told."""
    return sorted(one[len(_key("")) :] for one in broadcast.unkept(TOPIC, seconds=seconds))


def tell_to_begin_anew(name: str) -> None:
    """Have whoever listens to a series read it, and forget what else was promised of it."""
    everything = Promise(_key(name), "", is_clean=False)
    with broadcast.keeping(everything.name):
        tell(name, version_of(name), None, now_ms=time.time_ns() // 1_000_000, kept=everything)


def _key(name: str) -> str:
    return f"candles:{name}"
