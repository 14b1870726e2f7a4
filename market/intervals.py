"""The intervals of candles: how long each is, and when one opens. Pure arithmetic on seconds."""

from collections.abc import Iterator, Mapping

from cryptodt.common.errors import InvalidInterval

MINUTE, HOUR, DAY = 60, 3600, 86400
INTERVALS: Mapping[str, int] = {
    "1m": MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "1h": HOUR,
    "4h": 4 * HOUR,
    "1d": DAY,
    "1w": 7 * DAY,
}
# Weeks open on Monday, and the clock of computers began on a Thursday.
_FIRST_MONDAY = 4 * DAY


def interval_of(typed: str) -> str:
    """Return the interval meant, or refuse with those there are."""
    interval = typed.strip()
    if interval not in INTERVALS:
        raise InvalidInterval(
            f"`interval` is one of {', '.join(INTERVALS)}.",
            details={"interval": interval[:20], "accepted": list(INTERVALS)},
        )
    return interval


def open_of(interval: str, second: int) -> int:
    """Return when the candle opened that this second belongs to."""
    step, first = INTERVALS[interval], _first(interval)
    return first + (second - first) // step * step


def is_open_time(interval: str, second: int) -> bool:
    return open_of(interval, second) == second


def opens(interval: str, since: int, until: int) -> Iterator[int]:
    """Yield the open times from `since` up to, not including, `until`."""
    first = open_of(interval, since)
    step = INTERVALS[interval]
    return iter(range(first if first == since else first + step, until, step))


def _first(interval: str) -> int:
    return _FIRST_MONDAY if interval == "1w" else 0
