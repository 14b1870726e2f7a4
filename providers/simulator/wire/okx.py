"""OKX spot: prices in USDT, everything a string, newest first, errors inside a 200.

https://www.okx.com/docs-v5/en/
"""

from collections.abc import Callable
from typing import Any

from providers.simulator.candles import BINANCE, Grid
from providers.simulator.market import DAY, HOUR
from providers.simulator.venue import Bar, Pair, View, fixed
from providers.simulator.wire.answer import JSON, Answer, Query, Refused, whole

# fmt: off
_DECIMALS = {
    "BTC": 1, "ETH": 2, "XRP": 4, "BNB": 1, "SOL": 2, "USDC": 4, "TRX": 5, "DOGE": 5, "ADA": 4,
    "BCH": 1, "LINK": 3, "XLM": 5, "LTC": 2, "AVAX": 2, "DOT": 3, "POL": 4, "SHIB": 9, "SUI": 4,
    "TON": 3, "HBAR": 5, "UNI": 3, "AAVE": 2, "NEAR": 3, "PEPE": 9, "APT": 3, "ETC": 3, "ICP": 3,
    "ATOM": 3, "FIL": 3, "ARB": 4, "OP": 4, "ALGO": 4, "INJ": 3, "XTZ": 3, "GRT": 5, "CRO": 5,
    "OKB": 2,
}
# fmt: on
PAIRS = {f"{base}-USDT": Pair("okx", base, "USDT", d) for base, d in _DECIMALS.items()}

_HERE = {"1m": "1m", "3m": "3m", "5m": "5m", "15m": "15m", "30m": "30m"}
_HOURS = {"1H": "1h", "2H": "2h", "4H": "4h"}
_UTC = {"6Hutc": "6h", "12Hutc": "12h", "1Dutc": "1d", "1Wutc": "1w", "1Mutc": "1M"}
# Without the ending, days open at midnight in Hong Kong.
GRIDS = {name: BINANCE[same] for name, same in {**_HERE, **_HOURS, **_UTC}.items()} | {
    "6H": Grid(6 * HOUR, 4 * HOUR),
    "12H": Grid(12 * HOUR, 4 * HOUR),
    "1D": Grid(DAY, 16 * HOUR),
}
_MOST_CANDLES, _MOST_LEVELS = 300, 400


def refused(code: str, message: str, status: int = 200) -> Refused:
    return Refused(Answer(status, {"code": code, "msg": message, "data": []}, JSON))


def _price(pair: Pair, ticks: int) -> str:
    return fixed(ticks, pair.decimals)


def _size(pair: Pair, amount: int) -> str:
    return fixed(amount, pair.lot_decimals)


def _worth(pair: Pair, bar: Bar) -> str:
    price = bar.typical / 10**pair.decimals
    return f"{bar.volume / 10**pair.lot_decimals * price:.9f}"


def _milliseconds(at: float) -> str:
    return str(int(at * 1000))


def _pair(query: Query) -> Pair:
    if not query.get("instId"):
        raise refused("50014", "Parameter instId can not be empty.", 400)
    if query["instId"] not in PAIRS:
        raise refused("51001", "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
    return PAIRS[query["instId"]]


def _pairs(query: Query) -> list[Pair]:
    if not query.get("instType"):
        raise refused("50014", "Parameter instType can not be empty.", 400)
    return list(PAIRS.values()) if query["instType"] == "SPOT" else []


def _whole(query: Query, name: str, default: int) -> int:
    number = whole(query.get(name, str(default)))
    if number is None:
        raise refused("51000", f"Parameter {name} error", 400)
    return number


def _time(view: View, query: Query) -> Any:
    return [{"ts": _milliseconds(view.now)}]


def _instruments(view: View, query: Query) -> Any:
    return [
        {
            "alias": "",
            "baseCcy": pair.base,
            "category": "1",
            "ctMult": "",
            "ctType": "",
            "ctVal": "",
            "ctValCcy": "",
            "expTime": "",
            "instFamily": "",
            "instId": f"{pair.base}-{pair.quote}",
            "instType": "SPOT",
            "lever": "10",
            "listTime": "1548133413000",
            "lotSz": fixed(1, pair.lot_decimals),
            "maxLmtAmt": "20000000",
            "maxLmtSz": "9999999999",
            "minSz": fixed(1, pair.lot_decimals),
            "optType": "",
            "quoteCcy": pair.quote,
            "ruleType": "normal",
            "settleCcy": "",
            "state": "live",
            "stk": "",
            "tickSz": fixed(1, pair.decimals),
            "uly": "",
        }
        for pair in _pairs(query)
    ]


def _tickers(view: View, query: Query) -> Any:
    return [_tick(view, pair) for pair in _pairs(query)]


def _ticker(view: View, query: Query) -> Any:
    return [_tick(view, _pair(query))]


def _tick(view: View, pair: Pair) -> dict[str, str]:
    (bid, bid_size), (ask, ask_size) = (side[0] for side in view.book(pair, 1))
    bar = view.day(pair)
    midnight = view.second // DAY * DAY
    return {
        "instType": "SPOT",
        "instId": f"{pair.base}-{pair.quote}",
        "last": _price(pair, bar.close),
        "lastSz": _size(pair, bid_size),
        "askPx": _price(pair, ask),
        "askSz": _size(pair, ask_size),
        "bidPx": _price(pair, bid),
        "bidSz": _size(pair, bid_size),
        "open24h": _price(pair, bar.open),
        "high24h": _price(pair, bar.high),
        "low24h": _price(pair, bar.low),
        "volCcy24h": _worth(pair, bar),
        "vol24h": _size(pair, bar.volume),
        "ts": _milliseconds(view.now),
        "sodUtc0": _price(pair, view.bar(pair, midnight, midnight + 1).open),
        "sodUtc8": _price(pair, bar.open),
    }


def _candles(view: View, query: Query) -> Any:
    pair = _pair(query)
    grid = GRIDS.get(query.get("bar", "1m"))
    if grid is None:
        raise refused("51000", "Parameter bar error", 400)
    limit = min(_whole(query, "limit", 100), _MOST_CANDLES)
    now = int(view.now * 1000)
    # Both exclude the moment they name: older than `after`, newer than `before`.
    end = min(_whole(query, "after", now + 1) - 1, now) // 1000
    openings = grid.latest(end, limit)
    if "before" in query:
        since = _whole(query, "before", 0)
        openings = [at for at in openings if at * 1000 > since]
    return [_candle(view, pair, at, grid.after(at)) for at in reversed(openings)]


def _candle(view: View, pair: Pair, start: int, end: int) -> list[str]:
    bar = view.bar(pair, start, end)
    worth = _worth(pair, bar)
    is_complete = "1" if end <= view.now else "0"
    prices = (_price(pair, ticks) for ticks in bar[:4])
    return [str(start * 1000), *prices, _size(pair, bar.volume), worth, worth, is_complete]


def _books(view: View, query: Query) -> Any:
    pair = _pair(query)
    depth = _whole(query, "sz", 1)
    if not 1 <= depth <= _MOST_LEVELS:
        raise refused("51000", "Parameter sz error", 400)
    bids, asks = view.book(pair, depth)

    def rows(side: list[tuple[int, int]]) -> list[list[str]]:
        return [
            [_price(pair, price), _size(pair, size), "0", str(1 + size % 9)]
            for price, size in side
        ]

    stamp = _milliseconds(view.now)
    return [{"asks": rows(asks), "bids": rows(bids), "ts": stamp, "seqId": int(view.now * 10)}]


ENDPOINTS: dict[str, Callable[[View, Query], Any]] = {
    "public/time": _time,
    "public/instruments": _instruments,
    "market/tickers": _tickers,
    "market/ticker": _ticker,
    "market/candles": _candles,
    "market/history-candles": _candles,
    "market/books": _books,
}
_PREFIX = "/api/v5/"


def answer(view: View, path: str, query: Query) -> Answer:
    tell = ENDPOINTS.get(path.removeprefix(_PREFIX)) if path.startswith(_PREFIX) else None
    if tell is None:
        return Answer(404, {"msg": "Not Found", "code": "404", "data": {}}, JSON)
    try:
        return Answer(200, {"code": "0", "msg": "", "data": tell(view, query)}, JSON)
    except Refused as refusal:
        return refusal.answer
