"""CoinCap 3: every number is text with sixteen decimals; version 2 only says that it is gone.

https://pro.coincap.io/api-docs
"""

import re
from datetime import UTC, datetime
from typing import Any

from providers.simulator.market import DAY, HOUR, MINUTE
from providers.simulator.venue import View
from providers.simulator.wire.aggregator_names import COINCAP, Told, told
from providers.simulator.wire.answer import Answer, Query, whole

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
_SYMBOLS = {name: symbol for symbol, name in COINCAP.items()}


def answer(view: View, path: str, query: Query) -> Answer:
    stamp = int(view.now * 1000)
    if path.startswith("/v2/"):
        message = "This version is switched off. Please move to version 3."
        return Answer(200, {"data": {"message": message}, "timestamp": stamp})
    match = re.fullmatch(r"/v3/assets(?:/([^/]+))?(/history)?", path)
    name, history = match.groups() if match else ("", None)
    if name is None:
        return Answer(200, {"timestamp": stamp, "data": _assets(view, query)})
    if name not in _SYMBOLS:
        return Answer(404, {"error": f"{name} not found", "timestamp": stamp})
    if history and query.get("interval") not in _STEPS:
        return Answer(400, {"error": "invalid interval", "timestamp": stamp})
    data: Any = (
        _history(view, _SYMBOLS[name], query)
        if history
        else next(_asset(one) for one in told(view, COINCAP) if one.id == name)
    )
    return Answer(200, {"timestamp": stamp, "data": data})


def _assets(view: View, query: Query) -> list[dict[str, Any]]:
    rows = told(view, COINCAP)
    if query.get("ids"):
        wanted = query["ids"].split(",")
        rows = [one for one in rows if one.id in wanted]
    limit = whole(query.get("limit", "")) or 100
    offset = whole(query.get("offset", "")) or 0
    return [_asset(one) for one in rows[offset : offset + limit]]


def _text(value: float) -> str:
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
        "priceUsd": _text(one.price),
        "changePercent24Hr": _text(one.change_24h),
        "vwap24Hr": _text(one.price),
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
