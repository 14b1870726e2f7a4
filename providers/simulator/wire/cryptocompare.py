"""CoinDesk Data: `Data` and `Err` side by side, names in capitals, times in seconds.

https://developers.coindesk.com/documentation/data-api
"""

from typing import Any

from providers.simulator.market import DAY, HOUR, OPENED
from providers.simulator.venue import View
from providers.simulator.wire.aggregator_names import CRYPTOCOMPARE, Told, told
from providers.simulator.wire.answer import Answer, Query, whole

_UNITS = {"days": ("DAY", DAY), "hours": ("HOUR", HOUR)}
_MOST_ROWS = 2000


def answer(view: View, path: str, query: Query) -> Answer:
    if path == "/index/cc/v1/latest/tick":
        return _ticks(view, query)
    unit = path.removeprefix("/index/cc/v1/historical/")
    if unit not in _UNITS:
        return _refused(f"The path {path} does not exist.")
    symbol = query.get("instrument", "").removesuffix("-USD")
    if symbol not in CRYPTOCOMPARE:
        return _refused("Invalid: instrument parameter. The instrument does not exist on cadli.")
    return Answer(200, {"Data": _rows(view, unit, symbol, query), "Err": {}})


def _refused(message: str) -> Answer:
    return Answer(404, {"Data": {}, "Err": {"type": 1, "message": message, "other_info": {}}})


def _ticks(view: View, query: Query) -> Answer:
    wanted = query.get("instruments", "").split(",")
    rows = [one for one in told(view, CRYPTOCOMPARE) if f"{one.id}-USD" in wanted]
    if not rows:
        return _refused("Invalid: instruments parameter. None of them does exist on cadli.")
    return Answer(200, {"Data": {f"{one.id}-USD": _tick(one) for one in rows}, "Err": {}})


def _tick(one: Told) -> dict[str, Any]:
    return {
        "TYPE": "266",
        "MARKET": "cadli",
        "INSTRUMENT": f"{one.id}-USD",
        "CCSEQ": int(one.at),
        "VALUE": one.price,
        "VALUE_FLAG": "UP",
        "VALUE_LAST_UPDATE_TS": int(one.at),
        "VALUE_LAST_UPDATE_TS_NS": int(one.at % 1 * 1e9),
        "MOVING_24_HOUR_VOLUME": one.volume / one.price,
        "MOVING_24_HOUR_QUOTE_VOLUME": one.volume,
        "MOVING_24_HOUR_CHANGE_PERCENTAGE": one.change_24h,
    }


def _rows(view: View, unit: str, symbol: str, query: Query) -> list[dict[str, Any]]:
    name, step = _UNITS[unit]
    count = min(whole(query.get("limit", "")) or 30, _MOST_ROWS)
    last = int(view.until) // step * step
    starts = [last - step * back for back in range(count - 1, -1, -1)]
    return [_row(view, symbol, name, at, step) for at in starts if at >= OPENED]


def _row(view: View, symbol: str, unit: str, at: int, step: int) -> dict[str, Any]:
    span = view.market.span(symbol, at, max(min(at + step, view.second + 1), at + 1))
    first, high, low, last = (view.usd_at_log(symbol, y) for y in span[:4])
    return {
        "UNIT": unit,
        "TIMESTAMP": at,
        "TYPE": "267",
        "MARKET": "cadli",
        "INSTRUMENT": f"{symbol}-USD",
        "OPEN": first,
        "HIGH": high,
        "LOW": low,
        "CLOSE": last,
        "FIRST_MESSAGE_TIMESTAMP": at,
        "LAST_MESSAGE_TIMESTAMP": at + step - 1,
        "TOTAL_INDEX_UPDATES": step,
        "VOLUME": 1000.0,
        "QUOTE_VOLUME": 1000.0 * last,
    }
