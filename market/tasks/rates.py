"""What currencies cost, every ten minutes."""

import logging

from celery import shared_task
from django.utils import timezone

from cryptodt.common.single import single
from market.services.rates import record_rates
from providers import gateway

logger = logging.getLogger(__name__)


@shared_task
def refresh_rates() -> None:
    """Ask everybody who tells rates, and store those on which they agree."""
    with single("refresh_rates", seconds=300) as is_mine:
        if not is_mine:
            return
        answers = gateway.walk("rates")
        told = {answered.source: answered.found for answered in answers if answered.found}
        stored = record_rates(told, now=timezone.now())
        logger.debug("Stored %s rates from %s", len(stored), ", ".join(sorted(told)))
