"""The check of longer candles against shorter ones, every hour."""

from celery import shared_task
from django.utils import timezone

from cryptodt.common.single import single
from market.services.rollups import check_all

LOCK = 600


@shared_task
def check_rollups() -> None:
    """Report what does not add up; skip while the last check goes on."""
    with single("check_rollups", seconds=LOCK) as is_mine:
        if is_mine:
            check_all(now=timezone.now())
