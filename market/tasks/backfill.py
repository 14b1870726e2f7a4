"""Candles from long ago: what is missing since a day, asked for page by page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from market.intervals import open_of, opens
from market.models import Gap, Series
from market.selectors.candles import gaps_in
from market.selectors.series import count_between
from market.services.gaps import find_gaps
from market.tasks.repair import repair


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a series is: candles there are, and those there should be."""

    stored: int
    wanted: int
    # The budget is spent, and the next minute brings another.
    is_waiting: bool = False


def fill_since(series: Series, since: datetime) -> Iterator[Progress]:
    """Ask for every candle that is missing since then; yield after each page.

    What is missing is written down first, so whoever is interrupted goes on where it was: nothing
    that is stored is asked for again, and the repair of every minute knows of the rest.
    """
    now = timezone.now()
    start, end = int(since.timestamp()), open_of(series.interval, int(now.timestamp()))
    find_gaps(series, since=start, until=end, now=now)
    tried: set[tuple[int, int]] = set()
    yield _progress(series, start, end)
    while (gap := _next(series, start, end, tried)) is not None:
        is_waiting = repair(gap) == 0
        if not is_waiting:
            tried.add((gap.start, gap.end))
        yield _progress(series, start, end, is_waiting=is_waiting)


def left_since(series: Series, since: datetime) -> list[Gap]:
    """Return what could not be filled; each gap says why."""
    return gaps_in(series, int(since.timestamp()), int(timezone.now().timestamp()))


def _next(series: Series, start: int, end: int, tried: set[tuple[int, int]]) -> Gap | None:
    """Return the oldest gap that was not asked for in vain."""
    gaps = gaps_in(series, start, end)
    return next((gap for gap in gaps if (gap.start, gap.end) not in tried), None)


def _progress(series: Series, start: int, end: int, *, is_waiting: bool = False) -> Progress:
    wanted = sum(1 for _ in opens(series.interval, start, end))
    return Progress(count_between(series, start, end), wanted, is_waiting)
