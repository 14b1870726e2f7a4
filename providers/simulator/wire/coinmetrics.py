"""Coin Metrics: numbers as text, times to the nanosecond, one row per asset and day.

https://docs.coinmetrics.io/api/v4/
"""

from datetime import UTC, datetime
from typing import Any

from providers.simulator.market import DAY, OPENED
from providers.simulator.venue import View
from providers.simulator.wire.aggregator_names import COINMETRICS
from providers.simulator.wire.answer import Answer, Query

_SYMBOLS = {name: symbol for symbol, name in COINMETRICS.items()}


def answer(view: View, path: str, query: Query) -> Answer:
    if path != "/v4/timeseries/asset-metrics":
        return _refused("not_found", f"Path '{path}' is not found.", 404)
    asset, metric = query.get("assets", ""), query.get("metrics", "")
    if asset not in _SYMBOLS and query.get("ignore_unsupported_errors") == "true":
        return Answer(200, {"data": []})
    if asset not in _SYMBOLS:
        return _refused("bad_parameter", f"Bad parameter 'assets'. Value '{asset}' is not known.")
    if metric != "PriceUSD" or query.get("frequency") != "1d":
        return _refused(
            "bad_parameter", f"Bad parameter 'metrics'. Value '{metric}' is not known."
        )
    start = query.get("start_time", "2010-01-01")
    return Answer(200, {"data": _rows(view, asset, start)})


def _refused(kind: str, message: str, status: int = 400) -> Answer:
    return Answer(status, {"error": {"type": kind, "message": message}})


def _rows(view: View, asset: str, start: str) -> list[dict[str, Any]]:
    since = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp())
    first = -(-max(since, OPENED) // DAY) * DAY
    # A day's price is that of its end, so the last day is the one that is over.
    return [
        {
            "asset": asset,
            "time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000000000Z"),
            "PriceUSD": f"{view.usd(_SYMBOLS[asset], at + DAY):.15g}",
        }
        for at in range(first, int(view.until) - DAY + 1, DAY)
    ]
