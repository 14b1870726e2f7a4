"""What is missing between the candles there are. Pure arithmetic on spans of seconds.

A span is from its first second up to, not including, its last: a pair of open times.
"""

from collections.abc import Iterable, Sequence

from market.intervals import INTERVALS, is_open_time, open_of

Span = tuple[int, int]


def missing(opened: Sequence[int], since: int, until: int, interval: str) -> list[Span]:
    """Return the spans from `since` up to, not including, `until` in which no candle opened.

    What opened may come in any order, twice, or off the interval's grid; the last is no candle.
    """
    step = INTERVALS[interval]
    first = open_of(interval, since)
    expected = first if first == since else first + step
    last = open_of(interval, until - 1) + step
    spans = []
    for at in sorted(
        {at for at in opened if expected <= at < last and is_open_time(interval, at)}
    ):
        if at > expected:
            spans.append((expected, at))
        expected = at + step
    if expected < last:
        spans.append((expected, last))
    return spans


def without(spans: Iterable[Span], known: Iterable[Span]) -> list[Span]:
    """Return what is left of the spans when the known ones are taken out."""
    taken = sorted(known)
    left = []
    for start, end in spans:
        at = start
        for taken_start, taken_end in taken:
            if taken_end <= at or taken_start >= end:
                continue
            if taken_start > at:
                left.append((at, taken_start))
            at = taken_end
        if at < end:
            left.append((at, end))
    return left
