"""The tap: who is asked, in which order, and what happens when one fails."""

import contextvars
import logging
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import close_old_connections

from providers import agreed, asking, calls, held, roster, selectors, services
from providers.adapter import CAPABILITIES, STREAM, Tap
from providers.exceptions import NoProviderLeft, ProviderError
from providers.roster import Group, Member
from providers.strategy import in_order
from providers.types import (
    Answered,
    Candle,
    CandleAsk,
    Failure,
    Instrument,
    OrderBook,
    Quote,
    QuoteRound,
)

logger = logging.getLogger(__name__)

FROZEN = "its prices stand still"
# So many good answers make a round worth closing, after so many seconds.
QUORUM = 2
PATIENCE = 1.0
RECENTLY = 60

_asking = ThreadPoolExecutor(max_workers=64, thread_name_prefix="provider")
_in_flight: set[str] = set()
_in_flight_lock = threading.Lock()
_turns = count()


@dataclass(frozen=True, slots=True)
class Ranked:
    """A member with what a strategy looks at."""

    member: Member
    health: float
    used: int

    @property
    def place(self) -> int:
        return self.member.place


# -- Bulk quotes: everybody at once ---------------------------------------------------


def fetch_quotes(instruments: Sequence[Instrument]) -> QuoteRound:
    """Return what the providers say by the deadline. Failures are named, never raised."""
    deadline = time.monotonic() + settings.PROVIDER_DEADLINE
    members: list[Member] = []
    for group in roster.current().groups.get("quotes", ()):
        usable = [member for member in group.members if member.is_usable]
        members += usable
        if group.strategy == "all_at_once":
            _ask_together(usable, instruments, deadline)
        else:
            _ask_until_known(group, usable, instruments, deadline)
    return _gathered(members)


def _ask_together(
    members: Sequence[Member], instruments: Sequence[Instrument], deadline: float
) -> None:
    asked = [_start(member, instruments) if _is_due(member) else None for member in members]
    pending = {future for future in asked if future is not None}
    patience = time.monotonic() + PATIENCE
    # Who is not asked now may have been heard a moment ago.
    due = {member.slug for member, future in zip(members, asked, strict=True) if future}
    answered = sum(_was_heard(member.slug) for member in members if member.slug not in due)
    while pending:
        # Once a quorum has answered, one that hangs delays nobody: it serves the next round.
        end = min(patience, deadline) if answered >= QUORUM else deadline
        left = end - time.monotonic()
        if left <= 0:
            return
        done, pending = wait(pending, timeout=left, return_when=FIRST_COMPLETED)
        answered += sum(future.result() for future in done)


def _ask_until_known(
    group: Group, members: Sequence[Member], instruments: Sequence[Instrument], deadline: float
) -> None:
    """Ask one after the other until every instrument has been answered."""
    missing = {instrument.symbol for instrument in instruments}
    for member in _ordered(group, members):
        if not missing or time.monotonic() >= deadline:
            return
        if _is_due(member) and (future := _start(member, instruments)) is not None:
            wait([future], timeout=max(0.0, deadline - time.monotonic()))
        known = held.answered(member.slug)
        missing -= known.prices.keys() if known is not None else set()


def _gathered(members: Sequence[Member]) -> QuoteRound:
    failures = [one for one in (_problem(member) for member in members) if one is not None]
    return QuoteRound(tuple(_held_by(members)), tuple(failures))


def heard() -> list[Quote]:
    """Return what everybody said last, and ask nobody."""
    asked = [one for one in roster.current().members("quotes") if one.is_usable]
    return _held_by(asked)


def _held_by(asked: Sequence[Member]) -> list[Quote]:
    """Return the newest of what was answered and of what was streamed."""
    quotes: list[Quote] = []
    # A provider that fails now may still be right about a minute ago: its age is its judge.
    answers = [(one, held.answered(one.slug)) for one in asked]
    listened = [one for one in roster.current().members(STREAM) if one.is_usable]
    told = [(one, held.streamed(one.slug)) for one in listened]
    for member, known in [*answers, *told]:
        if known is not None and not known.stands_still(member.row.frozen_after):
            quotes += known.quotes
    return held.newest_each(quotes)


def hold_streamed(quotes: Mapping[str, Sequence[Quote]]) -> None:
    """Take what streams told into the next round."""
    for slug, told in quotes.items():
        held.hold_streamed(slug, told)


def _is_due(member: Member) -> bool:
    # The cache keeps the time, so that failures and other workers count as well.
    every = member.row.every
    return not every or cache.add(f"provider:{member.slug}:asked", 1, timeout=every)


def _start(member: Member, instruments: Sequence[Instrument]) -> "Future[bool] | None":
    """Start asking a provider, unless it is still busy with the last question."""
    with _in_flight_lock:
        if member.slug in _in_flight:
            return None
        _in_flight.add(member.slug)
    # The context carries the id under which this round is logged.
    context = contextvars.copy_context()
    return _asking.submit(context.run, _ask_for_quotes, member, tuple(instruments))


def _ask_for_quotes(member: Member, instruments: tuple[Instrument, ...]) -> bool:
    """Hold the provider's answer, and say whether there was one."""
    try:
        quotes = asking.ask(member, partial(_answer, member, (instruments,)))
        held.hold(member.slug, tuple(quotes))
    except ProviderError:
        # Written down where the provider's health is; the others carry the round.
        return False
    finally:
        close_old_connections()
        with _in_flight_lock:
            _in_flight.discard(member.slug)
    return True


def _was_heard(slug: str) -> bool:
    known = held.answered(slug)
    return known is not None and time.time() - known.asked_at < RECENTLY


def _problem(member: Member) -> Failure | None:
    """Say what is wrong with a provider in this round, or None when nothing is."""
    slug, known = member.slug, held.answered(member.slug)
    if known is not None and known.stands_still(member.row.frozen_after):
        services.note_failure(slug, "quotes", "frozen", FROZEN)
        return Failure(slug, "frozen", FROZEN)
    # Asked in this round, or still busy with an earlier one.
    if slug in _in_flight:
        calls.count_reason(slug, "quotes", "late")
        return Failure(slug, "late", "did not answer by the deadline")
    seen = selectors.observed_of(slug, "quotes")
    return Failure(slug, seen.reason, seen.failure) if seen.failure else None


# -- Everything else: one after the other ----------------------------------------------


def fetch_candles(wanted: CandleAsk) -> list[Candle]:
    """Return the first good answer of the pool. Raises NoProviderLeft with every reason."""
    found: list[Candle] = fetch("candles", wanted)
    return found


def fetch_order_book(symbol: str, currency: str, depth: int) -> OrderBook:
    found: OrderBook = fetch("order_book", symbol, currency, depth)
    return found


def fetch(capability: str, *question: Any) -> Any:
    """Ask the pools of a capability in their order until one answers."""
    failures: list[Failure] = []
    for answered in walk(capability, *question):
        if answered.failure is None:
            return answered.found
        failures.append(answered.failure)
    raise NoProviderLeft(f"nobody answered for {capability}", failures=tuple(failures))


def walk(
    capability: str, *question: Any, without: Collection[str] = frozenset(), only: str = ""
) -> Iterator[Answered]:
    """Ask the pools of a capability in their order, one provider whenever the caller goes on.

    Who rests or has no budget left is told as a failure like any other, and nothing goes out;
    `without` names those that the caller knows not to have what is asked for, `only` the one
    whose word is needed.
    """
    for group in roster.current().groups.get(capability, ()):
        usable = [one for one in group.members if one.is_usable and one.slug not in without]
        for member in _ordered(group, [one for one in usable if only in ("", one.slug)]):
            yield _answered(member, question)


def _answered(member: Member, question: tuple[Any, ...]) -> Answered:
    try:
        found = asking.ask(member, partial(_answer, member, question))
    except ProviderError as error:
        return Answered(member.slug, None, Failure(member.slug, error.reason, str(error)))
    return Answered(member.slug, found, None)


def in_turn(capability: str) -> list[str]:
    """Return who may be asked, in the pools' order."""
    return [one.slug for one in roster.current().members(capability) if one.is_usable]


def fetch_each(capability: str, *question: Any) -> dict[str, Any]:
    """Ask every usable provider of a capability for its own answer, such as each feed's news."""
    found: dict[str, Any] = {}
    for member in roster.current().members(capability):
        if not member.is_usable or not _is_due(member):
            continue
        try:
            found[member.slug] = asking.ask(member, partial(_answer, member, question))
        except ProviderError as error:
            logger.debug("%s is left out: %s", member.slug, error)
    return found


def probe(slug: str, capability: str, question: tuple[Any, ...]) -> str:
    """Ask one provider now, whether it rests or not; return what went wrong, or nothing."""
    for member in roster.current().members(capability):
        if member.slug == slug:
            try:
                asking.ask_now(member, partial(_answer, member, question))
            except ProviderError as error:
                return str(error)
            return ""
    return f"{slug} does not offer {capability}"


def _answer(member: Member, question: tuple[Any, ...], tap: Tap) -> Any:
    return getattr(member.row.adapter, CAPABILITIES[member.capability])(*question, tap)


def report_round(
    left_out: Collection[tuple[str, str]],
    dissent: Mapping[str, str],
    heard: Collection[str],
    agreed_on: Mapping[str, Decimal],
) -> None:
    """Take note of what a round made of the quotes: who was left out of it and by which name,
    who disagreed with a quorum, and on what it agreed; whoever keeps disagreeing is put aside."""
    agreed.note(agreed_on)
    for slug, reason in left_out:
        calls.count_reason(slug, "quotes", reason)
    services.note_dissent(dissent, heard)


def report_left_out(slug: str, capability: str, reason: str) -> None:
    """Take note that an answer was good as such and could not be believed."""
    calls.count_reason(slug, capability, reason)


def _ordered(group: Group, members: Sequence[Member]) -> list[Member]:
    ranked = [
        Ranked(
            member,
            health=selectors.health_of(member.slug, member.capability),
            used=selectors.used_this_hour(member.slug, member.capability),
        )
        for member in members
    ]
    return [one.member for one in in_order(group.strategy, ranked, lambda: next(_turns))]
