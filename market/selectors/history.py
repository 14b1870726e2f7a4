"""What an asset cost over time, from our own record."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Min

from cryptodt.common.errors import InvalidRequest
from market.intervals import DAY, INTERVALS, MINUTE
from market.models import PricePoint
from market.resolver import symbol_of
from market.selectors.assets import index

# More would be a download, and no chart can show it.
MOST_POINTS = 10_000
# Each minute is kept for so long, then one in five.
MINUTES_KEPT = timedelta(hours=48)
STEPS = ("1m", "5m", "15m", "1h", "4h", "1d")


def price_history(
    typed: str, *, days: int, interval: str | None, now: datetime
) -> Sequence[tuple[int, Decimal]]:
    """Return the first price of every interval with the milliseconds at which it was observed."""
    entry = index().entries[symbol_of(typed, index())]
    seconds = INTERVALS[interval or _interval(days)]
    if days * DAY > MOST_POINTS * seconds:
        raise InvalidRequest(
            f"{days} days have more than {MOST_POINTS} points of {interval}.",
            details={"interval": interval, "accepted": [s for s in STEPS if _fits(days, s)]},
        )
    since = int(now.timestamp()) - days * DAY
    points = PricePoint.objects.filter(asset_id=entry.key, at__gte=since)
    if seconds > MINUTE:
        bucket = F("at") / seconds
        firsts = points.annotate(bucket=bucket).values("bucket").annotate(first=Min("at"))
        points = points.filter(at__in=firsts.values("first"))
    return list(points.order_by("at").values_list("observed_ms", "price"))


def _interval(days: int) -> str:
    """Return the shortest interval that there is for all of these days."""
    if timedelta(days=days) <= MINUTES_KEPT:
        return "1m"
    return next(step for step in (*STEPS[1:], "1w") if _fits(days, step))


def _fits(days: int, interval: str) -> bool:
    return days * DAY <= MOST_POINTS * INTERVALS[interval]
