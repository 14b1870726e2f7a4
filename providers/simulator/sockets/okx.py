"""OKX's two sockets: tickers on the public one, candles on the one for business.

https://www.okx.com/docs-v5/en/#overview-websocket
"""

import json
from collections.abc import Sequence

from providers.simulator.sockets.speech import Channel, Moment, encoded
from providers.simulator.venue import View, fixed
from providers.simulator.wire.okx import PAIRS

_PUBLIC, _BUSINESS = "/ws/v5/public", "/ws/v5/business"
_KINDS = {(_PUBLIC, "tickers"): "ticker", (_BUSINESS, "candle1m"): "candle"}


class OKX:
    paths = frozenset({_PUBLIC, _BUSINESS})

    def greeting(self) -> Sequence[str]:
        return ()

    def heed(self, path: str, text: str) -> tuple[Sequence[str], Sequence[Channel]]:
        if text == "ping":
            return ["pong"], ()
        replies, channels = [], []
        for wish in json.loads(text)["args"]:
            kind, name = _KINDS.get((path, wish["channel"])), wish["instId"]
            if kind is None or name not in PAIRS:
                refusal = (
                    f"Subscribe failed, wrong URL or channel:{wish['channel']},instId:{name} "
                    "doesn't exist. Please use the correct URL, channel and parameters "
                    "referring to API document."
                )
                replies.append(encoded({"event": "error", "msg": refusal, "code": "60018"}))
                continue
            channels.append(Channel(kind, name, PAIRS[name]))
            replies.append(encoded({"event": "subscribe", "arg": wish, "connId": "a4d3ae55"}))
        return replies, channels

    def tell(self, channel: Channel, moment: Moment) -> str:
        kind = "tickers" if channel.kind == "ticker" else "candle1m"
        data = _ticker(channel, moment) if channel.kind == "ticker" else _candle(channel, moment)
        return encoded({"arg": {"channel": kind, "instId": channel.name}, "data": [data]})

    def beat(self, view: View, told: dict[Channel, int]) -> Sequence[str]:
        return ()


def _ticker(channel: Channel, moment: Moment) -> object:
    pair, day = channel.pair, moment.view.day(channel.pair)
    return {
        "instType": "SPOT",
        "instId": channel.name,
        "last": fixed(day.close, pair.decimals),
        "open24h": fixed(day.open, pair.decimals),
        "high24h": fixed(day.high, pair.decimals),
        "low24h": fixed(day.low, pair.decimals),
        "vol24h": fixed(day.volume, pair.lot_decimals),
        "ts": str(moment.milliseconds),
    }


def _candle(channel: Channel, moment: Moment) -> object:
    pair, bar = channel.pair, moment.bar(channel.pair)
    prices = (fixed(ticks, pair.decimals) for ticks in bar[:4])
    worth = f"{bar.volume / 10**pair.lot_decimals * bar.typical / 10**pair.decimals:.9f}"
    size = fixed(bar.volume, pair.lot_decimals)
    return [str(moment.minute * 1000), *prices, size, worth, worth, "1" if moment.is_over else "0"]
