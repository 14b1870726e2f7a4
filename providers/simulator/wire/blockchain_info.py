"""blockchain.info: Bitcoin's charts, one point a day."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from providers.simulator.market import DAY
from providers.simulator.venue import View
from providers.simulator.wire import chain_facts
from providers.simulator.wire.answer import JSON, Answer, Query, whole

_HALVINGS = 210000
_TERA = 10**12
# Sent with good answers as well.
_HEADERS = {**JSON, "Retry-After": "60", "CF-Rate-Limit-Action": "simulate"}
_DAYS = 30
_MOST_DAYS = 366


class Chart(NamedTuple):
    name: str
    unit: str
    about: str
    point: Callable[[View, int], float]


def _supply(view: View, day: int) -> float:
    height, supply, reward = chain_facts.height("bitcoin", day * DAY), 0.0, 50.0
    while height > 0:
        supply += min(height, _HALVINGS) * reward
        height, reward = height - _HALVINGS, reward / 2
    return supply


_CHARTS: Mapping[str, Chart] = {
    "n-transactions": Chart(
        "Confirmed Transactions Per Day",
        "Transactions",
        "How many transactions were confirmed on each day.",
        lambda view, day: float(chain_facts.transactions(view, "bitcoin", day)),
    ),
    "total-bitcoins": Chart("Bitcoins in circulation", "BTC", "How many exist.", _supply),
    "hash-rate": Chart(
        "Hash Rate",
        "Hash Rate TH/s",
        "How much work was done on each day.",
        lambda view, day: chain_facts.hash_rate(view, "bitcoin", day) / _TERA,
    ),
}


def answer(view: View, path: str, query: Query) -> Answer:
    chart = _CHARTS.get(path.removeprefix("/charts/"))
    if chart is None:
        return Answer(404, {"status": "not-found", "error": "No chart with this name"})
    asked = whole(query.get("timespan", "").removesuffix("days"))
    today = int(view.until // DAY)
    days = range(today - min(asked or _DAYS, _MOST_DAYS) + 1, today + 1)
    body = {
        "status": "ok",
        "name": chart.name,
        "unit": chart.unit,
        "period": "day",
        "description": chart.about,
        "values": [{"x": day * DAY, "y": chart.point(view, day)} for day in days],
    }
    return Answer(200, body, _HEADERS)
