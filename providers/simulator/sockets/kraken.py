"""Kraken's second socket: plain numbers, one answer per pair.

https://docs.kraken.com/api/docs/websocket-v2/ticker
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from providers.simulator.sockets.speech import Channel, Moment, encoded
from providers.simulator.venue import View, fixed
from providers.simulator.wire.kraken_names import LISTINGS

_PAIRS = {listing.modern: listing.pair for listing in LISTINGS}
_KINDS = {"ticker": "ticker", "ohlc": "candle"}


class Kraken:
    paths = frozenset({"/v2"})

    def greeting(self) -> Sequence[str]:
        said = {"version": "2.0.10", "system": "online", "api_version": "v2"}
        data = [{**said, "connection_id": 9974620515126709019}]
        return [encoded({"channel": "status", "type": "update", "data": data})]

    def heed(self, path: str, text: str) -> tuple[Sequence[str], Sequence[Channel]]:
        message = json.loads(text)
        if message.get("method") == "ping":
            return [encoded({"method": "pong"})], ()
        wish = message["params"]
        replies, channels = [], []
        for name in wish["symbol"]:
            if name in _PAIRS:
                channels.append(Channel(_KINDS[wish["channel"]], name, _PAIRS[name]))
                said = {"success": True, "result": {"channel": wish["channel"], "symbol": name}}
            else:
                refusal = f"Currency pair not supported {name}"
                said = {"success": False, "error": refusal, "symbol": name}
            replies.append(encoded({"method": "subscribe", **said}))
        return replies, channels

    def tell(self, channel: Channel, moment: Moment) -> str:
        if channel.kind == "ticker":
            data, name = _ticker(channel, moment), "ticker"
        else:
            data, name = _candle(channel, moment), "ohlc"
        return encoded({"channel": name, "type": "update", "data": [data]})

    def beat(self, view: View, told: dict[Channel, int]) -> Sequence[str]:
        return [encoded({"channel": "heartbeat"})]


def _ticker(channel: Channel, moment: Moment) -> dict[str, Any]:
    pair, view = channel.pair, moment.view
    day = view.day(pair)
    return {
        "symbol": channel.name,
        "last": _price(channel, day.close),
        "low": _price(channel, day.low),
        "high": _price(channel, day.high),
        "volume": Decimal(fixed(day.volume, pair.lot_decimals)),
        "change_pct": Decimal(f"{100 * (day.close / day.open - 1):.2f}"),
        "timestamp": _iso(view.now),
    }


def _candle(channel: Channel, moment: Moment) -> dict[str, Any]:
    bar = moment.bar(channel.pair)
    prices = zip(("open", "high", "low", "close"), bar[:4], strict=True)
    return {
        "symbol": channel.name,
        **{name: _price(channel, ticks) for name, ticks in prices},
        "trades": bar.trades,
        "volume": Decimal(fixed(bar.volume, channel.pair.lot_decimals)),
        "interval_begin": _iso(moment.minute).replace("Z", "000Z"),
        "interval": 1,
    }


def _price(channel: Channel, ticks: int) -> Decimal:
    return Decimal(fixed(ticks, channel.pair.decimals))


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
