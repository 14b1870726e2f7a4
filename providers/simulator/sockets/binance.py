"""Binance's combined streams.

https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams
"""

import json
from collections.abc import Sequence

from providers.simulator.market import MINUTE
from providers.simulator.sockets.speech import Channel, Moment, encoded
from providers.simulator.venue import View, fixed
from providers.simulator.wire.binance import PAIRS

_KINDS = {"ticker": "ticker", "kline_1m": "candle"}


class Binance:
    paths = frozenset({"/stream"})

    def greeting(self) -> Sequence[str]:
        return ()

    def heed(self, path: str, text: str) -> tuple[Sequence[str], Sequence[Channel]]:
        message = json.loads(text)
        if message.get("method") != "SUBSCRIBE":
            return [encoded({"code": 2, "msg": "Invalid request: unknown variant"})], ()
        channels = []
        for wish in message["params"]:
            name, _, kind = wish.upper().partition("@")
            # A stream that does not exist is never heard of again.
            if name in PAIRS and kind.lower() in _KINDS:
                channels.append(Channel(_KINDS[kind.lower()], name, PAIRS[name]))
        return [encoded({"result": None, "id": message["id"]})], channels

    def tell(self, channel: Channel, moment: Moment) -> str:
        if channel.kind == "ticker":
            stream, data = f"{channel.name.lower()}@ticker", _ticker(channel, moment)
        else:
            stream, data = f"{channel.name.lower()}@kline_1m", _kline(channel, moment)
        return encoded({"stream": stream, "data": data})

    def beat(self, view: View, told: dict[Channel, int]) -> Sequence[str]:
        return ()


def _ticker(channel: Channel, moment: Moment) -> dict[str, object]:
    pair, view = channel.pair, moment.view
    day = view.day(pair)
    change = 100 * (day.close / day.open - 1)
    prices = zip("ohlc", day[:4], strict=True)
    return {
        "e": "24hrTicker",
        "E": moment.milliseconds,
        "s": channel.name,
        "P": f"{change:.3f}",
        **{name: fixed(ticks, pair.decimals, 8) for name, ticks in prices},
        "v": fixed(day.volume, pair.lot_decimals, 8),
        "C": moment.milliseconds,
        "n": day.trades,
    }


def _kline(channel: Channel, moment: Moment) -> dict[str, object]:
    pair, bar = channel.pair, moment.bar(channel.pair)
    prices = zip("ohlc", bar[:4], strict=True)
    return {
        "e": "kline",
        "E": moment.milliseconds,
        "s": channel.name,
        "k": {
            "t": moment.minute * 1000,
            "T": (moment.minute + MINUTE) * 1000 - 1,
            "s": channel.name,
            "i": "1m",
            **{name: fixed(ticks, pair.decimals, 8) for name, ticks in prices},
            "v": fixed(bar.volume, pair.lot_decimals, 8),
            "n": bar.trades,
            "x": moment.is_over,
        },
    }
