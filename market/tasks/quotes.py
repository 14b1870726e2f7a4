"""Prices, every few seconds."""

import logging

from celery import shared_task
from django.utils import timezone

from cryptodt.common.single import single
from market.selectors.assets import instruments
from market.services.prices import record_quotes
from providers import gateway

logger = logging.getLogger(__name__)


@shared_task
def collect_quotes() -> None:
    """Ask every provider once and record what they agree on; skip while the last run goes on."""
    with single("collect_quotes", seconds=60) as is_mine:
        if not is_mine:
            return
        asked = gateway.fetch_quotes(instruments())
        recorded = record_quotes(asked.quotes, now=timezone.now())
        heard = {quote.source for quote in asked.quotes}
        gateway.report_round(recorded.left_out, recorded.dissent, heard, recorded.agreed)
        logger.debug(
            "Collected %s quotes: %s prices are new",
            len(asked.quotes),
            len(recorded.changed),
            extra={
                "fields": {
                    "failures": {failure.source: failure.message for failure in asked.failures},
                    "refused": dict(recorded.refused),
                }
            },
        )
