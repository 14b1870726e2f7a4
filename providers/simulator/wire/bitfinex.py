"""Bitfinex: prices in USD, arrays of plain numbers, the dollar coins under names of its own.

https://docs.bitfinex.com/reference/rest-public-tickers
"""

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

from providers.simulator.candles import BINANCE, Grid
from providers.simulator.market import DAY, HOUR
from providers.simulator.venue import Pair, View, fixed
from providers.simulator.wire.answer import JSON, Answer, Query, Refused, whole

# fmt: off
_DECIMALS = {
    "BTC": 0, "ETH": 1, "USDT": 4, "XRP": 4, "SOL": 2, "USDC": 4, "TRX": 5, "DOGE": 5, "ADA": 5,
    "LINK": 3, "XLM": 5, "LTC": 3, "AVAX": 3, "DOT": 4, "POL": 5, "SHIB": 10, "XMR": 2, "SUI": 4,
    "TON": 4, "HBAR": 5, "UNI": 4, "AAVE": 2, "NEAR": 4, "PEPE": 10, "APT": 4, "ETC": 3, "ICP": 4,
    "ATOM": 4, "FIL": 4, "ARB": 5, "OP": 5, "INJ": 4, "XTZ": 5, "ZEC": 2, "GRT": 6,
}
# fmt: on
_RENAMED = {"USDT": "UST", "USDC": "UDC"}
_SHORT = 3


def _name(base: str) -> str:
    short = _RENAMED.get(base, base)
    # Names of three letters need nothing between them.
    return f"{short}USD" if len(short) == _SHORT else f"{short}:USD"


PAIRS = {_name(base): Pair("bitfinex", base, "USD", d) for base, d in _DECIMALS.items()}

_SAME = {name: name for name in ("1m", "5m", "15m", "30m", "1h", "4h", "6h", "12h", "1M")}
GRIDS = {name: BINANCE[same] for name, same in {**_SAME, "1D": "1d", "1W": "1w"}.items()} | {
    "3h": Grid(3 * HOUR),
    "7D": Grid(7 * DAY),
    "14D": Grid(14 * DAY),
}
_MOST_CANDLES = 10000
_LENGTHS = ("1", "25", "100", "250")


def refused(code: int, message: str) -> Refused:
    return Refused(Answer(500, ["error", code, message], JSON))


def _price(pair: Pair, ticks: int) -> float | int:
    return float(fixed(ticks, pair.decimals)) if pair.decimals else ticks


def _size(pair: Pair, amount: int) -> float:
    return float(fixed(amount, pair.lot_decimals))


def _pair(symbol: str) -> Pair:
    name = symbol.removeprefix("t")
    if not symbol.startswith("t") or name not in PAIRS:
        raise refused(10020, "symbol: invalid")
    return PAIRS[name]


def _whole(query: Query, name: str, default: int) -> int:
    number = whole(query.get(name, str(default)))
    if number is None:
        raise refused(10020, f"{name}: invalid")
    return number


def _status(view: View, query: Query) -> Any:
    return [1]


def _conf(view: View, query: Query, labels: str) -> Any:
    return [_configuration(label) for label in labels.split(",")]


def _configuration(label: str) -> list[Any]:
    nothing = [None] * 3
    if label == "pub:info:pair":
        limits = [*nothing, "0.0002", "2000.0", *nothing, 0.2, 0.1, None, None]
        return [[name, limits] for name in PAIRS]
    return list(PAIRS)[:3] if label in ("pub:list:pair:exchange", "pub:list:pair:margin") else []


def _tickers(view: View, query: Query) -> Any:
    wanted = query.get("symbols", "")
    if not wanted:
        raise refused(10020, "symbols: invalid")
    names = (
        list(PAIRS) if wanted == "ALL" else [one.removeprefix("t") for one in wanted.split(",")]
    )
    # What it does not know is left out without a word.
    return [[f"t{name}", *_tick(view, PAIRS[name])] for name in names if name in PAIRS]


def _ticker(view: View, query: Query, symbol: str) -> Any:
    return _tick(view, _pair(symbol))


def _tick(view: View, pair: Pair) -> list[Any]:
    (bid, bid_size), (ask, ask_size) = (side[0] for side in view.book(pair, 1))
    bar = view.day(pair)
    change = bar.close - bar.open
    return [
        _price(pair, bid),
        _size(pair, bid_size),
        _price(pair, ask),
        _size(pair, ask_size),
        _price(pair, change),
        round(change / bar.open, 8),
        _price(pair, bar.close),
        _size(pair, bar.volume),
        _price(pair, bar.high),
        _price(pair, bar.low),
    ]


def _candles(view: View, query: Query, interval: str, symbol: str) -> Any:
    pair = _pair(symbol)
    if interval not in GRIDS:
        raise refused(10020, "timeframe: invalid")
    grid = GRIDS[interval]
    limit = min(_whole(query, "limit", 100), _MOST_CANDLES)
    now = int(view.now * 1000)
    start = -(-_whole(query, "start", 0) // 1000)
    end = min(_whole(query, "end", now), now) // 1000
    if query.get("sort") == "1":
        openings = list(islice(grid.upward(start, end), limit))
    else:
        openings = [at for at in reversed(grid.latest(end, limit)) if at >= start]
    return [_candle(view, pair, at, grid.after(at)) for at in openings]


def _candle(view: View, pair: Pair, start: int, end: int) -> list[Any]:
    bar = view.bar(pair, start, end)
    prices = (_price(pair, ticks) for ticks in (bar.open, bar.close, bar.high, bar.low))
    return [start * 1000, *prices, _size(pair, bar.volume)]


def _book(view: View, query: Query, symbol: str, precision: str) -> Any:
    pair = _pair(symbol)
    length = query.get("len", "25")
    if length not in _LENGTHS:
        raise refused(10020, "len: invalid")
    bids, asks = view.book(pair, int(length))
    levels = [(*level, 1) for level in bids] + [(*level, -1) for level in asks]
    if precision == "R0":
        numbered = enumerate(levels, start=int(view.now) * 1000)
        return [
            [number, _price(pair, price), sign * _size(pair, size)]
            for number, (price, size, sign) in numbered
        ]
    return [
        [_price(pair, price), 1 + size % 9, sign * _size(pair, size)]
        for price, size, sign in levels
    ]


_PLACES: tuple[tuple[re.Pattern[str], Callable[..., Any]], ...] = (
    (re.compile(r"/v2/platform/status"), _status),
    (re.compile(r"/v2/conf/(.+)"), _conf),
    (re.compile(r"/v2/tickers"), _tickers),
    (re.compile(r"/v2/ticker/([^/]+)"), _ticker),
    (re.compile(r"/v2/candles/trade:(\w+):([^/]+)/hist"), _candles),
    (re.compile(r"/v2/book/([^/]+)/(P[0-4]|R0)"), _book),
)


def answer(view: View, path: str, query: Query) -> Answer:
    for place, tell in _PLACES:
        match = place.fullmatch(path)
        if match is not None:
            try:
                return Answer(200, tell(view, query, *match.groups()), JSON)
            except Refused as refusal:
                return refusal.answer
    return Answer(404, {"error": "ERR_NOT_FOUND"}, JSON)
