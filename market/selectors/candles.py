"""Reading candles: pages of a series, and what is known to be missing from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max

from market.candle_snapshot import Bar
from market.models import Candle, Gap, Series

__all__ = ["Bar", "Page", "count", "gaps_in", "newest_open", "page", "seen_at"]

# Numbers leave the database spelled as `cryptodt.common.money.spell` would: on SQLite they are
# stored like that, PostgreSQL is told to.
_NUMBERS = {
    "sqlite": "open, high, low, close, volume",
    "postgresql": (
        "trim_scale(open)::text, trim_scale(high)::text, trim_scale(low)::text,"
        " trim_scale(close)::text, trim_scale(volume)::text"
    ),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Some candles of a series, and the open time after which the next page begins, if any."""

    bars: Sequence[Bar]
    next: int | None


def page(  # noqa: PLR0913 each narrows the one question that a page answers
    series: Series,
    *,
    since: int | None = None,
    until: int | None = None,
    limit: int,
    newest_first: bool = False,
    closed_only: bool = False,
    after: int | None = None,
) -> Page:
    """Return the candles that opened from `since` up to, not including, `until`.

    Without `since` they are the latest `limit`, put into the order that was asked for. `after`
    is the `next` of the page before; a page that starts there skips and repeats nothing.
    """
    latest = newest_first or (since is None and after is None)
    if after is not None and newest_first:
        until = after if until is None else min(until, after)
    elif after is not None:
        since = after + 1 if since is None else max(since, after + 1)
    # One more than asked for tells whether there is another page.
    bars = _bars(series, since, until, limit + 1, latest=latest, closed_only=closed_only)
    more, bars = len(bars) > limit, bars[:limit]
    if latest and not newest_first:
        # The latest in the order of time: nothing comes after them.
        return Page(bars[::-1], None)
    return Page(bars, bars[-1].opened_at if more else None)


def seen_at(series: Series, span: tuple[int, int], moment: int, *, limit: int) -> Sequence[Bar]:
    """Return the newest candles of a span, both ends included, that were last seen just then."""
    since, last = span
    found = _bars(series, since, last + 1, limit, latest=True, seen=moment)
    return found[::-1]


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


def _bars(  # noqa: PLR0913 one statement, and what may be added to it
    series: Series,
    since: int | None,
    until: int | None,
    limit: int,
    *,
    latest: bool,
    closed_only: bool = False,
    seen: int | None = None,
) -> list[Bar]:
    conditions, values = ["series_id = %s"], [series.pk]
    for condition, value in (
        ("opened_at >= %s", since),
        ("opened_at < %s", until),
        ("seen_at = %s", seen),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if closed_only:
        conditions.append("state > 0")
    order = "DESC" if latest else "ASC"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT opened_at, {_NUMBERS[connection.vendor]}, state, revision, slug, seen_at"  # noqa: S608 no part of it is typed by anybody
            " FROM market_candle JOIN market_source ON market_source.id = source_id"
            f" WHERE {' AND '.join(conditions)} ORDER BY opened_at {order} LIMIT %s",
            [*values, limit],
        )
        return [Bar._make(row) for row in cursor.fetchall()]
