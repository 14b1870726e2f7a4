"""The collection of candles: which series there are, what to ask for, and what came of it."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

from django.conf import settings

from market import due
from market.gaps import missing
from market.intervals import INTERVALS, open_of
from market.models import Asset, Gap, Series
from market.scrutiny import opened
from market.selectors.series import CURRENCY, Errand
from market.services.candles import record_candles
from market.services.gaps import close_gaps, find_gaps
from market.services.turns import writing
from providers.types import Candle, CandleAsk, Failure

# What most upstreams give at once.
PAGE = 1000
# One candle that is late is no hole yet: the next try brings it.
LATE = 2
# A hole that goes on is the collection's business; the repair looks after it when it is over.
WHILE_OUT = timedelta(minutes=5)
# Waiting for a budget mixes no sources, but it is worth no more than this many own periods.
PATIENCE = 2
# Nothing went out: our own promise was spent, or the provider rests.
WAITING = frozenset({"over_budget", "resting"})
UNASKED = WAITING | {"not_offered"}


def track_series() -> None:
    """Give every tracked asset its series; those of others stay as they are."""
    assets = Asset.objects.filter(is_listed=True).exclude(symbol=CURRENCY)
    wanted = {
        (pk, interval)
        for pk in assets.values_list("pk", flat=True)
        for interval in settings.SUPPORTED_INTERVALS
    }
    held = Series.objects.filter(currency=CURRENCY).values_list("asset_id", "interval")
    rows = [
        Series(asset_id=pk, currency=CURRENCY, interval=interval)
        for pk, interval in sorted(wanted - set(held))
    ]
    if rows:
        Series.objects.bulk_create(rows, ignore_conflicts=True)


def ask_for(errand: Errand, now: datetime) -> CandleAsk:
    """Return the question: what is not known yet, and the newest known candle beside it.

    Whoever is further behind than one page asks for the newest page; the rest is a gap.
    """
    series = errand.series
    symbol, currency, interval = errand.symbol, series.currency, series.interval
    if errand.newest is not None:
        # The newest known one, those since, the open one, and one more that may have opened.
        count = due.missed(interval, errand.newest, now.timestamp()) + 3
        if count <= PAGE:
            since = datetime.fromtimestamp(errand.newest, UTC)
            return CandleAsk(symbol, currency, interval, since, count)
    return CandleAsk(symbol, currency, interval, limit=PAGE)


def is_patient(errand: Errand) -> bool:
    return errand.lateness < PATIENCE


def record_answer(errand: Errand, candles: Sequence[Candle], *, now: datetime) -> None:
    """Store what came, and write down what should have come before it and did not.

    All of it or nothing: from the candles alone nobody could tell later that a hole between them
    was not written down yet.
    """
    with writing(errand.series):
        _record(errand, candles, now)


def _record(errand: Errand, candles: Sequence[Candle], now: datetime) -> None:
    series, newest = errand.series, errand.newest
    behind = newest is not None and _is_behind(errand, now)
    if newest is not None and behind:
        # Written down before it is filled, so that the ledger tells what came later than due.
        _find_gaps(errand, newest, now)
    record_candles(series, candles, now=now)
    times = [opened(candle) for candle in candles]
    is_holey = bool(missing(times, min(times), max(times), series.interval))
    if is_holey:
        find_gaps(series, since=min(times), until=max(times), now=now)
    if behind or is_holey or errand.has_gaps:
        close_gaps(series, source=candles[0].source, now=now)
    Series.objects.filter(pk=series.pk).update(collected_at=now, tried_at=now, problem="")


def record_failure(errand: Errand, failures: Sequence[Failure], *, now: datetime) -> None:
    """Write down what everybody said instead of an answer, and the hole that it leaves."""
    reasons = {failure.reason for failure in failures}
    was_tried = bool(reasons - UNASKED) or not reasons & WAITING
    # Where all are only waiting for their turn, the series stays due and is the next one's first.
    tried = {"tried_at": now} if was_tried else {}
    with writing(errand.series):
        Series.objects.filter(pk=errand.series.pk).update(problem=told(failures), **tried)
        if errand.newest is None or not _is_behind(errand, now):
            return
        hole = Gap.objects.filter(series=errand.series, start__gt=errand.newest, repaired_at=None)
        # The same hole, a little longer: found anew, it is one with what was known of it.
        outage = hole.filter(reason=Gap.Reason.UPSTREAM_OUTAGE)
        was_out = outage.update(reason=Gap.Reason.NOT_COLLECTED) > 0
        _find_gaps(errand, errand.newest, now)
        if reasons - UNASKED:
            hole.update(
                reason=Gap.Reason.UPSTREAM_OUTAGE,
                said={failure.source: failure.message for failure in failures},
                next_try_at=now + WHILE_OUT,
            )
        elif was_out:
            # Nobody was asked this time, and that is because of what they said before.
            hole.update(reason=Gap.Reason.UPSTREAM_OUTAGE)


def mark_due(series: Collection[int], *, now: datetime) -> None:
    """Have the next collection ask for these, patiently, as if their minute had just begun."""
    just_before = datetime.fromtimestamp(open_of("1m", int(now.timestamp())) - 1, UTC)
    Series.objects.filter(pk__in=series, tried_at__gt=just_before).update(tried_at=just_before)


def told(failures: Sequence[Failure]) -> str:
    """Return what each provider said, as far as there is room for it."""
    said = "; ".join(f"{failure.source}: {failure.message}" for failure in failures)
    said = said or "no provider of candles is switched on"
    return said if len(said) <= MOST_SAID else said[: MOST_SAID - 3] + "..."


MOST_SAID = Series._meta.get_field("problem").max_length or 0


def _is_behind(errand: Errand, now: datetime) -> bool:
    newest, interval = errand.newest, errand.series.interval
    return newest is not None and due.missed(interval, newest, now.timestamp()) >= LATE


def _find_gaps(errand: Errand, newest: int, now: datetime) -> None:
    interval = errand.series.interval
    until = open_of(interval, int(now.timestamp()))
    find_gaps(errand.series, since=newest + INTERVALS[interval], until=until, now=now)
