"""Gate spot: prices in USDT, candles oldest first in an order of their own, errors by label.

https://www.gate.com/docs/developers/apiv4/en/
"""

from collections.abc import Callable
from typing import Any

from providers.simulator.candles import BINANCE, Grid
from providers.simulator.market import DAY
from providers.simulator.venue import Bar, Pair, View, fixed
from providers.simulator.wire.answer import JSON, Answer, Query, Refused, whole

# fmt: off
_DECIMALS = {
    "BTC": 1, "ETH": 2, "XRP": 4, "BNB": 1, "SOL": 2, "USDC": 4, "TRX": 5, "DOGE": 5, "ADA": 4,
    "BCH": 1, "LINK": 3, "XLM": 5, "LTC": 2, "AVAX": 2, "DOT": 3, "POL": 4, "SHIB": 9, "SUI": 4,
    "TON": 3, "HBAR": 5, "UNI": 3, "AAVE": 2, "NEAR": 3, "PEPE": 9, "APT": 3, "ETC": 3, "ICP": 3,
    "ATOM": 3, "FIL": 3, "ARB": 4, "OP": 4, "ALGO": 4, "VET": 6, "INJ": 3, "XTZ": 3, "ZEC": 2,
    "GRT": 5, "CRO": 5, "OKB": 2,
}
# fmt: on
PAIRS = {f"{base}_USDT": Pair("gate", base, "USDT", d) for base, d in _DECIMALS.items()}

_NAMES = ("1m", "5m", "15m", "30m", "1h", "2h", "4h", "8h", "1d")
GRIDS = {
    "10s": Grid(10),
    **{name: BINANCE[name] for name in _NAMES},
    # Its weeks open on Thursday, like the epoch.
    "7d": Grid(7 * DAY),
}
_MOST_CANDLES, _MOST_LEVELS = 1000, 1000


def refused(label: str, message: str, status: int = 400) -> Refused:
    return Refused(Answer(status, {"label": label, "message": message}, JSON))


def _price(pair: Pair, ticks: int) -> str:
    return fixed(ticks, pair.decimals)


def _size(pair: Pair, amount: int) -> str:
    return fixed(amount, pair.lot_decimals)


def _worth(pair: Pair, bar: Bar) -> str:
    price = bar.typical / 10**pair.decimals
    return f"{bar.volume / 10**pair.lot_decimals * price:.8f}"


def _pair(query: Query) -> Pair:
    name = query.get("currency_pair", "")
    if not name:
        raise refused("MISSING_REQUIRED_PARAM", "Missing required parameter: currency_pair")
    if name not in PAIRS:
        raise refused("INVALID_CURRENCY_PAIR", f"Invalid currency pair {name}")
    return PAIRS[name]


def _whole(query: Query, name: str, default: int) -> int:
    number = whole(query.get(name, str(default)))
    if number is None:
        raise refused("INVALID_PARAM_VALUE", f"Invalid parameter `{name}`")
    return number


def _time(view: View, query: Query) -> Any:
    return {"server_time": int(view.now * 1000)}


def _currency_pairs(view: View, query: Query) -> Any:
    return [
        {
            "id": name,
            "base": pair.base,
            "base_name": pair.base,
            "quote": pair.quote,
            "quote_name": "Tether",
            "fee": "0.2",
            "min_base_amount": fixed(1, pair.lot_decimals),
            "min_quote_amount": "3",
            "max_quote_amount": "5000000",
            "amount_precision": pair.lot_decimals,
            "precision": pair.decimals,
            "trade_status": "tradable",
            "sell_start": 0,
            "buy_start": 0,
            "type": "normal",
        }
        for name, pair in PAIRS.items()
    ]


def _margin_pairs(view: View, query: Query) -> Any:
    return [
        {
            "id": name,
            "base": pair.base,
            "quote": pair.quote,
            "leverage": 3,
            "min_base_amount": fixed(1, pair.lot_decimals),
            "min_quote_amount": "3",
            "max_quote_amount": "1000000",
            "status": 1,
        }
        for name, pair in list(PAIRS.items())[:3]
    ]


def _tickers(view: View, query: Query) -> Any:
    pairs = [_pair(query)] if "currency_pair" in query else PAIRS.values()
    return [_tick(view, pair) for pair in pairs]


def _tick(view: View, pair: Pair) -> dict[str, str]:
    (bid, bid_size), (ask, ask_size) = (side[0] for side in view.book(pair, 1))
    bar = view.day(pair)
    midnight = view.second // DAY * DAY
    today = view.bar(pair, midnight, midnight + 1).open
    return {
        "currency_pair": f"{pair.base}_{pair.quote}",
        "last": _price(pair, bar.close),
        "lowest_ask": _price(pair, ask),
        "lowest_size": _size(pair, ask_size),
        "highest_bid": _price(pair, bid),
        "highest_size": _size(pair, bid_size),
        "change_percentage": f"{100 * (bar.close - bar.open) / bar.open:.2f}",
        "change_utc0": f"{100 * (bar.close - today) / today:.2f}",
        "base_volume": _size(pair, bar.volume),
        "quote_volume": _worth(pair, bar),
        "high_24h": _price(pair, bar.high),
        "low_24h": _price(pair, bar.low),
    }


def _candlesticks(view: View, query: Query) -> Any:
    pair = _pair(query)
    grid = GRIDS.get(query.get("interval", "30m"))
    if grid is None:
        raise refused("INVALID_PARAM_VALUE", "Invalid parameter `interval`")
    now = int(view.now)
    end = min(_whole(query, "to", now), now)
    if "from" not in query:
        openings = grid.latest(end, min(_whole(query, "limit", 100), _MOST_CANDLES))
    elif "limit" in query:
        raise refused("INVALID_PARAM_VALUE", "limit is conflicted with from and to")
    else:
        openings = list(grid.upward(_whole(query, "from", 0), end))
        if len(openings) > _MOST_CANDLES:
            raise refused("INVALID_PARAM_VALUE", "Too many points requested")
    return [_candle(view, pair, at, grid.after(at)) for at in openings]


def _candle(view: View, pair: Pair, start: int, end: int) -> list[str]:
    bar = view.bar(pair, start, end)
    prices = (_price(pair, ticks) for ticks in (bar.close, bar.high, bar.low, bar.open))
    is_complete = "true" if end <= view.now else "false"
    return [str(start), _worth(pair, bar), *prices, _size(pair, bar.volume), is_complete]


def _order_book(view: View, query: Query) -> Any:
    pair = _pair(query)
    bids, asks = view.book(pair, max(1, min(_whole(query, "limit", 10), _MOST_LEVELS)))
    extra = {"id": int(view.now * 10)} if query.get("with_id") == "true" else {}
    return {
        **extra,
        "current": int(view.now * 1000),
        "update": int(view.now * 1000) - 4,
        "asks": [[_price(pair, price), _size(pair, size)] for price, size in asks],
        "bids": [[_price(pair, price), _size(pair, size)] for price, size in bids],
    }


ENDPOINTS: dict[str, Callable[[View, Query], Any]] = {
    "spot/time": _time,
    "spot/currency_pairs": _currency_pairs,
    "margin/currency_pairs": _margin_pairs,
    "spot/tickers": _tickers,
    "spot/candlesticks": _candlesticks,
    "spot/order_book": _order_book,
}
_PREFIX = "/api/v4/"


def answer(view: View, path: str, query: Query) -> Answer:
    tell = ENDPOINTS.get(path.removeprefix(_PREFIX)) if path.startswith(_PREFIX) else None
    if tell is None:
        return Answer(404, {"label": "NOT_FOUND", "message": "Not Found"}, JSON)
    try:
        return Answer(200, tell(view, query), JSON)
    except Refused as refusal:
        return refusal.answer
