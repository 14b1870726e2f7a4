"""The market as a whole: its totals, what is trending, and what is locked in DeFi."""

import logging
from collections.abc import Callable
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from cryptodt.common.single import single
from market.selectors import figures as selectors
from market.services import figures
from providers import gateway

logger = logging.getLogger(__name__)

# No task lasts longer: a provider has ten seconds, and few can be asked.
LONGEST = 120
# A start soon after the last run asks nobody again: some of these lists weigh ten megabytes.
DUE_SHARE = 0.8


@shared_task
def collect_global() -> None:
    """Record the totals of the market, from the first provider whose answer can be right."""
    with single("collect_global", seconds=LONGEST) as is_mine:
        # These five minutes have their row already: nothing that is said now could be kept.
        if is_mine and not figures.has_totals_of(timezone.now()):
            _collect("global", figures.record_totals)


@shared_task
def collect_trending() -> None:
    """Record what people look up most."""
    with single("collect_trending", seconds=LONGEST) as is_mine:
        if is_mine and _is_due("trending", minutes=10):
            _collect("trending", figures.record_trending)


@shared_task
def collect_defi() -> None:
    """Record the protocols that hold most."""
    with single("collect_defi", seconds=LONGEST) as is_mine:
        if is_mine and _is_due("defi", minutes=60):
            _collect("defi", figures.record_protocols)


@shared_task
def collect_tvl() -> None:
    """Record what was locked day by day."""
    with single("collect_tvl", seconds=LONGEST) as is_mine:
        if is_mine and _is_due("tvl", minutes=60):
            _collect("tvl", figures.record_days)


def _collect(capability: str, record: Callable[..., None]) -> None:
    """Ask one provider after the other until an answer is recorded."""
    said: dict[str, str] = {}
    for answered in gateway.walk(capability):
        if answered.failure is not None:
            said[answered.source] = answered.failure.message
            continue
        try:
            record(answered.found, now=timezone.now())
        except figures.Refused as refusal:
            said[answered.source] = str(refusal)
            continue
        _log_left_out(capability, said, logging.INFO)
        return
    _log_left_out(capability, said or {"nobody": "is switched on"}, logging.WARNING)


def _is_due(capability: str, *, minutes: int) -> bool:
    last = selectors.collected_at(capability)
    return last is None or abs(timezone.now() - last) >= timedelta(minutes=minutes) * DUE_SHARE


def _log_left_out(capability: str, said: dict[str, str], level: int) -> None:
    if said:
        logger.log(level, "Left out of %s: %s", capability, said, extra={"fields": {"said": said}})
