"""Reading upstream answers: exact numbers and aware times, or BadPayload."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any, NoReturn

from cryptodt.common.money import PRECISION, decimals, exact
from providers.exceptions import BadPayload

# No exchange is older than Bitcoin; a time outside says that a unit was mistaken.
EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

# Upstreams reckon percentages in floats; what stands behind is the float's and nobody's word.
PERCENT_PLACES = 6

# Multiplied out, as ccxt does it, ten to the power of a billion takes for ever. Only what stands
# alone counts: identifiers are full of pieces that look like it.
ENDLESS = re.compile(
    r"""(?:(?<![^\s:,\["])|(?<=\\[bfnrt]))[+-]?"""
    r"""(?:\d[\d_]*(?:\.[\d_]*)?|\.[\d_]+)[eE]\s*[+-]?[\d_]{4,}(?![^\s,\]}"\\])"""
)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def read_json(text: str, *, fractions: Callable[[str], Any] = Decimal) -> Any:
    """Return the decoded body with every fraction kept exact."""
    if ENDLESS.search(text):
        raise BadPayload("answered with a number that nobody could write out")
    try:
        return json.loads(text, parse_float=fractions, parse_constant=_refuse_constant)
    # ArithmeticError: an exponent so long that not even a Decimal takes it.
    except (ValueError, ArithmeticError, RecursionError):
        start = text[:60].strip()
        what = "a web page" if start[:1] == "<" else "something that is not JSON"
        raise BadPayload(f"answered with {what}: {start!r}") from None


def number(row: Mapping[str, Any], name: str) -> Decimal | None:
    try:
        return exact(row.get(name))
    except (ValueError, RecursionError) as error:
        raise BadPayload(f"{name} is {str(error)[:120]}") from None


def amount(row: Mapping[str, Any], name: str) -> Decimal | None:
    """Return a number of something that there cannot be less than nothing of."""
    value = number(row, name)
    if value is not None and value < 0:
        raise BadPayload(f"{name} is below zero: {value}")
    return value


def known(row: Mapping[str, Any], name: str) -> Decimal | None:
    """Return an amount above zero: zero is how upstreams say that they do not know."""
    return amount(row, name) or None


def percentage(row: Mapping[str, Any], name: str) -> Decimal | None:
    """Return a share or a change in percent, rounded to six digits behind the point."""
    value = number(row, name)
    if value is None or decimals(value) <= PERCENT_PLACES:
        return value
    with localcontext(prec=PRECISION):
        return value.quantize(Decimal(1).scaleb(-PERCENT_PLACES))


def share(row: Mapping[str, Any], name: str) -> Decimal | None:
    """Return a percentage above zero: zero is how upstreams say that they do not know."""
    return None if known(row, name) is None else percentage(row, name)


def rank(row: Mapping[str, Any], name: str) -> int | None:
    value = number(row, name)
    if value is None:
        return None
    if value < 1 or value != value.to_integral_value():
        raise BadPayload(f"{name} is not a rank: {value}")
    return int(value)


def text(row: Mapping[str, Any], name: str) -> str:
    """Return a name or the like; empty when it is missing."""
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise BadPayload(f"{name} is not a text: {_shown(value)}")
    return storable(value or "")


def storable(value: str) -> str:
    """Return a text without the marks that no database takes: NUL, and halves of letters."""
    return value.encode("utf-8", errors="ignore").decode().replace("\0", "").strip()


def objects(rows: Any) -> list[Mapping[str, Any]]:
    """Return a list that holds nothing but objects."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadPayload("is not a list of objects where one belongs")
    return rows


def from_milliseconds(value: object) -> datetime:
    try:
        if not isinstance(value, str | int):
            raise TypeError
        return _plausible(datetime.fromtimestamp(int(value) / 1000, UTC))
    except (TypeError, ValueError, OverflowError, OSError):
        raise BadPayload(f"not a time in milliseconds: {_shown(value)}") from None


def from_seconds(value: object) -> datetime:
    try:
        if not isinstance(value, str | int):
            raise TypeError
        return _plausible(datetime.fromtimestamp(int(value), UTC))
    except (TypeError, ValueError, OverflowError, OSError):
        raise BadPayload(f"not a time in seconds: {_shown(value)}") from None


def from_iso(value: object) -> datetime:
    try:
        if not isinstance(value, str):
            raise TypeError
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadPayload(f"not an ISO time: {_shown(value)}") from None
    return _plausible(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _shown(value: object) -> str:
    return repr(value)[:60] if isinstance(value, str | int) else f"a {type(value).__name__}"


def _plausible(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        raise BadPayload(f"the time {moment.isoformat()} cannot be right")
    return moment
