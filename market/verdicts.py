"""What upstreams' answers say about a gap, and when it is worth asking again. Pure."""

from collections.abc import Collection
from datetime import timedelta
from enum import Enum


class Verdict(Enum):
    # It has candles before the gap and after it, and none inside.
    EMPTY = "empty"
    # Its first candle opened after the gap.
    LATER = "later"
    # The answer does not reach over the gap: it proves nothing.
    UNPROVEN = "unproven"


FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
# What was proven to be empty stays so, but for a venue that delivers late.
DAILY = 7
# Those who answer and prove nothing will hardly say more the next time.
STUBBORN = 8


def verdict(opened: Collection[int], start: int, end: int) -> Verdict:
    """Return what candles that opened at these times say about a gap that they left open."""
    if opened and min(opened) >= end:
        return Verdict.LATER
    if opened and min(opened) < start and max(opened) >= end:
        return Verdict.EMPTY
    return Verdict.UNPROVEN


def wait(attempts: int, *, is_settled: bool, is_answered: bool) -> timedelta:
    """Return how long to wait after so many attempts: minutes at first, days where all is said."""
    if is_settled:
        return DAY if attempts <= DAILY else WEEK
    if is_answered and attempts > STUBBORN:
        return DAY
    doublings = min(attempts - 1, 12)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
