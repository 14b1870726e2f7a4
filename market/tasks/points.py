"""Keeping the record of prices as fine as it is useful."""

from celery import shared_task
from django.utils import timezone

from market.services.points import thin_points


@shared_task
def thin_price_points() -> None:
    """Leave one point in five minutes of what is older than two days."""
    thin_points(now=timezone.now())
