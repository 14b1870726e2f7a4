"""Coinbase Exchange: tickers and a heartbeat that counts trades. It has no candles."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.exceptions import BadPayload
from providers.frames import counted, microseconds, opened, pair_of, price_of, spoken
from providers.parse import from_iso
from providers.stream import Heard, Socket, Tick, ticker
from providers.types import Pair, Quote

NAME = "coinbaseexchange"


# https://docs.cdp.coinbase.com/exchange/websocket-feed/overview
class CoinbaseExchange:
    origins = ("wss://ws-feed.exchange.coinbase.com",)
    ping = ""

    def sockets(self, tickers: Sequence[Pair], candles: Sequence[Pair]) -> list[Socket]:
        names = [pair.name for pair in tickers]
        wish = {"type": "subscribe", "product_ids": names, "channels": ["ticker", "heartbeat"]}
        return [Socket("/", (spoken(wish),), frozenset(map(ticker, names)))]

    def read(self, text: str, pairs: Mapping[str, Pair]) -> Heard:
        frame = opened(text)
        match frame.get("type"):
            case "ticker":
                return _ticker(frame, pairs)
            case "heartbeat":
                pair = pair_of(frame.get("product_id"), pairs)
                last = counted(frame, "last_trade_id")
                return Heard(trades={} if last is None else {ticker(pair.name): last})
            case "subscriptions":
                return Heard()
            case "error":
                said = frame.get("reason") or frame.get("message")
                return Heard(refused=str(said)[:200])
        raise BadPayload(f"sent an unknown type: {str(frame.get('type'))[:40]!r}")


def _ticker(frame: Mapping[str, Any], pairs: Mapping[str, Pair]) -> Heard:
    pair = pair_of(frame.get("product_id"), pairs)
    sequence = counted(frame, "sequence")
    if sequence is None:
        raise BadPayload("sent a ticker without its number")
    if "time" not in frame:
        # The first one after a wish may not say when that was traded; the next one does.
        return Heard()
    observed_at = from_iso(frame["time"])
    quote = Quote(
        symbol=pair.symbol,
        price=price_of(frame, "price"),
        currency=pair.currency,
        source=NAME,
        observed_at=observed_at,
    )
    return Heard(
        ticks=(
            Tick(
                channel=ticker(pair.name),
                order=(sequence, microseconds(observed_at)),
                quote=quote,
                trade=counted(frame, "trade_id"),
            ),
        )
    )
