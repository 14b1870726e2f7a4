"""Binance spot, and its host for market data alone: everything wrapped in the stream's name."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.exceptions import BadPayload
from providers.frames import bar, counted, microseconds, opened, pair_of, part, price_of, spoken
from providers.parse import from_milliseconds, percentage
from providers.stream import Heard, Socket, Tick, candle, ticker
from providers.types import Pair, Quote

NAME = "binance"
# Five messages a second are allowed, and each may name many streams.
AT_ONCE = 200


# https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
class Binance:
    origins = (
        "wss://stream.binance.com:9443",
        "wss://data-stream.binance.vision",
        "wss://stream.binance.com:443",
    )
    ping = ""

    def sockets(self, tickers: Sequence[Pair], candles: Sequence[Pair]) -> list[Socket]:
        wanted = [f"{pair.name.lower()}@ticker" for pair in tickers]
        wanted += [f"{pair.name.lower()}@kline_1m" for pair in candles]
        hello = tuple(
            spoken({"method": "SUBSCRIBE", "params": wanted[start : start + AT_ONCE], "id": start})
            for start in range(0, len(wanted), AT_ONCE)
        )
        channels = {ticker(pair.name) for pair in tickers}
        channels |= {candle(pair.name) for pair in candles}
        return [Socket("/stream", hello, frozenset(channels))]

    def read(self, text: str, pairs: Mapping[str, Pair]) -> Heard:
        frame = opened(text)
        if "stream" not in frame:
            return _answer(frame)
        data = part(frame, "data")
        match data.get("e"):
            case "24hrTicker":
                return Heard(ticks=(_ticker(data, pairs),))
            case "kline":
                return Heard(ticks=(_kline(data, pairs),))
            case "serverShutdown":
                return Heard(is_leaving=True)
        raise BadPayload(f"sent an unknown event: {str(data.get('e'))[:40]!r}")


def _answer(frame: Mapping[str, Any]) -> Heard:
    if frame.get("e") == "serverShutdown":
        return Heard(is_leaving=True)
    if "result" in frame and frame["result"] is None:
        return Heard()
    error = frame.get("error", frame)
    if isinstance(error, dict) and isinstance(error.get("msg"), str):
        return Heard(refused=error["msg"][:200])
    raise BadPayload("sent something that is neither data nor an answer")


def _ticker(data: Mapping[str, Any], pairs: Mapping[str, Pair]) -> Tick:
    pair = pair_of(data.get("s"), pairs)
    observed_at = from_milliseconds(data.get("E"))
    quote = Quote(
        symbol=pair.symbol,
        price=price_of(data, "c"),
        currency=pair.currency,
        source=NAME,
        observed_at=observed_at,
        change_24h=percentage(data, "P"),
    )
    return Tick(channel=ticker(pair.name), order=(microseconds(observed_at),), quote=quote)


def _kline(data: Mapping[str, Any], pairs: Mapping[str, Pair]) -> Tick:
    pair, row = pair_of(data.get("s"), pairs), part(data, "k")
    if row.get("s") != data.get("s") or row.get("i") != "1m":
        raise BadPayload("sent a candle that is not the one asked for")
    if not isinstance(row.get("x"), bool):
        raise BadPayload("sent a candle that does not say whether it is complete")
    found = bar(
        pair,
        from_milliseconds(row.get("t")),
        {name: row.get(name[0]) for name in ("open", "high", "low", "close", "volume")},
        is_closed=row["x"],
        source=NAME,
    )
    at = counted(data, "E") or 0
    order = (microseconds(found.opened_at), int(found.is_closed), at)
    return Tick(channel=candle(pair.name), order=order, candle=found)
