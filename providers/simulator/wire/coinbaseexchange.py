"""Coinbase Exchange: prices in USD, candles as plain numbers, and none where nobody traded.

https://docs.cdp.coinbase.com/exchange/reference
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from providers.simulator.candles import Grid
from providers.simulator.market import DAY, HOUR
from providers.simulator.venue import Bar, Pair, View, fixed
from providers.simulator.wire.answer import Answer, Query, Refused, whole

# fmt: off
_DECIMALS = {
    "BTC": 2, "ETH": 2, "USDT": 5, "XRP": 4, "SOL": 2, "DOGE": 5, "ADA": 4, "BCH": 2, "LINK": 3,
    "XLM": 6, "LTC": 2, "AVAX": 2, "DOT": 3, "POL": 4, "SHIB": 8, "SUI": 4, "HBAR": 5, "UNI": 3,
    "AAVE": 2, "NEAR": 3, "PEPE": 8, "APT": 2, "ETC": 2, "ICP": 3, "ATOM": 3, "FIL": 3, "ARB": 4,
    "OP": 3, "ALGO": 4, "VET": 5, "INJ": 3, "XTZ": 3, "ZEC": 2, "GRT": 4, "CRO": 4,
}
# fmt: on
PAIRS = {f"{base}-USD": Pair("coinbaseexchange", base, "USD", d) for base, d in _DECIMALS.items()}
GRIDS = {str(width): Grid(width) for width in (60, 300, 900, 3600, 21600, 86400)}

HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "public, max-age=5, must-revalidate",
}
_MOST_CANDLES, _MOST_LEVELS = 300, 200


def refused(status: int, message: str) -> Refused:
    return Refused(Answer(status, {"message": message}, HEADERS))


def _price(pair: Pair, ticks: int) -> str:
    return fixed(ticks, pair.decimals)


def _size(pair: Pair, amount: int) -> str:
    return fixed(amount, pair.lot_decimals, 8)


def _iso(at: float, digits: int = 6) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06}"[:digits] + "Z"


def _time(view: View, query: Query) -> Any:
    return {"iso": _iso(view.now, 3), "epoch": round(view.now, 3)}


def _products(view: View, query: Query) -> Any:
    return [_product(name, pair) for name, pair in PAIRS.items()]


def _product(name: str, pair: Pair) -> dict[str, Any]:
    return {
        "id": name,
        "base_currency": pair.base,
        "quote_currency": pair.quote,
        "quote_increment": fixed(1, pair.decimals),
        "base_increment": fixed(1, pair.lot_decimals),
        "display_name": f"{pair.base}-{pair.quote}",
        "min_market_funds": "1",
        "margin_enabled": False,
        "post_only": False,
        "limit_only": False,
        "cancel_only": False,
        "status": "online",
        "status_message": "",
        "trading_disabled": False,
        "fx_stablecoin": pair.base == "USDT",
        "max_slippage_percentage": "0.02000000",
        "auction_mode": False,
        "high_bid_limit_percentage": "",
    }


def _sparks(view: View, query: Query) -> Any:
    start = view.second // HOUR * HOUR
    openings = range(start, start - DAY, -HOUR)
    return {
        name: [_row(pair, at, view.bar(pair, at, at + HOUR))[:5] for at in openings]
        for name, pair in PAIRS.items()
    }


def _row(pair: Pair, at: int, bar: Bar) -> list[Any]:
    prices = (bar.low, bar.high, bar.open, bar.close)
    return [at, *(float(_price(pair, ticks)) for ticks in prices), float(_size(pair, bar.volume))]


def _about(view: View, query: Query, pair: Pair) -> Any:
    return _product(f"{pair.base}-{pair.quote}", pair)


def _ticker(view: View, query: Query, pair: Pair) -> Any:
    bids, asks = view.book(pair, 1)
    bar = view.day(pair)
    return {
        "ask": _price(pair, asks[0][0]),
        "bid": _price(pair, bids[0][0]),
        "volume": _size(pair, bar.volume),
        "trade_id": int(view.now) * 50,
        "price": _price(pair, bar.close),
        "size": _size(pair, bids[0][1]),
        "time": _iso(view.now),
    }


def _stats(view: View, query: Query, pair: Pair) -> Any:
    bar = view.day(pair)
    return {
        "open": _price(pair, bar.open),
        "high": _price(pair, bar.high),
        "low": _price(pair, bar.low),
        "last": _price(pair, bar.close),
        "volume": _size(pair, bar.volume),
        "volume_30day": _size(pair, 30 * bar.volume),
    }


def _candles(view: View, query: Query, pair: Pair) -> Any:
    grid = GRIDS.get(query.get("granularity", "60"))
    if grid is None:
        raise refused(400, "Unsupported granularity")
    now = int(view.now)
    end = min(_moment(query["end"]), now) if "end" in query else now
    start = (
        _moment(query["start"])
        if "start" in query
        else grid.floor(end) - (_MOST_CANDLES - 1) * grid.width
    )
    if (end - start) // grid.width >= _MOST_CANDLES:
        raise refused(
            400,
            "granularity too small for the requested time range. "
            "Count of aggregations requested exceeds 300",
        )
    return list(_traded(view, pair, grid, start, end))[::-1]


def _traded(view: View, pair: Pair, grid: Grid, start: int, end: int) -> Iterator[list[Any]]:
    for at in grid.upward(start, end):
        bar = view.bar(pair, at, grid.after(at))
        if bar.volume:
            yield _row(pair, at, bar)


def _moment(text: str) -> int:
    seconds = whole(text)
    if seconds is not None:
        return seconds
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise refused(400, "invalid start or end") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _book(view: View, query: Query, pair: Pair) -> Any:
    level = query.get("level", "1")
    if level not in ("1", "2"):
        raise refused(400, "Invalid level")
    bids, asks = view.book(pair, 1 if level == "1" else _MOST_LEVELS)

    def rows(side: list[tuple[int, int]]) -> list[list[Any]]:
        return [[_price(pair, price), _size(pair, size), 1 + size % 7] for price, size in side]

    return {
        "bids": rows(bids),
        "asks": rows(asks),
        "sequence": int(view.now * 1000),
        "auction_mode": False,
        "auction": None,
        "time": _iso(view.now),
    }


_PLAIN: dict[str, Callable[[View, Query], Any]] = {
    "/time": _time,
    "/products": _products,
    "/products/spark-lines": _sparks,
}
_OF_PAIR: dict[str, Callable[[View, Query, Pair], Any]] = {
    "": _about,
    "ticker": _ticker,
    "stats": _stats,
    "candles": _candles,
    "book": _book,
}


def answer(view: View, path: str, query: Query) -> Answer:
    try:
        return Answer(200, _tell(view, path, query), HEADERS)
    except Refused as refusal:
        return refusal.answer


def _tell(view: View, path: str, query: Query) -> Any:
    if path in _PLAIN:
        return _PLAIN[path](view, query)
    name, _, what = path.removeprefix("/products/").partition("/")
    if not path.startswith("/products/") or name not in PAIRS or what not in _OF_PAIR:
        raise refused(404, "NotFound")
    return _OF_PAIR[what](view, query, PAIRS[name])
