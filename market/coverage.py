"""Which span a page of candles answers for, so that what is missing in it can be told."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.intervals import INTERVALS, open_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How far a series reaches: its newest candle, and where its first upstream begins."""

    interval: str
    newest: int
    newest_is_open: bool
    begins_at: int | None = None

    @property
    def end(self) -> int:
        return self.newest + INTERVALS[self.interval]

    @property
    def settled_until(self) -> int:
        """Return up to when candles change by corrections only."""
        return self.newest if self.newest_is_open else self.end

    def behind(self, now: int, *, since: int | None, until: int | None) -> tuple[int, int] | None:
        """Return the span that passed since the newest candle ended and left no candle here, as
        far as it is asked for.

        The candle of this very moment is not missed: it may not have had a trade yet.
        """
        low, high = self.end, open_of(self.interval, now)
        if since is not None:
            low = max(low, self._opening(since))
        if until is not None:
            high = min(high, self._opening(until))
        return (low, high) if low < high else None

    def _opening(self, second: int) -> int:
        """Return when the first candle opens that does not open before this second."""
        return open_of(self.interval, second + INTERVALS[self.interval] - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Where a page stands in its walk: its candles' open times, ascending, and what bounds it."""

    opened: Sequence[int]
    has_more: bool
    since: int | None
    until: int | None
    after: int | None
    forward: bool
    closed_only: bool

    @property
    def reaches_the_end(self) -> bool:
        """Say whether no page of its walk has newer candles."""
        return not self.has_more if self.forward else self.after is None


def candles_in(start: int, end: int, interval: str) -> int:
    """Return how many candles there are to a span that begins where one opens."""
    return -(-(end - start) // INTERVALS[interval])


def claimed(stretch: Stretch, extent: Extent) -> tuple[int, int]:
    """Return from when, and up to but not including when, the page claims to know each candle.

    Pages of one walk claim adjoining spans, so that a gap between two of them is told once.
    """
    end = extent.settled_until if stretch.closed_only else extent.end
    if stretch.until is not None:
        end = min(end, stretch.until)
    step = INTERVALS[extent.interval]
    if stretch.forward:
        low = _beginning(stretch, end) if stretch.after is None else stretch.after + step
        high = stretch.opened[-1] + step if stretch.has_more else end
    else:
        low = stretch.opened[0] if stretch.has_more else _beginning(stretch, end)
        high = end if stretch.after is None else stretch.after
    if extent.begins_at is not None:
        low = max(low, extent.begins_at)
    return low, max(low, high)


def is_live(stretch: Stretch, extent: Extent) -> bool:
    """Say whether the page shows, or would show, what goes on now; what is closed never ages."""
    return stretch.reaches_the_end and (
        stretch.until is None or stretch.until > extent.settled_until
    )


def _beginning(stretch: Stretch, end: int) -> int:
    # Zero means all there is, and nobody misses the candles of 1970.
    return stretch.since or (stretch.opened[0] if stretch.opened else end)
