"""What somebody typed behind the question mark -> values, or a refusal that says what is accepted."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from cryptodt.common.errors import InvalidRequest

Parameters = Mapping[str, Sequence[str]]

# What is repeated of a wrong value; more would be the caller's own megabyte sent back.
ECHOED = 40
_WHOLE = re.compile(r"[0-9]{1,18}", re.ASCII)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII | re.IGNORECASE,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
# Seconds and milliseconds of 2001 and later, which no number can be at once. Anything between and
# below is a date without its dashes or a finer unit, and would be read as a wrong year in silence.
_SECONDS = range(10**9, 10**11)
_MILLISECONDS = range(10**12, 10**14)
_MOMENTS = (
    "milliseconds or seconds since 1970 (0, or of 2001 and later), or ISO 8601 such as 2026-01-31 "
    "or 2026-01-31T12:00:00Z, in UTC when it names no offset"
)
_YES_OR_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def one(typed: Parameters, name: str) -> str | None:
    """Return the one value of a parameter; two that differ are no answer to which is meant."""
    values = {value.strip() for value in typed.get(name, ())}
    if len(values) > 1:
        raise InvalidRequest(
            f"`{name}` is given {len(values)} times with different values.",
            details={"parameter": name},
        )
    return values.pop() if values else None


def whole(typed: Parameters, name: str, *, least: int, most: int, default: int) -> int:
    """Return a whole number between two bounds."""
    text = one(typed, name)
    if text is None:
        return default
    if _WHOLE.fullmatch(text) and least <= (number := int(text)) <= most:
        return number
    raise wrong(name, text, f"a whole number from {least} to {most}")


def choice(typed: Parameters, name: str, accepted: Sequence[str], *, default: str) -> str:
    text = one(typed, name)
    if text is None:
        return default
    if text.lower() in accepted:
        return text.lower()
    raise wrong(name, text, " or ".join(accepted))


def yes_or_no(typed: Parameters, name: str) -> bool:
    """Return whether something is wanted; what is not mentioned is not."""
    text = one(typed, name)
    if text is None:
        return False
    if (meant := _YES_OR_NO.get(text.lower())) is not None:
        return meant
    raise wrong(name, text, "true or false")


def moment(typed: Parameters, name: str) -> int | None:
    """Return the first whole second that is not before the moment meant."""
    text = one(typed, name)
    if text is None:
        return None
    second = _from_number(text) if _WHOLE.fullmatch(text) else _from_iso(text)
    if second is None:
        raise wrong(name, text, _MOMENTS)
    return second


def wrong(name: str, text: str, accepted: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{name}` is {accepted}.",
        details={"parameter": name, "value": text[:ECHOED], "accepted": accepted},
    )


def _from_number(text: str) -> int | None:
    number = int(text)
    if number == 0 or number in _SECONDS:
        return number
    return -(-number // 1000) if number in _MILLISECONDS else None


def _from_iso(text: str) -> int | None:
    if not _ISO.fullmatch(text):
        return None
    try:
        meant = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    if meant.tzinfo is None:
        meant = meant.replace(tzinfo=UTC)
    second = -((_EPOCH - meant) // _SECOND)
    return second if second >= 0 else None
