"""Recording candles: the order of truth in the table, then a new version, then the word of it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from cryptodt.common import broadcast
from cryptodt.common.broadcast import Promise
from cryptodt.common.errors import InvalidSymbol
from market import candle_snapshot
from market.candle_snapshot import Bar
from market.intervals import INTERVALS, interval_of
from market.models import Asset, Series, Source
from market.selectors import candles as selectors
from market.services.candle_rows import Said, Writing, put_candles
from market.services.partitions import ensure_months
from market.services.turns import writing
from providers.types import Candle

logger = logging.getLogger(__name__)

# What is told of one series at once; where more changed, whoever listens is told to read.
MOST_TOLD = 100
# Whoever stored something tells of it at once; after so many seconds it has failed to.
LATE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a batch changed: nothing of it when all of it was known."""

    added: int = 0
    # Open candles that were seen again, or that closed.
    updated: int = 0
    # Closed candles that their own source told otherwise.
    corrected: int = 0
    # When the newest candle opened that this batch wrote.
    newest: int | None = None


def series_of(symbol: str, currency: str, interval: str) -> Series:
    """Return the series of a pair and interval; its asset must exist."""
    asset = Asset.objects.filter(symbol=symbol).first()
    if asset is None:
        raise InvalidSymbol(f"{symbol[:40]} is not an asset that is known here.")
    series, _ = Series.objects.select_related("asset").get_or_create(
        asset=asset, currency=currency, interval=interval_of(interval)
    )
    return series


def record_candles(series: Series, candles: Sequence[Candle], *, now: datetime) -> Stored:
    """Store what is new in their order of truth, all of it or nothing; then tell.

    When one source says several things of one candle, that it closed counts, then its last word.
    """
    answers = _by_source(series, candles)
    if not answers:
        return Stored()
    ensure_months((at for said in answers.values() for at in said), now=now)
    with writing(series):
        stored, bars = _store(series, answers, now)
        if stored.newest is not None:
            promise = candle_snapshot.promise(_name(series))
            # Telling may fail without taking the stored truth along: the promise stays open.
            transaction.on_commit(lambda: _show(series, bars, promise, now), robust=True)
    return stored


def _by_source(series: Series, candles: Sequence[Candle]) -> Mapping[str, Said]:
    """Return what each source said in the order of time, once of each open time."""
    answers: dict[str, dict[int, Candle]] = {}
    symbol, currency, interval = series.asset.symbol, series.currency, series.interval
    for one in candles:
        if one.symbol != symbol or one.currency != currency or one.interval != interval:
            raise ValueError(f"a candle of {one.symbol} does not belong to {series}")
        said = answers.get(one.source)
        if said is None:
            said = answers[one.source] = {}
        at = int(one.opened_at.timestamp())
        known = said.get(at)
        if known is None or known.is_closed <= one.is_closed:
            said[at] = one
    # No pairs: a million small objects would cost the garbage collector more than their making.
    return {source: {at: said[at] for at in sorted(said)} for source, said in answers.items()}


def _store(
    series: Series, answers: Mapping[str, Said], now: datetime
) -> tuple[Stored, Sequence[Bar] | None]:
    """Return what came of it, and what is to be told: None where that is too much."""
    seen_at, step = int(now.timestamp()), INTERVALS[series.interval]
    first = min(min(said) for said in answers.values())
    last = max(max(said) for said in answers.values())
    span = (first, last)
    # Nobody else writes the series now: what is counted before and after is its own work.
    rows_before, revisions_before = _counts(series, span)
    changed = 0
    for slug, said in answers.items():
        source, _ = Source.objects.get_or_create(slug=slug)
        writing = Writing(
            series_id=series.pk,
            step=step,
            source_id=source.pk,
            seen_at=seen_at,
            are_new=not rows_before and not changed,
        )
        changed += put_candles(said, writing)
    if not changed:
        return Stored(), ()
    rows_after, revisions_after = _counts(series, span)
    added, corrected = rows_after - rows_before, revisions_after - revisions_before
    bars = selectors.seen_at(series, span, seen_at, limit=MOST_TOLD + 1)
    stored = Stored(
        added=added,
        updated=changed - added - corrected,
        corrected=corrected,
        newest=bars[-1].opened_at if bars else None,
    )
    return stored, bars if len(bars) <= MOST_TOLD else None


def _counts(series: Series, span: tuple[int, int]) -> tuple[int, int]:
    """Return how many candles opened within a span, and how often they were corrected."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(revision), 0) FROM market_candle"
            " WHERE series_id = %s AND opened_at BETWEEN %s AND %s",
            [series.pk, *span],
        )
        rows, revisions = cursor.fetchone()
    return int(rows), int(revisions)


def _name(series: Series) -> str:
    return candle_snapshot.name_of(series.asset.symbol, series.currency, series.interval)


def _show(series: Series, bars: Sequence[Bar] | None, promise: Promise, now: datetime) -> None:
    """Give the series a new version, then broadcast what is new: read first, told after."""
    name = _name(series)
    with broadcast.keeping(promise.name):
        version = candle_snapshot.renew(name)
        candle_snapshot.tell(name, version, bars, now_ms=int(now.timestamp() * 1000), kept=promise)


def tell_untold() -> None:
    """Tell what somebody stored and could not tell, or was killed before it did."""
    try:
        for name in candle_snapshot.untold(seconds=LATE_SECONDS):
            candle_snapshot.renew(name)
            candle_snapshot.tell_to_begin_anew(name)
    except broadcast.UNREACHABLE:
        logger.warning("What was not told of candles waits for another minute")
