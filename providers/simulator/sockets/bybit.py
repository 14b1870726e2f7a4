"""Bybit's public socket for spot: ten topics a request, whole tickers, confirmed candles.

https://bybit-exchange.github.io/docs/v5/ws/connect
"""

import json
from collections.abc import Sequence

from providers.simulator.market import MINUTE
from providers.simulator.sockets.speech import Channel, Moment, encoded
from providers.simulator.venue import View, fixed
from providers.simulator.wire.bybit import PAIRS

_KINDS = {"tickers": "ticker", "kline.1": "candle"}
_MOST = 10


class Bybit:
    paths = frozenset({"/v5/public/spot"})

    def greeting(self) -> Sequence[str]:
        return ()

    def heed(self, path: str, text: str) -> tuple[Sequence[str], Sequence[Channel]]:
        message = json.loads(text)
        if message.get("op") == "ping":
            return [encoded({"success": True, "ret_msg": "pong", "op": "ping"})], ()
        topics = message["args"]
        wishes = [topic.rpartition(".") for topic in topics]
        unknown = [name for kind, _, name in wishes if kind not in _KINDS or name not in PAIRS]
        if unknown or len(topics) > _MOST:
            # One that is wrong spoils the whole request.
            refusal = f"Invalid symbol :[{unknown[0]}]" if unknown else "args size >10"
            return [_answer(message, refusal)], ()
        channels = [Channel(_KINDS[kind], name, PAIRS[name]) for kind, _, name in wishes]
        return [_answer(message, "")], channels

    def tell(self, channel: Channel, moment: Moment) -> str:
        if channel.kind == "ticker":
            topic, data = f"tickers.{channel.name}", _ticker(channel, moment)
        else:
            topic, data = f"kline.1.{channel.name}", _kline(channel, moment)
        frame = {"topic": topic, "ts": moment.milliseconds, "type": "snapshot", "data": data}
        return encoded({**frame, "cs": moment.number} if channel.kind == "ticker" else frame)

    def beat(self, view: View, told: dict[Channel, int]) -> Sequence[str]:
        return ()


def _answer(message: dict[str, object], refusal: str) -> str:
    said = {"success": not refusal, "ret_msg": refusal, "conn_id": "2324d924"}
    return encoded({**said, "req_id": message.get("req_id", ""), "op": "subscribe"})


def _ticker(channel: Channel, moment: Moment) -> object:
    pair, day = channel.pair, moment.view.day(channel.pair)
    return {
        "symbol": channel.name,
        "lastPrice": fixed(day.close, pair.decimals),
        "highPrice24h": fixed(day.high, pair.decimals),
        "lowPrice24h": fixed(day.low, pair.decimals),
        "prevPrice24h": fixed(day.open, pair.decimals),
        "volume24h": fixed(day.volume, pair.lot_decimals),
        "price24hPcnt": f"{day.close / day.open - 1:.4f}",
    }


def _kline(channel: Channel, moment: Moment) -> object:
    pair, bar = channel.pair, moment.bar(channel.pair)
    prices = zip(("open", "high", "low", "close"), bar[:4], strict=True)
    return [
        {
            "start": moment.minute * 1000,
            "end": (moment.minute + MINUTE) * 1000 - 1,
            "interval": "1",
            **{name: fixed(ticks, pair.decimals) for name, ticks in prices},
            "volume": fixed(bar.volume, pair.lot_decimals),
            "confirm": moment.is_over,
            "timestamp": moment.milliseconds,
        }
    ]
