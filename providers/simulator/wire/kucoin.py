"""KuCoin spot: prices in USDT, everything a string, candles newest first with the close second.

https://www.kucoin.com/docs-new/rest/spot-trading/market-data/introduction
"""

import re
from collections.abc import Callable
from typing import Any

from providers.simulator.candles import BINANCE
from providers.simulator.venue import Bar, Pair, View, fixed
from providers.simulator.wire.answer import JSON, Answer, Query, Refused, whole

# fmt: off
_DECIMALS = {
    "BTC": 1, "ETH": 2, "XRP": 5, "BNB": 3, "SOL": 3, "USDC": 4, "TRX": 5, "DOGE": 5, "ADA": 4,
    "BCH": 2, "LINK": 4, "XLM": 6, "LTC": 3, "AVAX": 3, "DOT": 4, "POL": 5, "SHIB": 9, "XMR": 2,
    "SUI": 4, "TON": 4, "HBAR": 5, "UNI": 4, "AAVE": 3, "NEAR": 4, "PEPE": 9, "APT": 4, "ETC": 4,
    "ICP": 3, "ATOM": 4, "FIL": 3, "ARB": 4, "OP": 4, "ALGO": 4, "VET": 6, "INJ": 3, "XTZ": 4,
    "ZEC": 2, "GRT": 5, "CRO": 5,
}
# fmt: on
PAIRS = {f"{base}-USDT": Pair("kucoin", base, "USDT", d) for base, d in _DECIMALS.items()}

_NAMES = {
    "1min": "1m", "3min": "3m", "5min": "5m", "15min": "15m", "30min": "30m", "1hour": "1h",
    "2hour": "2h", "4hour": "4h", "6hour": "6h", "8hour": "8h", "12hour": "12h", "1day": "1d",
    "1week": "1w", "1month": "1M",
}  # fmt: skip
GRIDS = {name: BINANCE[same] for name, same in _NAMES.items()}

_MOST_CANDLES = 1500
_DEPTHS = ("20", "100")


def refused(code: str, message: str, status: int = 200) -> Refused:
    return Refused(Answer(status, {"code": code, "msg": message}, JSON))


def _price(pair: Pair, ticks: int) -> str:
    return _short(fixed(ticks, pair.decimals))


def _size(pair: Pair, amount: int) -> str:
    return _short(fixed(amount, pair.lot_decimals))


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _worth(pair: Pair, bar: Bar) -> str:
    price = bar.typical / 10**pair.decimals
    return f"{bar.volume / 10**pair.lot_decimals * price:.9f}"


def _pair(query: Query) -> Pair:
    if not query.get("symbol"):
        raise refused("400100", "symbol cannot be empty")
    if query["symbol"] not in PAIRS:
        raise refused("900001", "symbol not exists")
    return PAIRS[query["symbol"]]


def _time(view: View, query: Query) -> Any:
    return int(view.now * 1000)


def _symbols(view: View, query: Query) -> Any:
    return [
        {
            "symbol": name,
            "name": name,
            "baseCurrency": pair.base,
            "quoteCurrency": pair.quote,
            "feeCurrency": pair.quote,
            "market": "USDS",
            "baseMinSize": fixed(1, pair.lot_decimals),
            "quoteMinSize": "0.1",
            "baseMaxSize": "10000000000",
            "quoteMaxSize": "99999999",
            "baseIncrement": fixed(1, pair.lot_decimals),
            "quoteIncrement": "0.000001",
            "priceIncrement": fixed(1, pair.decimals),
            "priceLimitRate": "0.1",
            "minFunds": "0.1",
            "isMarginEnabled": True,
            "enableTrading": True,
            "feeCategory": 1,
            "makerFeeCoefficient": "1.00",
            "takerFeeCoefficient": "1.00",
            "st": False,
        }
        for name, pair in PAIRS.items()
    ]


def _all_tickers(view: View, query: Query) -> Any:
    rows = [_tick(view, name, pair) for name, pair in PAIRS.items()]
    return {"time": int(view.now * 1000), "ticker": rows}


def _tick(view: View, name: str, pair: Pair) -> dict[str, str]:
    (bid, bid_size), (ask, ask_size) = (side[0] for side in view.book(pair, 1))
    bar = view.day(pair)
    change = bar.close - bar.open
    return {
        "symbol": name,
        "symbolName": name,
        "buy": _price(pair, bid),
        "bestBidSize": _size(pair, bid_size),
        "sell": _price(pair, ask),
        "bestAskSize": _size(pair, ask_size),
        "changeRate": f"{change / bar.open:.4f}",
        "changePrice": _price(pair, change),
        "high": _price(pair, bar.high),
        "low": _price(pair, bar.low),
        "vol": _size(pair, bar.volume),
        "volValue": _worth(pair, bar),
        "last": _price(pair, bar.close),
        "averagePrice": _price(pair, round(bar.typical)),
        "takerFeeRate": "0.001",
        "makerFeeRate": "0.001",
        "takerCoefficient": "1",
        "makerCoefficient": "1",
    }


def _candles(view: View, query: Query) -> Any:
    pair = _pair(query)
    grid = GRIDS.get(query.get("type", ""))
    start, end = whole(query.get("startAt", "0")), whole(query.get("endAt", "0"))
    if grid is None or start is None or end is None:
        raise refused("400100", "Incorrect candlestick type" if grid is None else "Param error")
    now = int(view.now)
    openings = grid.latest(min(end - 1, now) if end else now, _MOST_CANDLES)
    return [_candle(view, pair, at, grid.after(at)) for at in reversed(openings) if at >= start]


def _candle(view: View, pair: Pair, start: int, end: int) -> list[str]:
    bar = view.bar(pair, start, end)
    prices = (_price(pair, ticks) for ticks in (bar.open, bar.close, bar.high, bar.low))
    return [str(start), *prices, _size(pair, bar.volume), _worth(pair, bar)]


def _depth(view: View, query: Query, depth: int) -> Any:
    pair = _pair(query)
    bids, asks = view.book(pair, depth)
    return {
        "time": int(view.now * 1000),
        "sequence": str(int(view.now * 10)),
        "bids": [[_price(pair, price), _size(pair, size)] for price, size in bids],
        "asks": [[_price(pair, price), _size(pair, size)] for price, size in asks],
    }


ENDPOINTS: dict[str, Callable[[View, Query], Any]] = {
    "/api/v1/timestamp": _time,
    "/api/v2/symbols": _symbols,
    "/api/v1/market/allTickers": _all_tickers,
    "/api/v1/market/candles": _candles,
}


def answer(view: View, path: str, query: Query) -> Answer:
    try:
        return Answer(200, {"code": "200000", "data": _tell(view, path, query)}, JSON)
    except Refused as refusal:
        return refusal.answer


def _tell(view: View, path: str, query: Query) -> Any:
    if path in ENDPOINTS:
        return ENDPOINTS[path](view, query)
    level = re.fullmatch(r"/api/v1/market/orderbook/level2_(\d+)", path)
    if level is None or level[1] not in _DEPTHS:
        raise refused("404", "404 page not found", 404)
    return _depth(view, query, int(level[1]))
