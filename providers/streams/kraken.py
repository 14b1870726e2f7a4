"""Kraken v2: numbers without quotes, one nod per pair, and candles that never say they are done."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from providers.exceptions import BadPayload
from providers.frames import bar, counted, microseconds, opened, pair_of, price_of, rows, spoken
from providers.parse import from_iso, objects, percentage
from providers.stream import Heard, Socket, Tick, candle, ticker
from providers.types import Candle, Pair, Quote

NAME = "kraken"
MINUTES = 1
SILENT = {"heartbeat", "status"}


# https://docs.kraken.com/api/docs/websocket-v2/ticker
class Kraken:
    origins = ("wss://ws.kraken.com",)
    ping = '{"method":"ping"}'

    def sockets(self, tickers: Sequence[Pair], candles: Sequence[Pair]) -> list[Socket]:
        hello = []
        wish: dict[str, Any]
        if tickers:
            wish = {"channel": "ticker", "symbol": _names(tickers), "event_trigger": "trades"}
            hello.append(spoken({"method": "subscribe", "params": wish, "req_id": 1}))
        if candles:
            wish = {"channel": "ohlc", "symbol": _names(candles), "interval": MINUTES}
            hello.append(spoken({"method": "subscribe", "params": wish, "req_id": 2}))
        channels = {ticker(name) for name in _names(tickers)}
        channels |= {candle(name) for name in _names(candles)}
        return [Socket("/v2", tuple(hello), frozenset(channels))]

    def read(self, text: str, pairs: Mapping[str, Pair]) -> Heard:
        frame = opened(text)
        if "method" in frame:
            return _answer(frame)
        # Here the pairs go by their plain names, elsewhere at Kraken by older ones.
        plain = {_name(pair): pair for pair in pairs.values()}
        channel = frame.get("channel")
        if channel == "ticker":
            told = objects(rows(frame, "data"))
            # Not every version of the feed says when; a price of no time is none.
            return Heard(ticks=tuple(_ticker(row, plain) for row in told if "timestamp" in row))
        if channel == "ohlc":
            is_first = frame.get("type") == "snapshot"
            told = objects(rows(frame, "data"))
            return Heard(ticks=_candles(told, plain, is_first=is_first))
        if isinstance(channel, str) and channel in SILENT:
            return Heard()
        raise BadPayload(f"sent an unknown channel: {str(channel)[:40]!r}")


def _name(pair: Pair) -> str:
    return f"{pair.symbol}/{pair.currency}"


def _names(pairs: Sequence[Pair]) -> list[str]:
    return [_name(pair) for pair in pairs]


def _answer(frame: Mapping[str, Any]) -> Heard:
    if isinstance(frame.get("error"), str):
        return Heard(refused=frame["error"][:200])
    if frame.get("success") is True or frame["method"] == "pong":
        return Heard()
    raise BadPayload("sent an answer that says neither yes nor no")


def _ticker(row: Mapping[str, Any], pairs: Mapping[str, Pair]) -> Tick:
    pair = pair_of(row.get("symbol"), pairs)
    observed_at = from_iso(row["timestamp"])
    quote = Quote(
        symbol=pair.symbol,
        price=price_of(row, "last"),
        currency=pair.currency,
        source=NAME,
        observed_at=observed_at,
        change_24h=percentage(row, "change_pct"),
    )
    return Tick(channel=ticker(_name(pair)), order=(microseconds(observed_at),), quote=quote)


def _candles(
    told: Sequence[Mapping[str, Any]], pairs: Mapping[str, Pair], *, is_first: bool
) -> tuple[Tick, ...]:
    """Return the candles oldest first.

    In the first list all but a pair's newest are complete. Later nothing says so: that the next
    one has begun does not prove that the last word of this one was heard.
    """
    found: dict[str, dict[datetime, tuple[Candle, int]]] = defaultdict(dict)
    for row in told:
        pair = pair_of(row.get("symbol"), pairs)
        if row.get("interval") != MINUTES:
            raise BadPayload("sent candles of another interval")
        opened_at = from_iso(row.get("interval_begin"))
        one = bar(pair, opened_at, row, is_closed=False, source=NAME)
        found[_name(pair)][opened_at] = one, counted(row, "trades") or 0
    return tuple(
        _tick(name, bars[at][0], bars[at][1], is_closed=is_first and at < max(bars))
        for name, bars in found.items()
        for at in sorted(bars)
    )


def _tick(name: str, one: Candle, trades: int, *, is_closed: bool) -> Tick:
    order = (microseconds(one.opened_at), trades, one.volume)
    return Tick(channel=candle(name), order=order, candle=replace(one, is_closed=is_closed))
