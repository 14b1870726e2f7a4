"""Which series are collected, and what is due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Q, Subquery

from market import due
from market.intervals import INTERVALS
from market.models import Asset, Candle, Gap, Series
from market.selectors.assets import index

# Candles are collected in the currency that most of the world's trade is in.
CURRENCY = "USDT"
# What somebody asked for is collected for a day, and for some minutes as if it were on a screen.
WANTED = timedelta(days=1)
WATCHED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Errand:
    """A series to ask for, and what is known of it."""

    series: Series
    # The newest candle that is known to be complete, in seconds.
    newest: int | None
    has_gaps: bool
    lateness: float

    @property
    def symbol(self) -> str:
        return self.series.asset.symbol


def is_tracked() -> Q:
    """Return what is collected without being asked for."""
    return Q(
        asset__is_listed=True, currency=CURRENCY, interval__in=settings.SUPPORTED_INTERVALS
    ) & ~Q(asset__symbol=CURRENCY)


def is_kept(symbol: str, currency: str, interval: str) -> bool:
    """Say the same of one series without the store."""
    return (
        symbol in index().entries
        and index().entries[symbol].is_tracked
        and currency == CURRENCY != symbol
        and interval in settings.SUPPORTED_INTERVALS
    )


def is_collected(now: datetime) -> Q:
    return is_tracked() | Q(asked_at__gt=now - WANTED)


def due_errands(now: datetime) -> list[Errand]:
    """Return what is worth asking for, the one that waits longest first."""
    second = now.timestamp()
    late: dict[int, float] = {}
    kept = Series.objects.filter(is_collected(now)).annotate(is_tracked=is_tracked())
    for pk, interval, tried_at, asked_at, tracked in kept.values_list(
        "pk", "interval", "tried_at", "asked_at", "is_tracked"
    ):
        is_watched = tracked or (asked_at is not None and now - asked_at < WATCHED)
        since = (
            _first_seen(pk, second)
            if tried_at is None
            else due.due_since(interval, tried_at.timestamp(), second, is_watched=is_watched)
        )
        if since is not None:
            late[pk] = due.lateness(interval, since, second)
    return sorted(_errands(late), key=lambda one: (-one.lateness, INTERVALS[one.series.interval]))


def urgent_errand(series_id: int) -> Errand | None:
    """Return the errand to a series that somebody waits for: no budget is waited for."""
    return next(iter(_errands({series_id: float("inf")})), None)


def _first_seen(pk: int, second: float) -> float:
    """Return since when a series waits for its first candles."""
    return cache.get_or_set(f"series:{pk}:first_seen", second, timeout=3600) or second


def _errands(late: Mapping[int, float]) -> list[Errand]:
    closed = Candle.objects.filter(series=OuterRef("pk"), state__gt=Candle.State.OPEN)
    missing = Gap.objects.filter(series=OuterRef("pk"), repaired_at=None)
    rows: Iterable[Any] = (
        Series.objects.filter(pk__in=list(late))
        .select_related("asset")
        .annotate(
            newest=Subquery(closed.order_by("-opened_at").values("opened_at")[:1]),
            has_gaps=Exists(missing),
        )
    )
    return [Errand(row, row.newest, row.has_gaps, late[row.pk]) for row in rows]


def streamed_series(now: datetime) -> dict[tuple[str, str], Series]:
    """Return the series of minutes that are collected, by symbol and currency.

    Their first candles are asked for: a stream goes on from there.
    """
    rows = Series.objects.filter(is_collected(now), interval="1m", collected_at__isnull=False)
    return {(row.asset.symbol, row.currency): row for row in rows.select_related("asset")}


def newest_closed(series: Series) -> int | None:
    """Return when the newest complete candle opened."""
    closed = Candle.objects.filter(series=series, state__gt=Candle.State.OPEN)
    newest: int | None = closed.order_by("-opened_at").values_list("opened_at", flat=True).first()
    return newest


def gaps_to_repair(now: datetime, most: int) -> list[Gap]:
    """Return the gaps whose turn it is, of series that somebody still wants, oldest turn first."""
    wanted = Series.objects.filter(is_collected(now))
    rows = Gap.objects.filter(Q(next_try_at=None) | Q(next_try_at__lte=now), repaired_at=None)
    rows = rows.filter(series__in=wanted).select_related("series__asset")
    return list(rows.order_by(F("next_try_at").asc(nulls_first=True), "start")[:most])


def count_between(series: Series, since: int, until: int) -> int:
    rows = Candle.objects.filter(series=series, opened_at__gte=since, opened_at__lt=until)
    return rows.count()


def known_symbols() -> list[str]:
    return list(Asset.objects.values_list("symbol", flat=True))
