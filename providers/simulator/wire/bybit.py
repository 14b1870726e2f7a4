"""Bybit spot: prices in USDT, everything a string, newest first, errors inside a 200.

https://bybit-exchange.github.io/docs/v5/market/time
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

from providers.simulator.candles import BINANCE
from providers.simulator.venue import Bar, Pair, View, fixed
from providers.simulator.wire.answer import JSON, Answer, Query, whole

# fmt: off
_DECIMALS = {
    "BTC": 1, "ETH": 2, "XRP": 4, "BNB": 1, "SOL": 2, "USDC": 4, "TRX": 5, "DOGE": 5, "ADA": 4,
    "BCH": 1, "LINK": 3, "XLM": 5, "LTC": 2, "AVAX": 2, "DOT": 3, "POL": 4, "SHIB": 8, "SUI": 4,
    "TON": 3, "HBAR": 5, "UNI": 3, "AAVE": 2, "NEAR": 3, "PEPE": 9, "APT": 3, "ETC": 3, "ICP": 3,
    "ATOM": 3, "FIL": 3, "ARB": 4, "OP": 4, "ALGO": 4, "INJ": 3, "XTZ": 3, "GRT": 5,
}
# fmt: on
PAIRS = {f"{base}USDT": Pair("bybit", base, "USDT", d) for base, d in _DECIMALS.items()}

_NAMES = {
    "1": "1m", "3": "3m", "5": "5m", "15": "15m", "30": "30m", "60": "1h", "120": "2h", "240": "4h",
    "360": "6h", "720": "12h", "D": "1d", "W": "1w", "M": "1M",
}  # fmt: skip
GRIDS = {name: BINANCE[same] for name, same in _NAMES.items()}

_CATEGORIES = ("spot", "linear", "inverse", "option")
_MOST_CANDLES, _MOST_LEVELS = 1000, 200


def _said(view: View, code: int, message: str, result: Any) -> Answer:
    body = {
        "retCode": code,
        "retMsg": message,
        "result": result,
        "retExtInfo": {},
        "time": int(view.now * 1000),
    }
    return Answer(200, body, JSON)


class Wrong(Exception):
    """Parameters that Bybit refuses."""


def _price(pair: Pair, ticks: int) -> str:
    return fixed(ticks, pair.decimals)


def _size(pair: Pair, amount: int) -> str:
    return fixed(amount, pair.lot_decimals)


def _worth(pair: Pair, bar: Bar) -> str:
    price = bar.typical / 10**pair.decimals
    return f"{bar.volume / 10**pair.lot_decimals * price:.8f}"


def _pair(query: Query) -> Pair:
    if query.get("symbol", "") not in PAIRS:
        raise Wrong("Not supported symbols")
    return PAIRS[query["symbol"]]


def _pairs(query: Query) -> list[Pair]:
    if query.get("category") not in _CATEGORIES:
        raise Wrong("params error: Category is invalid")
    if query["category"] != "spot":
        return []
    return [_pair(query)] if "symbol" in query else list(PAIRS.values())


def _whole(query: Query, name: str, default: int) -> int:
    number = whole(query.get(name, str(default)))
    if number is None:
        raise Wrong(f"params error: {name} invalid")
    return number


def _time(view: View, query: Query) -> Any:
    return {"timeSecond": str(int(view.now)), "timeNano": str(int(view.now * 1e9))}


def _instruments(view: View, query: Query) -> Any:
    rows = [
        {
            "symbol": pair.base + pair.quote,
            "baseCoin": pair.base,
            "quoteCoin": pair.quote,
            "innovation": "0",
            "status": "Trading",
            "marginTrading": "utaOnly",
            "stTag": "0",
            "lotSizeFilter": {
                "basePrecision": fixed(1, pair.lot_decimals),
                "quotePrecision": "0.0000001",
                "minOrderQty": fixed(1, pair.lot_decimals),
                "maxOrderQty": "9000000",
                "minOrderAmt": "5",
                "maxOrderAmt": "8000000",
            },
            "priceFilter": {"tickSize": fixed(1, pair.decimals)},
            "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
        }
        for pair in _pairs(query)
    ]
    return {"category": query["category"], "list": rows}


def _tickers(view: View, query: Query) -> Any:
    return {"category": query["category"], "list": [_tick(view, p) for p in _pairs(query)]}


def _tick(view: View, pair: Pair) -> dict[str, str]:
    (bid, bid_size), (ask, ask_size) = (side[0] for side in view.book(pair, 1))
    bar = view.day(pair)
    return {
        "symbol": pair.base + pair.quote,
        "bid1Price": _price(pair, bid),
        "bid1Size": _size(pair, bid_size),
        "ask1Price": _price(pair, ask),
        "ask1Size": _size(pair, ask_size),
        "lastPrice": _price(pair, bar.close),
        "prevPrice24h": _price(pair, bar.open),
        "price24hPcnt": f"{(bar.close - bar.open) / bar.open:.4f}",
        "highPrice24h": _price(pair, bar.high),
        "lowPrice24h": _price(pair, bar.low),
        "turnover24h": _worth(pair, bar),
        "volume24h": _size(pair, bar.volume),
    }


def _kline(view: View, query: Query) -> Any:
    pair = _pair(query)
    grid = GRIDS.get(query.get("interval", ""))
    if grid is None:
        raise Wrong("params error: Invalid period!")
    limit = min(max(_whole(query, "limit", 200), 1), _MOST_CANDLES)
    now = int(view.now * 1000)
    end = min(_whole(query, "end", now), now) // 1000
    if "start" in query:
        openings = list(islice(grid.upward(-(-_whole(query, "start", 0) // 1000), end), limit))
    else:
        openings = grid.latest(end, limit)
    rows = [_candle(view, pair, at, grid.after(at)) for at in reversed(openings)]
    return {"category": "spot", "symbol": pair.base + pair.quote, "list": rows}


def _candle(view: View, pair: Pair, start: int, end: int) -> list[str]:
    bar = view.bar(pair, start, end)
    prices = (_price(pair, ticks) for ticks in bar[:4])
    return [str(start * 1000), *prices, _size(pair, bar.volume), _worth(pair, bar)]


def _order_book(view: View, query: Query) -> Any:
    pair = _pair(query)
    depth = _whole(query, "limit", 1)
    if not 1 <= depth <= _MOST_LEVELS:
        raise Wrong("params error: limit invalid")
    bids, asks = view.book(pair, depth)
    return {
        "s": pair.base + pair.quote,
        "a": [[_price(pair, price), _size(pair, size)] for price, size in asks],
        "b": [[_price(pair, price), _size(pair, size)] for price, size in bids],
        "ts": int(view.now * 1000),
        "u": int(view.now * 10),
        "seq": int(view.now * 1000),
        "cts": int(view.now * 1000) - 2,
    }


ENDPOINTS: dict[str, Callable[[View, Query], Any]] = {
    "time": _time,
    "instruments-info": _instruments,
    "tickers": _tickers,
    "kline": _kline,
    "orderbook": _order_book,
}
_PREFIX = "/v5/market/"


def answer(view: View, path: str, query: Query) -> Answer:
    tell = ENDPOINTS.get(path.removeprefix(_PREFIX)) if path.startswith(_PREFIX) else None
    if tell is None:
        return Answer(404, "404 page not found", {"Content-Type": "text/plain"})
    try:
        return _said(view, 0, "OK", tell(view, query))
    except Wrong as wrong:
        return _said(view, 10001, str(wrong), {})
