"""Coinbase Exchange's feed: tickers, and a heartbeat that counts trades.

https://docs.cdp.coinbase.com/exchange/websocket-feed/channels
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from providers.simulator.sockets.speech import Channel, Moment, encoded
from providers.simulator.venue import View, fixed
from providers.simulator.wire.coinbaseexchange import PAIRS


class CoinbaseExchange:
    paths = frozenset({"/"})

    def greeting(self) -> Sequence[str]:
        return ()

    def heed(self, path: str, text: str) -> tuple[Sequence[str], Sequence[Channel]]:
        message = json.loads(text)
        unknown = [name for name in message["product_ids"] if name not in PAIRS]
        if unknown:
            reason = f"{unknown[0]} is not a valid product"
            said = {"type": "error", "message": "Failed to subscribe", "reason": reason}
            return [encoded(said)], ()
        names = message["product_ids"]
        told = [{"name": name, "product_ids": names} for name in message["channels"]]
        channels = [Channel("ticker", name, PAIRS[name]) for name in names]
        return [encoded({"type": "subscriptions", "channels": told})], channels

    def tell(self, channel: Channel, moment: Moment) -> str:
        pair, view = channel.pair, moment.view
        price = fixed(view.last(pair), pair.decimals)
        return encoded(
            {
                "type": "ticker",
                "sequence": moment.number * 7,
                "product_id": channel.name,
                "price": price,
                "best_bid": price,
                "side": "buy",
                "time": _iso(view.now),
                "trade_id": moment.number,
                "last_size": fixed(1, pair.lot_decimals),
            }
        )

    def beat(self, view: View, told: dict[Channel, int]) -> Sequence[str]:
        return [
            encoded(
                {
                    "type": "heartbeat",
                    "last_trade_id": number,
                    "product_id": channel.name,
                    "sequence": number * 7 + 1,
                    "time": _iso(view.now),
                }
            )
            for channel, number in told.items()
        ]


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
