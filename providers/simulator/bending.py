"""Faults that leave the connection alone: other prices, and answers bent out of shape."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from providers.simulator.faults import Fault
from providers.simulator.venue import View
from providers.simulator.wire.answer import Answer

# What a reader of prices cannot do without, in the providers' words.
# fmt: off
_VITAL = frozenset({
    "price", "lastPrice", "bidPrice", "askPrice", "closeTime",
    "current_price", "last_updated", "usd", "a", "b", "c", "last", "ts", "time",
    "priceUsd", "rateUsd", "price_usd", "PriceUSD", "VALUE", "VALUE_LAST_UPDATE_TS",
})
# fmt: on
_NUMERIC = re.compile(r"-?\d+(\.\d+)?")


def bend_view(fault: Fault, view: View) -> View:
    options = fault.options
    if fault.kind == "wrong_price":
        assets = options["assets"]
        return replace(
            view,
            factor=options["factor"],
            affected=None if assets is None else frozenset(assets),
        )
    if fault.kind == "stale":
        then = view.now - options["age"]
        return replace(view, now=then, until=then)
    return replace(view, until=fault.since, now=fault.since if options["timestamps"] else view.now)


def bend_answer(fault: Fault, answer: Answer) -> Answer:
    if isinstance(answer.body, str):
        return answer
    fields = fault.options.get("fields")
    body = _BODIES[fault.kind](answer.body, _VITAL if fields is None else frozenset(fields))
    return replace(answer, body=body)


def _is_row(value: Any) -> bool:
    """Tell whether this is a candle, a point or a level: scalars, the second one numeric."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and not any(isinstance(item, list | dict) for item in value)
        and _NUMERIC.fullmatch(str(value[1])) is not None
    )


def _without(value: Any, fields: Iterable[str]) -> Any:
    if isinstance(value, dict):
        return {k: _without(v, fields) for k, v in value.items() if k not in fields}
    if _is_row(value):
        return value[: len(value) // 2]
    return [_without(item, fields) for item in value] if isinstance(value, list) else value


def _nulled(value: Any, fields: Iterable[str]) -> Any:
    if isinstance(value, dict):
        return {k: None if k in fields else _nulled(v, fields) for k, v in value.items()}
    if _is_row(value):
        return [value[0], *(None for _ in value[1:])]
    return [_nulled(item, fields) for item in value] if isinstance(value, list) else value


def _each_scalar(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {k: _each_scalar(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [_each_scalar(item, change) for item in value]
    return change(value)


def _quoted(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return json.dumps(value) if is_number else value


def _unquoted(value: Any) -> Any:
    return float(value) if isinstance(value, str) and _NUMERIC.fullmatch(value) else value


def _emptied(value: Any) -> Any:
    for name in ("result", "data"):
        if isinstance(value, dict) and name in value:
            return {**value, name: _emptied(value[name])}
    return [] if isinstance(value, list) else {}


_BODIES: Mapping[str, Callable[[Any, Iterable[str]], Any]] = {
    "missing_fields": _without,
    "nulls": _nulled,
    "numbers_as_strings": lambda body, _: _each_scalar(body, _quoted),
    "strings_as_numbers": lambda body, _: _each_scalar(body, _unquoted),
    "empty": lambda body, _: _emptied(body),
}
