"""Thinning the record of prices: each minute while it is young, then one in five."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef

from market.models import PricePoint
from market.selectors.history import MINUTES_KEPT

KEPT_SECONDS = 300
# What is older was thinned before; after a longer pause there is nothing to thin.
SPAN = timedelta(days=7)


def thin_points(*, now: datetime) -> int:
    """Delete every point that is old and not the first of its five minutes; say how many."""
    end = int((now - MINUTES_KEPT).timestamp()) // KEPT_SECONDS * KEPT_SECONDS
    begin = end - int(SPAN.total_seconds())
    bucket = F("at") / KEPT_SECONDS
    earlier = PricePoint.objects.annotate(bucket=bucket).filter(
        asset_id=OuterRef("asset_id"),
        at__gte=OuterRef("at") - KEPT_SECONDS,
        at__lt=OuterRef("at"),
        bucket=OuterRef("bucket"),
    )
    old = PricePoint.objects.filter(at__gte=begin, at__lt=end).annotate(bucket=bucket)
    deleted, _ = old.filter(Exists(earlier)).delete()
    return deleted
