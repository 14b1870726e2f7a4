"""Reading upstream answers: exact numbers and aware times, or BadPayload."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NoReturn

from cryptodt.common.money import exact
from providers.exceptions import BadPayload

# No exchange is older than Bitcoin; a time outside says that a unit was mistaken.
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def read_json(text: str, *, fractions: Callable[[str], Any] = Decimal) -> Any:
    """Return the decoded body with every fraction kept exact."""
    try:
        return json.loads(text, parse_float=fractions, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        start = text[:60].strip()
        what = "a web page" if start[:1] == "<" else "something that is not JSON"
        raise BadPayload(f"answered with {what}: {start!r}") from None


def number(row: Mapping[str, Any], name: str) -> Decimal | None:
    try:
        return exact(row.get(name))
    except ValueError as error:
        raise BadPayload(f"{name} is {error}") from None


def positive(row: Mapping[str, Any], name: str) -> Decimal:
    """Return a price: something is always paid, so zero means that the upstream does not know."""
    value = number(row, name)
    if value is None or value <= 0:
        raise BadPayload(f"{name} is missing or not above zero")
    return value


def from_milliseconds(value: object) -> datetime:
    try:
        return _plausible(datetime.fromtimestamp(int(str(value)) / 1000, UTC))
    except (ValueError, OverflowError, OSError):
        raise BadPayload(f"not a time in milliseconds: {value!r}") from None


def from_iso(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise BadPayload(f"not an ISO time: {value!r}") from None
    return _plausible(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _plausible(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        raise BadPayload(f"the time {moment.isoformat()} cannot be right")
    return moment
