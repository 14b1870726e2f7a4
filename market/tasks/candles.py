"""Candles, every minute: those of the tracked pairs, and those that somebody asked for."""

import contextvars
import logging
import time
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from decimal import Decimal

from celery import shared_task
from django.db import connections
from django.utils import timezone

from cryptodt.common.single import single
from market.scrutiny import Sighting
from market.selectors import sightings
from market.selectors.series import Errand, due_errands, urgent_errand
from market.services.candles import tell_untold
from market.services.collection import (
    ask_for,
    is_patient,
    record_answer,
    record_failure,
    track_series,
)
from market.tasks.inquiry import Reply, current
from providers.types import Failure

logger = logging.getLogger(__name__)

THREADS = 8
# No new question after this many seconds: the next minute has its own.
DEADLINE = 45
LOCK = 120

_asking = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="candles")


@shared_task
def collect_candles() -> None:
    """Ask for everything that is due; skip while the last run goes on."""
    with single("collect_candles", seconds=LOCK) as is_mine:
        if is_mine:
            tell_untold()
            track_series()
            collect(due_errands(timezone.now()))


@shared_task
def collect_series(series_id: int) -> None:
    """Ask for one series now, because somebody waits for it."""
    with single(f"collect_series:{series_id}", seconds=LOCK) as is_mine:
        errand = urgent_errand(series_id) if is_mine else None
        if errand is not None:
            collect([errand])


def collect(errands: Iterable[Errand]) -> None:
    """Ask in parallel and store in turn: the store has one writer, the network takes the time."""
    waiting = deque(errands)
    seen = _sightings(waiting)
    end = time.monotonic() + DEADLINE
    asked: dict[Future[Reply], Errand] = {}
    is_spent = False
    while asked or waiting:
        while waiting and len(asked) < THREADS and time.monotonic() < end:
            errand = waiting.popleft()
            if not (is_spent and is_patient(errand)):
                asked[_start(errand, seen.get(errand.series.pk, ()))] = errand
        if not asked:
            break
        for future in wait(asked, return_when=FIRST_COMPLETED).done:
            is_spent |= _settle(asked.pop(future), future)
    if waiting:
        logger.info("%s series are still due when the minute is over", len(waiting))


def _start(errand: Errand, seen: Collection[Sighting]) -> Future[Reply]:
    # The context carries the id under which this round is logged.
    return _asking.submit(contextvars.copy_context().run, _ask, errand, tuple(seen))


def _ask(errand: Errand, seen: tuple[Sighting, ...]) -> Reply:
    try:
        ask = ask_for(errand, timezone.now())
        return current(ask, seen, is_patient=is_patient(errand))
    finally:
        # It is seldom needed here, and no thread keeps one that others wait for.
        connections.close_all()


def _settle(errand: Errand, future: Future[Reply]) -> bool:
    """Store what came of a question; say whether the budget for it is spent."""
    now = timezone.now()
    try:
        reply = future.result()
        if reply.candles:
            record_answer(errand, reply.candles, now=now)
        elif not reply.is_postponed:
            record_failure(errand, reply.failures, now=now)
    except Exception as error:
        # One series that cannot be stored must not keep the others from it.
        logger.exception("The candles of %s could not be collected", errand.series)
        odd = Failure("CryptoDT", "error", f"failed ({type(error).__name__})")
        record_failure(errand, (odd,), now=now)
        return False
    return reply.is_postponed


def _sightings(errands: Collection[Errand]) -> Mapping[int, Collection[Sighting]]:
    """Return what was agreed on lately, by series."""
    now = timezone.now()
    known: dict[str, Decimal] = sightings.rates({one.series.currency for one in errands}, now)
    points = sightings.recent({one.series.asset_id for one in errands}, now)
    return {
        one.series.pk: sightings.in_currency(
            points.get(one.series.asset_id, ()), one.series.currency, known
        )
        for one in errands
    }
