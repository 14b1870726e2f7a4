"""What streams share: frames into objects, times and numbers into order, bars that can be."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from providers.exceptions import BadPayload
from providers.parse import amount, known, read_json
from providers.stream import INTERVAL
from providers.types import Candle, Pair

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# No venue's message is so deep, and none has so many rows.
MOST_ROWS = 5000


def opened(text: str) -> Mapping[str, Any]:
    """Return the object that a frame holds."""
    frame = read_json(text)
    if not isinstance(frame, dict):
        raise BadPayload(f"sent something that is no object: {text[:60]!r}")
    return frame


def spoken(message: Mapping[str, Any]) -> str:
    """Return a message of ours as it goes out."""
    return json.dumps(message, separators=(",", ":"))


def part(frame: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = frame.get(name)
    if not isinstance(value, dict):
        raise BadPayload(f"{name} is no object")
    return value


def rows(frame: Mapping[str, Any], name: str) -> list[Any]:
    value = frame.get(name)
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        raise BadPayload(f"{name} is no list that could be read")
    return value


def pair_of(name: object, pairs: Mapping[str, Pair]) -> Pair:
    """Return the pair that a frame speaks of; one that nobody asked for is none."""
    pair = pairs.get(name) if isinstance(name, str) else None
    if pair is None:
        raise BadPayload(f"speaks of {str(name)[:40]!r}, which nobody asked for")
    return pair


def price_of(row: Mapping[str, Any], name: str) -> Decimal:
    price = known(row, name)
    if price is None:
        raise BadPayload(f"a ticker has no {name}")
    return price


def counted(row: Mapping[str, Any], name: str) -> int | None:
    """Return a number that a venue counts by, or nothing where there is none."""
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= DIGITS:
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadPayload(f"{name} is no number to count by: {str(value)[:40]!r}")
    return value


DIGITS = 30


def microseconds(moment: datetime) -> int:
    """Return a time as a whole number that can be compared exactly."""
    apart = moment - EPOCH
    return (apart.days * 86400 + apart.seconds) * 1_000_000 + apart.microseconds


def bar(
    pair: Pair, opened_at: datetime, numbers: Mapping[str, Any], *, is_closed: bool, source: str
) -> Candle:
    """Return a candle of one minute, unless it cannot be one."""
    if opened_at.second or opened_at.microsecond:
        raise BadPayload(f"no candle opens at {opened_at.isoformat()}")
    values = {name: _told(numbers, name) for name in NUMBERS}
    low, high = values["low"], values["high"]
    first, last = values["open"], values["close"]
    if not 0 < low <= min(first, last) <= max(first, last) <= high:
        raise BadPayload(f"a candle of {opened_at.isoformat()} cannot be")
    return Candle(
        symbol=pair.symbol,
        currency=pair.currency,
        interval=INTERVAL,
        opened_at=opened_at,
        is_closed=is_closed,
        source=source,
        **values,
    )


NUMBERS = ("open", "high", "low", "close", "volume")


def named(values: Iterable[Any]) -> dict[str, Any]:
    """Return open, high, low, close and volume by their names."""
    return dict(zip(NUMBERS, values, strict=False))


def _told(numbers: Mapping[str, Any], name: str) -> Decimal:
    value = amount(numbers, name)
    if value is None:
        raise BadPayload(f"a candle has no {name}")
    return value
