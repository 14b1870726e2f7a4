"""The tap: asks all usable providers at once, and leaves out whoever is late or wrong."""

import contextvars
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.conf import settings
from django.core.cache import cache

from providers import breaker, budget, http, selectors, services
from providers.adapter import Tap
from providers.exceptions import BadPayload, OverBudget, ProviderError
from providers.registry import ROWS, Row
from providers.types import Answer, Failure, Instrument, Quote, QuoteRound

logger = logging.getLogger(__name__)

# One call may outlast the round it was made in: its answer then serves the next round.
CALL_TIMEOUT = 10.0
# Older answers are not handed up; consensus judges the age of what is younger.
HOLD = 600
FROZEN = "its prices stand still"

_asking = ThreadPoolExecutor(max_workers=32, thread_name_prefix="provider")
_in_flight: set[str] = set()
_in_flight_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Held:
    """The last good answer of a provider, and since when its prices stand still."""

    quotes: tuple[Quote, ...]
    asked_at: float
    changed_at: float

    @property
    def prices(self) -> Mapping[str, Decimal]:
        return {quote.symbol: quote.price for quote in self.quotes}


def fetch_quotes(instruments: Sequence[Instrument]) -> QuoteRound:
    """Return what all providers say by the deadline. Failures are named, never raised."""
    started = time.monotonic()
    asked = {row.slug: _ask(row, instruments) for row in ROWS if _is_due(row)}
    wait(
        [future for future in asked.values() if future is not None],
        timeout=settings.PROVIDER_DEADLINE - (time.monotonic() - started),
    )
    quotes: list[Quote] = []
    failures: list[Failure] = []
    for row in ROWS:
        held = _held(row.slug)
        problem = _problem(row, held)
        if problem is not None:
            failures.append(problem)
        # A provider that fails now may still be right about a minute ago: its age is its judge.
        if held is not None and (problem is None or problem.reason != "frozen"):
            quotes += held.quotes
    return QuoteRound(tuple(quotes), tuple(failures))


def _is_due(row: Row) -> bool:
    # The cache keeps the time, so that failures and other workers count as well.
    return not row.every or cache.add(f"provider:{row.slug}:asked", 1, timeout=row.every)


def _ask(row: Row, instruments: Sequence[Instrument]) -> "Future[None] | None":
    """Start asking a provider, unless it is still busy with the last question or must rest."""
    with _in_flight_lock:
        if row.slug in _in_flight or not breaker.allows(row.slug):
            return None
        _in_flight.add(row.slug)
    # The context carries the id under which this round is logged.
    context = contextvars.copy_context()
    return _asking.submit(context.run, _ask_now, row, tuple(instruments))


def _ask_now(row: Row, instruments: tuple[Instrument, ...]) -> None:
    started = time.monotonic()
    try:
        quotes = row.adapter.quotes(instruments, _tap(row))
        if not quotes:
            raise BadPayload("answered with an empty list")
        _hold(row, tuple(quotes))
    except ProviderError as error:
        services.record_failure(row.slug, error)
    except Exception as error:
        services.record_failure(
            row.slug, BadPayload(f"could not be read ({type(error).__name__})")
        )
        logger.exception("The adapter of %s failed", row.slug)
    else:
        services.record_success(row.slug, latency=time.monotonic() - started)
    finally:
        with _in_flight_lock:
            _in_flight.discard(row.slug)


def _tap(row: Row) -> Tap:
    deadline = time.monotonic() + CALL_TIMEOUT

    def get(
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        if not budget.take(row.slug, per_minute=row.budget):
            raise OverBudget("was not asked: our own budget for this minute is spent")
        return http.get(
            row.url + path,
            params=params,
            headers=headers,
            seconds=max(0.1, deadline - time.monotonic()),
            public_only=not row.is_redirected,
        )

    return Tap(get=get, key=row.key, now=lambda: datetime.now(UTC))


def _hold(row: Row, quotes: tuple[Quote, ...]) -> None:
    before = _held(row.slug)
    now = time.time()
    held = Held(quotes, asked_at=now, changed_at=now)
    if before is not None and before.prices == held.prices:
        held = Held(quotes, asked_at=now, changed_at=before.changed_at)
    cache.set(_held_key(row.slug), held, timeout=HOLD)


def _held(slug: str) -> Held | None:
    held: Held | None = cache.get(_held_key(slug))
    return held


def _held_key(slug: str) -> str:
    return f"provider:{slug}:quotes"


def _problem(row: Row, held: Held | None) -> Failure | None:
    """Say what is wrong with a provider in this round, or None when nothing is."""
    if held is not None and held.asked_at - held.changed_at >= row.frozen_after:
        services.note_failure(row.slug, FROZEN)
        return Failure(row.slug, "frozen", FROZEN)
    # Asked in this round, or still busy with an earlier one.
    if row.slug in _in_flight:
        return Failure(row.slug, "late", "did not answer by the deadline")
    failure = selectors.observed_of(row.slug).failure
    return Failure(row.slug, "failed", failure) if failure else None
