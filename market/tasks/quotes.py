"""Prices, every few seconds."""

import logging

from celery import shared_task
from django.utils import timezone

from cryptodt.common.single import single
from market.selectors.assets import instruments
from market.services.prices import record_quotes
from providers import gateway

logger = logging.getLogger(__name__)

# Rounds come from here and from the streams; what they agree on has one writer at a time.
RECORDING = "record_quotes"
RECORDING_LOCK = 30
PATIENCE = 10.0


def record_heard() -> None:
    """Record what everybody said last, streams included, and ask nobody.

    Who is wrong in such a round is left out of it, and put aside by the rounds that ask: those
    come in a known step, so that a bad moment is not three bad rounds.
    """
    with single(RECORDING, seconds=RECORDING_LOCK, patience=PATIENCE) as is_my_turn:
        if is_my_turn:
            record_quotes(gateway.heard(), now=timezone.now(), is_quiet=True)


@shared_task
def collect_quotes() -> None:
    """Ask every provider once and record what they agree on; skip while the last run goes on."""
    with single("collect_quotes", seconds=60) as is_mine:
        if not is_mine:
            return
        asked = gateway.fetch_quotes(instruments())
        with single(RECORDING, seconds=RECORDING_LOCK, patience=PATIENCE) as is_my_turn:
            if not is_my_turn:
                logger.warning("A round is lost: another is being recorded for too long")
                return
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
