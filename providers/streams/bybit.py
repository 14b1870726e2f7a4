"""Bybit v5 spot: whole tickers each time, candles that say when they are confirmed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from cryptodt.common.money import decimals, times
from providers.exceptions import BadPayload
from providers.frames import (
    bar,
    counted,
    microseconds,
    opened,
    pair_of,
    part,
    price_of,
    rows,
    spoken,
)
from providers.parse import from_milliseconds, number, objects
from providers.stream import Heard, Socket, Tick, candle, ticker
from providers.types import Pair, Quote

NAME = "bybit"
# One request may name ten topics.
AT_ONCE = 10


# https://bybit-exchange.github.io/docs/v5/websocket/public/ticker
class Bybit:
    origins = ("wss://stream.bybit.com", "wss://stream.bytick.com")
    ping = '{"op":"ping"}'

    def sockets(self, tickers: Sequence[Pair], candles: Sequence[Pair]) -> list[Socket]:
        topics = [f"tickers.{pair.name}" for pair in tickers]
        topics += [f"kline.1.{pair.name}" for pair in candles]
        hello = tuple(
            spoken({"op": "subscribe", "req_id": str(at), "args": topics[at : at + AT_ONCE]})
            for at in range(0, len(topics), AT_ONCE)
        )
        channels = {ticker(pair.name) for pair in tickers}
        channels |= {candle(pair.name) for pair in candles}
        return [Socket("/v5/public/spot", hello, frozenset(channels))]

    def read(self, text: str, pairs: Mapping[str, Pair]) -> Heard:
        frame = opened(text)
        topic = frame.get("topic")
        if not isinstance(topic, str):
            return _answer(frame)
        kind, _, name = topic.rpartition(".")
        if kind == "tickers":
            return Heard(ticks=(_ticker(frame, pair_of(name, pairs)),))
        if kind == "kline.1":
            pair = pair_of(name, pairs)
            told = sorted(objects(rows(frame, "data")), key=_start)
            return Heard(ticks=tuple(_kline(row, pair) for row in told))
        raise BadPayload(f"sent an unknown topic: {topic[:40]!r}")


def _answer(frame: Mapping[str, Any]) -> Heard:
    if frame.get("op") == "pong" or frame.get("success") is True:
        return Heard()
    if frame.get("success") is False:
        return Heard(refused=str(frame.get("ret_msg"))[:200])
    raise BadPayload("sent something that is neither data nor an answer")


def _ticker(frame: Mapping[str, Any], pair: Pair) -> Tick:
    if frame.get("type") != "snapshot":
        raise BadPayload("sent a part of a ticker where the whole belongs")
    data = part(frame, "data")
    if data.get("symbol") != pair.name:
        raise BadPayload("sent a ticker under another's topic")
    observed_at = from_milliseconds(frame.get("ts"))
    share = number(data, "price24hPcnt")
    quote = Quote(
        symbol=pair.symbol,
        price=price_of(data, "lastPrice"),
        currency=pair.currency,
        source=NAME,
        observed_at=observed_at,
        # It tells a share, and we percent.
        change_24h=None if share is None else times(share, Decimal(100), places=decimals(share)),
    )
    # The number of its matching engine, and the time where it tells none.
    order = (counted(frame, "cs") or 0, microseconds(observed_at))
    return Tick(channel=ticker(pair.name), order=order, quote=quote)


def _start(row: Mapping[str, Any]) -> int:
    start = counted(row, "start")
    if start is None:
        raise BadPayload("sent a candle without its beginning")
    return start


def _kline(row: Mapping[str, Any], pair: Pair) -> Tick:
    if row.get("interval") != "1" or not isinstance(row.get("confirm"), bool):
        raise BadPayload("sent a candle that is not the one asked for")
    opened_at = from_milliseconds(row.get("start"))
    found = bar(pair, opened_at, row, is_closed=row["confirm"], source=NAME)
    order = (microseconds(opened_at), int(found.is_closed), counted(row, "timestamp") or 0)
    return Tick(channel=candle(pair.name), order=order, candle=found)
