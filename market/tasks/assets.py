"""Which assets there are, once a day; where they stand, every few minutes."""

import logging

from celery import shared_task
from django.utils import timezone

from cryptodt.common.single import single
from market.services import catalog
from providers import gateway

logger = logging.getLogger(__name__)

# A few hundred more than are promised: what is listed last changes from day to day.
CATALOG = 1250
STANDINGS = 250


@shared_task
def refresh_catalog() -> None:
    """Ask everybody who lists assets, once the catalog is a day old."""
    with single("refresh_catalog", seconds=600) as is_mine:
        if not is_mine or not catalog.is_due(timezone.now()):
            return
        answers = gateway.walk("listing", CATALOG)
        lists = {answered.source: answered.found for answered in answers if answered.found}
        if not lists:
            logger.warning("The catalog stays as it is: nobody lists assets")
            return
        done = catalog.record_catalog(lists, now=timezone.now())
        # Who was unknown until now had no place in the last list.
        catalog.record_standings(next(iter(lists.values()))[:STANDINGS], now=timezone.now())
        logger.info(
            "The catalog has %s new assets from %s",
            len(done.added),
            ", ".join(sorted(lists)),
            extra={"fields": {"renamed": done.renamed, "gone": done.gone, "back": done.back}},
        )


@shared_task
def refresh_standings() -> None:
    """Take the list of the first who answers: places are one source's word."""
    with single("refresh_standings", seconds=120) as is_mine:
        if not is_mine:
            return
        for answered in gateway.walk("listing", STANDINGS):
            if answered.found and catalog.record_standings(answered.found, now=timezone.now()):
                return
        logger.warning("The standings stay as they are: nobody lists assets")
