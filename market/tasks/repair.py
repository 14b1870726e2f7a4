"""The repair of gaps, every minute: from the first provider, then from the next."""

import logging
from decimal import Decimal

from celery import shared_task
from django.utils import timezone

from cryptodt.common.single import single
from market.models import Gap
from market.scrutiny import Sighting, opened
from market.selectors import sightings
from market.selectors.series import gaps_to_repair
from market.services import repair as services
from market.services.repair import Findings
from market.tasks.inquiry import answers
from market.verdicts import Verdict, verdict
from providers import gateway

logger = logging.getLogger(__name__)

# Most of every budget belongs to what is new.
QUESTIONS = 20
GAPS = 50
LOCK = 300


@shared_task
def repair_candles() -> None:
    """Ask for the gaps whose turn it is; skip while the last run goes on."""
    with single("repair_candles", seconds=LOCK) as is_mine:
        if not is_mine:
            return
        left = QUESTIONS
        for gap in gaps_to_repair(timezone.now(), GAPS):
            if left <= 0:
                return
            left -= repair(gap)


def repair(gap: Gap) -> int:
    """Ask one provider after the other until the gap's first page is filled.

    Returns how many were asked; none when the budget is spent, and the gap waits for the next.
    """
    now, findings = timezone.now(), Findings()
    left = [gap]
    for answered in answers(services.ask_for(gap, now=now), _sightings(gap)):
        failure = answered.failure
        if failure is not None:
            if failure.reason == "over_budget" and services.is_patient(gap):
                services.postpone(gap, now=now)
                return 0
            findings.failures[answered.source] = failure
            continue
        # A gap lies in the past: what is not whole there is not filled in.
        whole = [candle for candle in answered.found if candle.is_closed]
        times = [opened(candle) for candle in whole]
        findings.heard[answered.source] = times
        left = services.fill(gap, whole, now=now)
        if not left:
            logger.info("%s is filled by %s", gap, answered.source)
            break
        if services.is_page_filled(gap, left):
            break
        is_later = any(verdict(times, one.start, one.end) == Verdict.LATER for one in left)
        if is_later and _is_beginning(gap, answered.source, times):
            findings.beginnings[answered.source] = min(times)
    services.conclude(gap, left, findings, now=now)
    return max(1, len(findings.heard))


def _is_beginning(gap: Gap, source: str, times: list[int]) -> bool:
    """Ask whether a provider's history begins there, or is only kept for so long."""
    ask = services.ask_for_beginning(gap, min(times))
    for answered in gateway.walk("candles", ask, only=source):
        weeks = [opened(candle) for candle in answered.found or ()]
        return services.is_first_of_all(times, weeks)
    return False


def _sightings(gap: Gap) -> list[Sighting]:
    series = gap.series
    known: dict[str, Decimal] = sightings.rates([series.currency], timezone.now())
    points = sightings.between(series.asset_id, gap.start, gap.end)
    return sightings.in_currency(points, series.currency, known)
