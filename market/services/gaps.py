"""The ledger of what is missing: found by comparing the store with the calendar, and repaired.

A row is one stretch of time with one reason. What was repaired stays in it, so that it can be
told what came from where.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from market.gaps import Span, missing, without
from market.intervals import open_of
from market.models import Candle, Gap, Series
from market.services.turns import writing


def find_gaps(series: Series, *, since: int, until: int, now: datetime) -> list[Gap]:
    """Enter what the store lacks from `since` up to, not including, `until`; return those open.

    Doing it twice changes nothing. What is missing for a known reason keeps it, and gaps that
    touch for the same reason become one. The candle that is open now is not missing yet.
    """
    since = max(since, series.begins_at or since)
    until = min(until, open_of(series.interval, int(now.timestamp())))
    if since >= until:
        return []
    with writing(series):
        lacking = missing(_closed(series, since, until), since, until, series.interval)
        known = [(gap.start, gap.end) for gap in _overlapping(series, since, until)]
        if unknown := without(lacking, known):
            reason = Gap.Reason.NOT_COLLECTED
            _put(
                Gap(
                    series=series,
                    start=start,
                    end=end,
                    reason=reason,
                    found_at=now,
                    next_try_at=now,
                )
                for start, end in unknown
            )
            _join(series, since, until)
        return list(_overlapping(series, since, until))


def close_gaps(series: Series, *, source: str, now: datetime) -> None:
    """Mark as repaired what the store has by now; what is still missing stays open."""
    if not _open_gaps(series).exists():
        return
    with writing(series):
        for gap in _open_gaps(series):
            if closed := _closed(series, gap.start, gap.end):
                left = missing(closed, gap.start, gap.end, series.interval)
                _repair(gap, left, source=source, now=now)


def _repair(gap: Gap, left: Sequence[Span], *, source: str, now: datetime) -> None:
    """Part what came from what is left; the row itself goes on as the first of that."""
    filled = without([(gap.start, gap.end)], left)
    first, *others = left or filled
    parts = [_part(gap, span) for span in others]
    if left:
        parts += [_repaired(_part(gap, span), source, now) for span in filled]
        _move(gap, first)
    else:
        _repaired(gap, source, now).save()
    _put(parts)


def _repaired(gap: Gap, source: str, now: datetime) -> Gap:
    gap.next_try_at, gap.repaired_at, gap.repaired_by = None, now, source[:64]
    return gap


def _part(gap: Gap, span: Span) -> Gap:
    start, end = span
    return Gap(
        series_id=gap.series_id,
        start=start,
        end=end,
        reason=gap.reason,
        found_at=gap.found_at,
        attempts=gap.attempts,
        next_try_at=gap.next_try_at,
        said=gap.said,
    )


def _join(series: Series, since: int, until: int) -> None:
    """Make one gap of those that touch and have the same reason: an outage of hours is one row."""
    kept: Gap | None = None
    for gap in _open_gaps(series).filter(start__lte=until, end__gte=since):
        if kept is None or gap.start > kept.end or gap.reason != kept.reason:
            kept = gap
            continue
        gap.delete()
        tries = [at for at in (kept.next_try_at, gap.next_try_at) if at is not None]
        kept.next_try_at = min(tries, default=None)
        kept.found_at = min(kept.found_at, gap.found_at)
        kept.attempts = max(kept.attempts, gap.attempts)
        kept.said = {**kept.said, **gap.said}
        _move(kept, (kept.start, max(kept.end, gap.end)))


def _put(gaps: Iterable[Gap]) -> None:
    """Enter gaps; what was repaired at the very same place once is missing again."""
    columns = [f.name for f in Gap._meta.fields if f.name not in ("id", "series", "start", "end")]
    Gap.objects.bulk_create(
        gaps,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["series", "start", "end"],
        update_fields=columns,
    )


def _move(gap: Gap, place: Span) -> None:
    gap.start, gap.end = place
    same = Gap.objects.filter(series_id=gap.series_id, start=gap.start, end=gap.end)
    same.exclude(pk=gap.pk).delete()
    gap.save()


def _overlapping(series: Series, since: int, until: int) -> QuerySet[Gap]:
    return _open_gaps(series).filter(start__lt=until, end__gt=since)


def _open_gaps(series: Series) -> QuerySet[Gap]:
    return Gap.objects.filter(series=series, repaired_at=None).order_by("start")


def _closed(series: Series, since: int, until: int) -> list[int]:
    """Return what is known to its end. A candle that was left open when its time was over is as
    good as missing: without a place in the ledger nobody would ask for the rest of it."""
    within = Candle.objects.filter(
        series=series, opened_at__gte=since, opened_at__lt=until, state__gt=Candle.State.OPEN
    )
    return list(within.order_by("opened_at").values_list("opened_at", flat=True))
