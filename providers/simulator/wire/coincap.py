"""CoinCap 3: every number is text with sixteen decimals; version 2 only says that it is gone.

https://pro.coincap.io/api-docs
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from providers.simulator.market import DAY, HOUR, MINUTE
from providers.simulator.venue import View
from providers.simulator.wire.aggregator_names import COINCAP, Told
from providers.simulator.wire.answer import Answer, Query, whole
from providers.simulator.wire.coingecko_rates import dollars
from providers.simulator.wire.listing import Entry, chosen, entries, tell

_STEPS = {
    "m1": MINUTE,
    "m5": 5 * MINUTE,
    "m15": 15 * MINUTE,
    "m30": 30 * MINUTE,
    "h1": HOUR,
    "h2": 2 * HOUR,
    "h6": 6 * HOUR,
    "h12": 12 * HOUR,
    "d1": DAY,
}
_MOST_POINTS = 2000
_MOST_ROWS = 2000
_SYMBOLS = {name: symbol for symbol, name in COINCAP.items()}


def answer(view: View, path: str, query: Query) -> Answer:
    stamp = int(view.now * 1000)
    if path.startswith("/v2/"):
        message = "This version is switched off. Please move to version 3."
        return Answer(200, {"data": {"message": message}, "timestamp": stamp})
    if path == "/v3/rates":
        return Answer(200, {"timestamp": stamp, "data": _rates(view)})
    match = re.fullmatch(r"/v3/assets(?:/([^/]+))?(/history)?", path)
    name, history = match.groups() if match else ("", None)
    if name is None:
        return Answer(200, {"timestamp": stamp, "data": _assets(view, query)})
    return _of_one(view, name, query, with_history=history is not None)


def _of_one(view: View, name: str, query: Query, *, with_history: bool) -> Answer:
    stamp = int(view.now * 1000)
    if not with_history and (lines := chosen(_list(view), [name])):
        return Answer(200, {"timestamp": stamp, "data": _asset(tell(view, lines[0]))})
    if name not in _SYMBOLS:
        return Answer(404, {"error": f"{name} not found", "timestamp": stamp})
    if query.get("interval") not in _STEPS:
        return Answer(400, {"error": "invalid interval", "timestamp": stamp})
    data = _history(view, _SYMBOLS[name], query)
    return Answer(200, {"timestamp": stamp, "data": data})


def _list(view: View) -> list[Entry]:
    return entries(view, COINCAP, lambda coin: coin.gecko_id)


def _assets(view: View, query: Query) -> list[dict[str, Any]]:
    lines = _list(view)
    if query.get("ids"):
        lines = chosen(lines, query["ids"].split(","))
    limit = min(whole(query.get("limit", "")) or 100, _MOST_ROWS)
    offset = whole(query.get("offset", "")) or 0
    return [_asset(tell(view, line)) for line in lines[offset : offset + limit]]


def _rates(view: View) -> list[dict[str, Any]]:
    return [
        {
            "id": "united-states-dollar" if code == "usd" else name.lower().replace(" ", "-"),
            "symbol": code.upper(),
            "currencySymbol": unit,
            "type": "crypto" if kind == "crypto" else "fiat",
            "rateUsd": _text(usd),
        }
        for code, name, unit, kind, usd in dollars(view, view.until)
    ]


def _text(value: float | Decimal) -> str:
    return f"{value:.16f}"


def _asset(one: Told) -> dict[str, Any]:
    most = one.asset.max_supply
    return {
        "id": one.id,
        "rank": str(one.rank),
        "symbol": one.asset.symbol,
        "name": one.asset.name,
        "supply": _text(one.asset.supply),
        "maxSupply": None if most is None else _text(most),
        "marketCapUsd": _text(one.cap),
        "volumeUsd24Hr": _text(one.volume),
        "priceUsd": _text(one.said),
        "changePercent24Hr": _text(one.change_24h),
        "vwap24Hr": _text(one.said),
        "explorer": f"https://{one.id}.example/",
        "tokens": {},
    }


def _history(view: View, symbol: str, query: Query) -> list[dict[str, Any]]:
    step = _STEPS[query["interval"]]
    start, end = whole(query.get("start", "")), whole(query.get("end", ""))
    last = min(view.until, end / 1000 if end else view.until) // step * step
    first = start / 1000 if start else last - DAY
    count = min(int((last - first) // step) + 1, _MOST_POINTS)
    moments = [last - step * back for back in range(count - 1, -1, -1)]
    return [
        {
            "priceUsd": _text(view.usd(symbol, at)),
            "time": int(at * 1000),
            "date": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        for at in moments
    ]
