"""Binance spot: prices in USDT, every number a string of eight decimals.

https://developers.binance.com/docs/binance-spot-api-docs/rest-api
"""

import json
import re
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

from providers.simulator.candles import BINANCE as GRIDS
from providers.simulator.market import DAY
from providers.simulator.noise import words
from providers.simulator.venue import Bar, Pair, View, fixed
from providers.simulator.wire.answer import HTML, Answer, Query, Refused, whole
from providers.simulator.wire.binance_rules import exchange_info

HEADERS = {
    "Content-Type": "application/json;charset=UTF-8",
    "Cache-Control": "no-cache, no-store, must-revalidate",
}

# fmt: off
_DECIMALS = {
    "BTC": 2, "ETH": 2, "XRP": 4, "BNB": 2, "SOL": 2, "USDC": 5, "TRX": 5, "DOGE": 5, "ADA": 4,
    "BCH": 1, "LINK": 3, "XLM": 5, "LTC": 2, "AVAX": 3, "DOT": 4, "POL": 5, "SHIB": 8, "SUI": 4,
    "TON": 4, "HBAR": 5, "UNI": 3, "AAVE": 2, "NEAR": 4, "PEPE": 8, "APT": 4, "ETC": 3, "ICP": 4,
    "ATOM": 4, "FIL": 4, "ARB": 5, "OP": 5, "ALGO": 5, "VET": 6, "INJ": 3, "XTZ": 4, "ZEC": 2,
    "GRT": 6,
}
# fmt: on
PAIRS = {f"{base}USDT": Pair("binance", base, "USDT", d) for base, d in _DECIMALS.items()}

_MOST_CANDLES, _MOST_LEVELS = 1000, 5000
_SYMBOL = r"[A-Z0-9-_.]{1,20}"
_SYMBOLS = rf'\[("{_SYMBOL}"(,"{_SYMBOL}"){{0,}}){{0,1}}\]'


def refused(code: int, message: str) -> Refused:
    return Refused(Answer(400, {"code": code, "msg": message}, HEADERS))


def _illegal(name: str, legal: str) -> Refused:
    return refused(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '^{legal}$'."
    )


def _pair(symbol: str) -> Pair:
    if not re.fullmatch(_SYMBOL, symbol):
        raise _illegal("symbol", _SYMBOL)
    if symbol not in PAIRS:
        raise refused(-1121, "Invalid symbol.")
    return PAIRS[symbol]


def _pairs(query: Query) -> list[Pair]:
    if "symbol" in query and "symbols" in query:
        raise refused(-1128, "Combination of optional parameters invalid.")
    if "symbol" in query:
        return [_pair(query["symbol"])]
    if "symbols" not in query:
        return list(PAIRS.values())
    if not re.fullmatch(_SYMBOLS, query["symbols"]):
        raise _illegal("symbols", _SYMBOLS)
    wanted = set(json.loads(query["symbols"]))
    if not wanted <= PAIRS.keys():
        raise refused(-1121, "Invalid symbol.")
    return [pair for symbol, pair in PAIRS.items() if symbol in wanted]


def _number(query: Query, name: str, default: int) -> int:
    if name not in query:
        return default
    number = whole(query[name])
    if number is None:
        raise _illegal(name, "[0-9]{1,20}")
    return number


def _limit(query: Query, default: int, most: int) -> int:
    limit = _number(query, "limit", default)
    if limit == 0:
        raise refused(-1130, "Data sent for parameter 'limit' is not valid.")
    return min(limit, most)


def _price(pair: Pair, ticks: int) -> str:
    return fixed(ticks, pair.decimals, 8)


def _size(pair: Pair, amount: int) -> str:
    return fixed(amount, pair.lot_decimals, 8)


def _worth(pair: Pair, bar: Bar, amount: int) -> str:
    price = bar.typical / 10**pair.decimals
    return f"{amount / 10**pair.lot_decimals * price:.8f}"


def _each(query: Query, tell: Callable[[Pair], dict[str, Any]]) -> Answer:
    rows = [tell(pair) for pair in _pairs(query)]
    return Answer(200, rows[0] if "symbol" in query else rows, HEADERS)


def _nothing(view: View, query: Query) -> Answer:
    return Answer(200, {}, HEADERS)


def _time(view: View, query: Query) -> Answer:
    return Answer(200, {"serverTime": int(view.now * 1000)}, HEADERS)


def _exchange_info(view: View, query: Query) -> Answer:
    return Answer(200, exchange_info(int(view.now * 1000), _pairs(query)), HEADERS)


def _ticker_price(view: View, query: Query) -> Answer:
    return _each(query, lambda p: {"symbol": _symbol(p), "price": _price(p, view.last(p))})


def _symbol(pair: Pair) -> str:
    return pair.base + pair.quote


def _book_ticker(view: View, query: Query) -> Answer:
    return _each(query, lambda pair: {"symbol": _symbol(pair), **_top(view, pair)})


def _top(view: View, pair: Pair) -> dict[str, str]:
    (bid, bid_size), (ask, ask_size) = (side[0] for side in view.book(pair, 1))
    return {
        "bidPrice": _price(pair, bid),
        "bidQty": _size(pair, bid_size),
        "askPrice": _price(pair, ask),
        "askQty": _size(pair, ask_size),
    }


def _ticker_24hr(view: View, query: Query) -> Answer:
    kind = query.get("type", "FULL")
    if kind not in ("FULL", "MINI"):
        raise refused(-1130, "Data sent for parameter 'type' is not valid.")
    return _each(query, lambda pair: _statistics(view, pair, kind == "FULL"))


def _statistics(view: View, pair: Pair, full: bool) -> dict[str, Any]:
    bar = view.day(pair)
    close_ms = int(view.now * 1000)
    # Fifty numbers a second are more than any pair uses up.
    first = int(view.now) * 50
    change = bar.close - bar.open
    extra = {
        "priceChange": _price(pair, change),
        "priceChangePercent": f"{100 * change / bar.open:.3f}",
        "weightedAvgPrice": f"{bar.typical / 10**pair.decimals:.8f}",
        "prevClosePrice": _price(pair, bar.open),
        "lastPrice": _price(pair, bar.close),
        "lastQty": _size(pair, 1 + words(f"{_symbol(pair)}{view.second}", 1)[0] % 5000),
        **_top(view, pair),
    }
    return {
        "symbol": _symbol(pair),
        **(extra if full else {"lastPrice": extra["lastPrice"]}),
        "openPrice": _price(pair, bar.open),
        "highPrice": _price(pair, bar.high),
        "lowPrice": _price(pair, bar.low),
        "volume": _size(pair, bar.volume),
        "quoteVolume": _worth(pair, bar, bar.volume),
        "openTime": close_ms - DAY * 1000,
        "closeTime": close_ms,
        "firstId": first,
        "lastId": first + bar.trades - 1,
        "count": bar.trades,
    }


def _klines(view: View, query: Query) -> Answer:
    pair = _pair(query["symbol"])
    if query["interval"] not in GRIDS:
        raise refused(-1120, "Invalid interval.")
    grid = GRIDS[query["interval"]]
    limit = _limit(query, 500, _MOST_CANDLES)
    end = min(_number(query, "endTime", int(view.now * 1000)) // 1000, int(view.now))
    if "startTime" in query:
        start = -(-_number(query, "startTime", 0) // 1000)
        openings = list(islice(grid.upward(start, end), limit))
    else:
        openings = grid.latest(end, limit)
    return Answer(200, [_kline(view, pair, at, grid.after(at)) for at in openings], HEADERS)


def _kline(view: View, pair: Pair, start: int, end: int) -> list[Any]:
    bar = view.bar(pair, start, end)
    return [
        start * 1000,
        *(_price(pair, ticks) for ticks in bar[:4]),
        _size(pair, bar.volume),
        end * 1000 - 1,
        _worth(pair, bar, bar.volume),
        bar.trades,
        _size(pair, bar.volume // 2),
        _worth(pair, bar, bar.volume // 2),
        "0",
    ]


def _depth(view: View, query: Query) -> Answer:
    pair = _pair(query["symbol"])
    bids, asks = view.book(pair, _limit(query, 100, _MOST_LEVELS))
    body = {
        "lastUpdateId": int(view.now * 10),
        "bids": [[_price(pair, price), _size(pair, size)] for price, size in bids],
        "asks": [[_price(pair, price), _size(pair, size)] for price, size in asks],
    }
    return Answer(200, body, HEADERS)


def _average(view: View, query: Query) -> Answer:
    pair = _pair(query["symbol"])
    bar = view.bar(pair, view.second - 299, view.second + 1)
    price = f"{bar.typical / 10**pair.decimals:.8f}"
    return Answer(200, {"mins": 5, "price": price, "closeTime": int(view.now * 1000)}, HEADERS)


class Endpoint(NamedTuple):
    tell: Callable[[View, Query], Answer]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    weight_one: int
    weight_all: int


_CANDLES = ("startTime", "endTime", "timeZone", "limit")
_INFO = ("symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus")
_TICKER = ("symbol", "symbols", "symbolStatus")

ENDPOINTS = {
    "ping": Endpoint(_nothing, (), (), 1, 1),
    "time": Endpoint(_time, (), (), 1, 1),
    "exchangeInfo": Endpoint(_exchange_info, (), _INFO, 20, 20),
    "ticker/price": Endpoint(_ticker_price, (), _TICKER, 2, 4),
    "ticker/bookTicker": Endpoint(_book_ticker, (), _TICKER, 2, 4),
    "ticker/24hr": Endpoint(_ticker_24hr, (), (*_TICKER, "type"), 2, 80),
    "klines": Endpoint(_klines, ("symbol", "interval"), _CANDLES, 2, 2),
    "uiKlines": Endpoint(_klines, ("symbol", "interval"), _CANDLES, 2, 2),
    "depth": Endpoint(_depth, ("symbol",), ("limit", "symbolStatus"), 5, 5),
    "avgPrice": Endpoint(_average, ("symbol",), (), 2, 2),
}
_PREFIX = "/api/v3/"


def weight(path: str, query: Query) -> int:
    """Return what a request costs of the 6000 that Binance allows per minute."""
    endpoint = ENDPOINTS.get(path.removeprefix(_PREFIX))
    if endpoint is None:
        return 1
    if endpoint.tell is _depth:
        limit = whole(query.get("limit", "100")) or 0
        return next((cost for most, cost in _DEPTH_WEIGHTS if limit <= most), 250)
    if endpoint.tell is _ticker_24hr and "symbols" in query:
        count = query["symbols"].count(",") + 1
        return next((cost for most, cost in _TICKER_WEIGHTS if count <= most), 80)
    return endpoint.weight_one if "symbol" in query else endpoint.weight_all


_DEPTH_WEIGHTS = ((100, 5), (500, 25), (1000, 50))
_TICKER_WEIGHTS = ((20, 2), (100, 40))


def answer(view: View, path: str, query: Query) -> Answer:
    endpoint = ENDPOINTS.get(path.removeprefix(_PREFIX)) if path.startswith(_PREFIX) else None
    if endpoint is None:
        return Answer(404, "<html><body><h2>404 Not found</h2></body></html>", HTML)
    try:
        _check(endpoint, query)
        return endpoint.tell(view, query)
    except Refused as refusal:
        return refusal.answer


def _check(endpoint: Endpoint, query: Query) -> None:
    for name in endpoint.required:
        if not query.get(name):
            raise refused(
                -1102,
                f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.",
            )
    known = {*endpoint.required, *endpoint.optional}
    if not known and query:
        raise refused(-1101, f"Too many parameters; expected '0' and received '{len(query)}'.")
    read = len(known & query.keys())
    if read < len(query):
        raise refused(
            -1104,
            f"Not all sent parameters were read; read '{read}' parameter(s) "
            f"but was sent '{len(query)}'.",
        )
