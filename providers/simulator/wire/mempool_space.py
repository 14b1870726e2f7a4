"""mempool.space: fees, the tip of the chain and the work behind it."""

from collections.abc import Callable, Mapping
from typing import Any

from providers.simulator.market import DAY
from providers.simulator.venue import View
from providers.simulator.wire import chain_facts
from providers.simulator.wire.answer import Answer, Query

_TEXT = {"Content-Type": "text/plain; charset=utf-8"}
_DAYS = {"1m": 30, "3m": 90, "6m": 180, "1y": 365}
_FORTNIGHT = 14


def _fees(view: View) -> Answer:
    fastest = round(chain_facts.fee(view, "bitcoin", view.until), 3)
    hour = round(max(1.0, fastest * 0.6), 3)
    body = {
        "fastestFee": fastest,
        "halfHourFee": round(max(1.0, fastest * 0.8), 3),
        "hourFee": hour,
        "economyFee": min(hour, 1),
        "minimumFee": 1,
    }
    return Answer(200, body)


def _height(view: View) -> Answer:
    return Answer(200, str(chain_facts.height("bitcoin", view.until)), _TEXT)


def _spelled(value: float) -> Any:
    # As a script engine writes it: whole up to twenty-one digits, with an exponent beyond.
    return int(value) if value < 1e21 else value  # noqa: PLR2004


def _mining(view: View, days: int) -> Answer:
    today = int(view.until // DAY)
    span = range(today - days + 1, today + 1)
    changes = [day for day in span if day % _FORTNIGHT == 0]
    difficulties = [chain_facts.difficulty(view, "bitcoin", day * DAY) for day in changes]
    body = {
        "hashrates": [
            {
                "timestamp": day * DAY,
                "avgHashrate": _spelled(chain_facts.hash_rate(view, "bitcoin", day)),
            }
            for day in span
        ],
        "difficulty": [
            {
                "time": day * DAY,
                "height": chain_facts.height("bitcoin", day * DAY),
                "difficulty": value,
                "adjustment": value / chain_facts.difficulty(view, "bitcoin", day * DAY - 1),
            }
            for day, value in zip(changes, difficulties, strict=True)
        ],
        "currentHashrate": _spelled(chain_facts.hash_rate(view, "bitcoin", today)),
        "currentDifficulty": chain_facts.difficulty(view, "bitcoin", view.until),
    }
    return Answer(200, body)


_PLACES: Mapping[str, Callable[[View], Answer]] = {
    "/api/v1/fees/recommended": _fees,
    "/api/blocks/tip/height": _height,
}
_MINING = "/api/v1/mining/hashrate/"


def answer(view: View, path: str, query: Query) -> Answer:
    if path in _PLACES:
        return _PLACES[path](view)
    if path.startswith(_MINING) and path.removeprefix(_MINING) in _DAYS:
        return _mining(view, _DAYS[path.removeprefix(_MINING)])
    return Answer(404, f"Cannot GET {path}", _TEXT)
