"""Reading candles: pages of a series, and what is known to be missing from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import Max

from market.candle_snapshot import Bar
from market.coverage import Extent
from market.models import Candle, Gap, Series

__all__ = ["Bar", "Head", "Page", "count", "gaps_in", "newest_open", "page", "seen_at"]

# Numbers leave the database spelled as `cryptodt.common.money.spell` would: on SQLite they are
# stored like that, PostgreSQL is told to.
_NUMBERS = {
    "sqlite": "open, high, low, close, volume",
    "postgresql": (
        "trim_scale(open)::text, trim_scale(high)::text, trim_scale(low)::text,"
        " trim_scale(close)::text, trim_scale(volume)::text"
    ),
}

# A series by its name, its newest candle, and on each row one of those that are wanted.
_PAGE = """
WITH head AS (
  SELECT series.id, begins_at FROM market_series AS series
  JOIN market_asset AS asset ON asset.id = series.asset_id
  WHERE asset.symbol = %s AND series.currency = %s AND series."interval" = %s
), newest AS (
  SELECT opened_at, state, seen_at FROM market_candle
  WHERE series_id = (SELECT id FROM head) ORDER BY opened_at DESC LIMIT 1
)
SELECT head.*, newest.*, bar.* FROM head CROSS JOIN newest LEFT JOIN ({bars}) AS bar ON 1 = 1
ORDER BY bar.opened_at {order}
"""
_HEAD_WIDTH = 5
# A page has hundreds of rows, so they become bars without a line of Python for each.
_AFTER_HEAD = itemgetter(slice(_HEAD_WIDTH, None))
_BAR: Callable[[tuple[Any, ...]], Bar] = partial(tuple.__new__, Bar)


@dataclass(frozen=True, slots=True)
class Head:
    """A series that holds something, and what of it each of its pages needs to know."""

    series: Series
    extent: Extent
    seen_at: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some candles of a series, the open time after which the next page begins, if any, and the
    head of the series, if it holds anything at all."""

    bars: Sequence[Bar]
    next: int | None
    head: Head | None


def page(  # noqa: PLR0913 each narrows the one question that a page answers
    symbol: str,
    currency: str,
    interval: str,
    *,
    since: int | None = None,
    until: int | None = None,
    limit: int,
    newest_first: bool = False,
    closed_only: bool = False,
    after: int | None = None,
) -> Page:
    """Return the candles of one series that opened from `since` up to, not including, `until`.

    Without `since` they are the latest `limit`, put into the order that was asked for. `after`
    is the `next` of the page before; a page that starts there skips and repeats nothing.
    """
    latest = newest_first or (since is None and after is None)
    if after is not None and newest_first:
        until = after if until is None else min(until, after)
    elif after is not None:
        since = after + 1 if since is None else max(since, after + 1)
    # One more than asked for tells whether there is another page.
    wanted = _Wanted(since, until, limit + 1, latest=latest, closed_only=closed_only)
    head, bars = _with_head((symbol, currency, interval), wanted)
    more, bars = len(bars) > limit, bars[:limit]
    if latest and not newest_first:
        # The latest in the order of time: nothing comes after them.
        return Page(bars[::-1], None, head)
    return Page(bars, bars[-1].opened_at if more else None, head)


def seen_at(series: Series, span: tuple[int, int], moment: int, *, limit: int) -> Sequence[Bar]:
    """Return the newest candles of a span, both ends included, that were last seen just then."""
    since, last = span
    sql, values = _Wanted(since, last + 1, limit, latest=True, seen=moment).of("%s")
    with connection.cursor() as cursor:
        cursor.execute(sql, [series.pk, *values])
        return [Bar._make(row) for row in cursor.fetchall()][::-1]


def newest_open(series: Series) -> int | None:
    """Return when the newest candle opened."""
    newest: int | None = Candle.objects.filter(series=series).aggregate(at=Max("opened_at"))["at"]
    return newest


def count(series: Series) -> int:
    return Candle.objects.filter(series=series).count()


def gaps_in(series: Series, since: int, until: int) -> list[Gap]:
    """Return the gaps within a span that are known and not repaired, oldest first."""
    within = Gap.objects.filter(series=series, start__lt=until, end__gt=since, repaired_at=None)
    return list(within.order_by("start"))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which candles of a series are wanted, as one statement."""

    since: int | None
    until: int | None
    limit: int
    latest: bool
    closed_only: bool = False
    seen: int | None = None

    def of(self, series: str) -> tuple[str, list[int]]:
        conditions, values = [f"series_id = {series}"], []
        for condition, value in (
            ("opened_at >= %s", self.since),
            ("opened_at < %s", self.until),
            ("seen_at = %s", self.seen),
        ):
            if value is not None:
                conditions.append(condition)
                values.append(value)
        if self.closed_only:
            conditions.append("state > 0")
        sql = (
            f"SELECT opened_at, {_NUMBERS[connection.vendor]}, state, revision, slug, seen_at"  # noqa: S608 no part of it is typed by anybody
            " FROM market_candle JOIN market_source ON market_source.id = source_id"
            f" WHERE {' AND '.join(conditions)} ORDER BY opened_at {self.order} LIMIT %s"
        )
        return sql, [*values, self.limit]

    @property
    def order(self) -> str:
        return "DESC" if self.latest else "ASC"


def _with_head(name: tuple[str, str, str], wanted: _Wanted) -> tuple[Head | None, list[Bar]]:
    """Return the head and the candles as they were at one moment: in one statement."""
    wanted_bars, values = wanted.of("(SELECT id FROM head)")
    with connection.cursor() as cursor:
        cursor.execute(_PAGE.format(bars=wanted_bars, order=wanted.order), [*name, *values])
        rows = cursor.fetchall()
    if not rows:
        return None, []
    key, begins_at, newest, state, seen_at = rows[0][:_HEAD_WIDTH]
    extent = Extent(
        interval=name[-1],
        newest=newest,
        newest_is_open=state == Candle.State.OPEN,
        begins_at=begins_at,
    )
    # Without a candle in the span there is one row, which has the head alone.
    has_bars = rows[0][_HEAD_WIDTH] is not None
    bars = list(map(_BAR, map(_AFTER_HEAD, rows))) if has_bars else []
    return Head(Series(pk=key), extent, seen_at), bars
