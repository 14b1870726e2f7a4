"""Alternative.me: one mood a day, from where the price of Bitcoin stands and how it shakes."""

import math
from itertools import pairwise
from typing import Any

from providers.simulator.assets import BY_SYMBOL
from providers.simulator.market import DAY, OPENED
from providers.simulator.venue import View
from providers.simulator.wire.answer import HTML, Answer, Query, whole

_MONTH = 30
_CLASSES = (
    (25, "Extreme Fear"),
    (46, "Fear"),
    (54, "Neutral"),
    (75, "Greed"),
    (100, "Extreme Greed"),
)


def answer(view: View, path: str, query: Query) -> Answer:
    if path.rstrip("/") != "/fng":
        return Answer(404, "<html><body><h1>404 Not Found</h1></body></html>", HTML)
    today = view.second // DAY
    # The month before the first reading is what it is about.
    most = today - OPENED // DAY - _MONTH
    asked = whole(query.get("limit", "1"))
    count = min(asked or most, most) if asked is not None else 1
    body = {
        "name": "Fear and Greed Index",
        "data": [_reading(view, today - back, today) for back in range(count)],
        "metadata": {"error": None},
    }
    return Answer(200, body)


def _reading(view: View, day: int, today: int) -> dict[str, Any]:
    value = mood(view, day)
    name = next(name for most, name in _CLASSES if value <= most)
    row = {"value": str(value), "value_classification": name, "timestamp": str(day * DAY)}
    if day == today:
        row["time_until_update"] = str((day + 1) * DAY - view.second)
    return row


def mood(view: View, day: int) -> int:
    opens = [view.market.day_open("BTC", (day - back) * DAY) for back in range(_MONTH, -1, -1)]
    usual = BY_SYMBOL["BTC"].volatility
    trend = (opens[-1] - opens[0]) / (usual * math.sqrt(_MONTH))
    steps = [after - before for before, after in pairwise(opens)]
    shaken = math.sqrt(sum(step * step for step in steps) / len(steps)) / usual - 1
    return round(50 + 49 * math.tanh(0.45 * trend - 0.3 * shaken))
