"""OKX v5: tickers on one socket and candles on another, and a pong that is no JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.exceptions import BadPayload
from providers.frames import (
    bar,
    microseconds,
    named,
    opened,
    pair_of,
    part,
    price_of,
    rows,
    spoken,
)
from providers.parse import from_milliseconds, objects
from providers.stream import Heard, Socket, Tick, candle, ticker
from providers.types import Pair, Quote

NAME = "okx"
TICKERS, CANDLES = "tickers", "candle1m"
# It will close the connection in a minute.
LEAVING = "64008"
COLUMNS = 9
COMPLETE = {"0": False, "1": True}


# https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-tickers-channel
class OKX:
    origins = ("wss://ws.okx.com:8443", "wss://wsaws.okx.com:8443")
    ping = "ping"

    def sockets(self, tickers: Sequence[Pair], candles: Sequence[Pair]) -> list[Socket]:
        found = []
        if tickers:
            channels = frozenset(ticker(pair.name) for pair in tickers)
            found.append(Socket("/ws/v5/public", (_wish(TICKERS, tickers),), channels))
        if candles:
            channels = frozenset(candle(pair.name) for pair in candles)
            found.append(Socket("/ws/v5/business", (_wish(CANDLES, candles),), channels))
        return found

    def read(self, text: str, pairs: Mapping[str, Pair]) -> Heard:
        if text == "pong":
            return Heard()
        frame = opened(text)
        if "event" in frame:
            return _event(frame)
        about = part(frame, "arg")
        pair = pair_of(about.get("instId"), pairs)
        if about.get("channel") == TICKERS:
            told = objects(rows(frame, "data"))
            return Heard(ticks=tuple(_ticker(row, pair) for row in told))
        if about.get("channel") == CANDLES:
            bars = [_candle(row, pair) for row in rows(frame, "data")]
            return Heard(ticks=tuple(sorted(bars, key=lambda tick: tick.order)))
        raise BadPayload(f"sent an unknown channel: {str(about.get('channel'))[:40]!r}")


def _wish(channel: str, pairs: Sequence[Pair]) -> str:
    args = [{"channel": channel, "instId": pair.name} for pair in pairs]
    return spoken({"op": "subscribe", "args": args})


def _event(frame: Mapping[str, Any]) -> Heard:
    event = frame["event"]
    if event == "error":
        return Heard(refused=str(frame.get("msg"))[:200])
    if event == "notice":
        return Heard(is_leaving=str(frame.get("code")) == LEAVING)
    if isinstance(event, str):
        return Heard()
    raise BadPayload("sent an event without a name")


def _ticker(row: Mapping[str, Any], pair: Pair) -> Tick:
    if row.get("instId") != pair.name:
        raise BadPayload("sent a ticker under another's name")
    observed_at = from_milliseconds(row.get("ts"))
    quote = Quote(
        symbol=pair.symbol,
        price=price_of(row, "last"),
        currency=pair.currency,
        source=NAME,
        observed_at=observed_at,
    )
    return Tick(channel=ticker(pair.name), order=(microseconds(observed_at),), quote=quote)


def _candle(row: Any, pair: Pair) -> Tick:
    if not isinstance(row, list) or len(row) != COLUMNS:
        raise BadPayload("sent a candle of another shape")
    is_closed = COMPLETE.get(row[-1]) if isinstance(row[-1], str) else None
    if is_closed is None:
        raise BadPayload("sent a candle that does not say whether it is complete")
    opened_at = from_milliseconds(row[0])
    found = bar(pair, opened_at, named(row[1:6]), is_closed=is_closed, source=NAME)
    # It does not say when; within a minute its volume only grows.
    order = (microseconds(opened_at), int(is_closed), found.volume)
    return Tick(channel=candle(pair.name), order=order, candle=found)
