"""The repair of gaps: what to ask for, what came, and what its absence proves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from market.intervals import INTERVALS
from market.models import Candle, Gap, Series
from market.scrutiny import opened
from market.selectors.candles import gaps_in
from market.services.candles import record_candles
from market.services.collection import PAGE, UNASKED
from market.services.gaps import close_gaps
from market.services.turns import writing
from market.verdicts import Verdict, verdict, wait
from providers import types
from providers.types import CandleAsk, Failure

# The first provider has a new budget in the next minute.
NEXT_BUDGET = timedelta(minutes=1)
# Some patience with the first provider's budget, and then whoever comes next.
PATIENT_ATTEMPTS = 3
# A history that begins in the same week as the weekly one does, with nothing for years before
# it, is the whole of it.
WHOLE, WEEKS = "1w", 250


@dataclass(slots=True)
class Findings:
    """What the providers said about one page of a gap."""

    heard: dict[str, Collection[int]] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    # Whose history begins after the gap, and where.
    beginnings: dict[str, int] = field(default_factory=dict)


def ask_for(gap: Gap, *, now: datetime) -> CandleAsk:
    """Return the question for the gap's first page, with the candle before it and after it.

    A page that can reach up to now does: only there it shows whether its feed stands still.
    """
    series, step = gap.series, INTERVALS[gap.series.interval]
    before = datetime.fromtimestamp(max(0, gap.start - step), UTC)
    to_now = (int(now.timestamp()) - gap.start) // step + 2
    count = to_now if to_now <= PAGE else min((gap.end - gap.start) // step + 2, PAGE)
    return CandleAsk(series.asset.symbol, series.currency, series.interval, before, count)


def ask_for_beginning(gap: Gap, first: int) -> CandleAsk:
    """Return the question whose answer tells a short history from a listing."""
    series = gap.series
    before = datetime.fromtimestamp(max(0, first - WEEKS * INTERVALS[WHOLE]), UTC)
    return CandleAsk(series.asset.symbol, series.currency, WHOLE, before, WEEKS + 2)


def is_patient(gap: Gap) -> bool:
    return gap.attempts < PATIENT_ATTEMPTS


def is_first_of_all(times: Collection[int], weeks: Collection[int]) -> bool:
    """Say whether a history that begins after the gap is not just one that is kept short."""
    return bool(times and weeks) and min(weeks) <= min(times) < min(weeks) + INTERVALS[WHOLE]


def fill(gap: Gap, candles: Sequence[types.Candle], *, now: datetime) -> list[Gap]:
    """Store what lies inside the gap; return what is left of it."""
    inside = [candle for candle in candles if gap.start <= opened(candle) < gap.end]
    if inside:
        # Together, so that the ledger names who brought it, and not who is asked after a crash.
        with writing(gap.series):
            record_candles(gap.series, inside, now=now)
            close_gaps(gap.series, source=inside[0].source, now=now)
            first = opened(inside[0])
            Series.objects.filter(pk=gap.series_id, begins_at__gt=first).update(begins_at=first)
    return left_of(gap)


def left_of(gap: Gap) -> list[Gap]:
    return gaps_in(gap.series, gap.start, gap.end)


def is_page_filled(gap: Gap, left: Sequence[Gap]) -> bool:
    return all(one.start >= _asked_until(gap) for one in left)


def _asked_until(gap: Gap) -> int:
    """Return where the question ended: a gap may be longer than a page."""
    return gap.start + (PAGE - 2) * INTERVALS[gap.series.interval]


def postpone(gap: Gap, *, now: datetime) -> None:
    Gap.objects.filter(pk=gap.pk).update(next_try_at=now + NEXT_BUDGET)


def conclude(gap: Gap, left: Sequence[Gap], findings: Findings, *, now: datetime) -> None:
    """Write down what is known of what could not be filled, and when to ask again."""
    is_stuck = any(one.start == gap.start for one in left)
    for one in left:
        if one.end > _asked_until(gap) and not is_stuck and not findings.beginnings:
            # Pages that nobody was asked for yet.
            Gap.objects.filter(pk=one.pk).update(next_try_at=now)
            continue
        with transaction.atomic():
            _judge(one, findings, now)


def _judge(gap: Gap, findings: Findings, now: datetime) -> None:
    verdicts = {
        source: verdict(times, gap.start, gap.end) for source, times in findings.heard.items()
    }
    reason = _reason(gap, findings, verdicts)
    settled = reason in (Gap.Reason.UPSTREAM_EMPTY, Gap.Reason.BEFORE_LISTING)
    attempts = gap.attempts + 1
    pause = wait(attempts, is_settled=settled, is_answered=bool(findings.heard))
    Gap.objects.filter(pk=gap.pk).update(
        reason=reason,
        attempts=attempts,
        next_try_at=now + pause,
        said={
            **{source: failure.message[:200] for source, failure in findings.failures.items()},
            **{source: _WORDS[said] for source, said in verdicts.items()},
        },
    )
    if reason == Gap.Reason.BEFORE_LISTING:
        begins = min(findings.beginnings.values())
        later = Q(begins_at=None) | Q(begins_at__gt=begins)
        Series.objects.filter(later, pk=gap.series_id).update(begins_at=begins)


def _reason(gap: Gap, findings: Findings, verdicts: Mapping[str, Verdict]) -> str:
    if Verdict.EMPTY in verdicts.values():
        return Gap.Reason.UPSTREAM_EMPTY
    # Whoever has candles from before the gap knows that this is not the beginning.
    has_older = Candle.objects.filter(series=gap.series_id, opened_at__lt=gap.start).exists()
    if findings.beginnings and not has_older:
        return Gap.Reason.BEFORE_LISTING
    if verdicts:
        return Gap.Reason.NOT_COLLECTED
    if any(failure.reason not in UNASKED for failure in findings.failures.values()):
        return Gap.Reason.UPSTREAM_OUTAGE
    return gap.reason


_WORDS = {
    Verdict.EMPTY: "has candles before and after, and none in between",
    Verdict.LATER: "has none that old",
    Verdict.UNPROVEN: "answered, and did not fill it",
}
