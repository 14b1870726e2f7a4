"""Asking one provider one question: may it be asked, where, and how did it go."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache

from providers import breaker, budget, http, services, signals
from providers.adapter import Tap
from providers.exceptions import (
    BadPayload,
    Blocked,
    OverBudget,
    ProviderError,
    Resting,
    Unreachable,
)
from providers.roster import Member
from providers.row import Row
from providers.selectors import subject
from providers.types import Answer

logger = logging.getLogger(__name__)

Answered = TypeVar("Answered")
# One call may outlast the round it was made in: its answer then serves the next round.
CALL_TIMEOUT = 10.0
# An address that failed is tried after the others for this long.
ADDRESS_REST = 60


def ask(member: Member, question: Callable[[Tap], Answered]) -> Answered:
    """Return the provider's answer, or raise the ProviderError that says why there is none."""
    if budget.paused_until(member.slug) > time.time():
        raise OverBudget("is not asked for a while, as it wished")
    if not breaker.allows(subject(member.slug, member.capability)):
        raise Resting("rests after failing too often")
    return ask_now(member, question)


def ask_now(member: Member, question: Callable[[Tap], Answered]) -> Answered:
    """Ask whether it rests or not, as an operator's probe does; the budget holds all the same."""
    slug, capability = member.slug, member.capability
    started, tap, calls = time.monotonic(), _tap(member), []

    def get(*given: Any, **named: Any) -> Answer:
        calls.append(given)
        return tap.get(*given, **named)

    def took() -> float | None:
        # What was known already is no call, and an answer in no time says nothing of the upstream.
        return time.monotonic() - started if calls else None

    try:
        answered = question(replace(tap, get=get))
        # A feed may have nothing to say; a market has.
        if not answered and capability != "news":
            raise BadPayload("answered with nothing in it")
    except ProviderError as error:
        _hide(error, member.key)
        services.record_failure(slug, capability, error, seconds=took())
        raise
    except Exception as error:
        _hide(error, member.key)
        logger.exception("The adapter of %s failed", slug)
        odd = BadPayload(f"could not be read ({type(error).__name__})")
        services.record_failure(slug, capability, odd, seconds=took())
        raise odd from error
    services.record_success(slug, capability, answered, seconds=took())
    return answered


def _hide(error: Exception, key: str) -> None:
    """Take the key out of what an error says: some upstreams repeat it in a good answer."""
    if key:
        error.args = tuple(str(said).replace(key, "...") for said in error.args)


def _tap(member: Member) -> Tap:
    deadline = time.monotonic() + CALL_TIMEOUT
    reserved = 0 if member.capability == "quotes" else _reserved_for_quotes(member.row)

    def get(
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        problem: ProviderError = Unreachable("has no address")
        for address in addresses(member.row):
            promised = member.row.budget
            if not budget.take(member.slug, per_minute=promised, reserved=reserved):
                raise OverBudget("was not asked: our own budget for this minute is spent")
            try:
                answer = http.get(
                    placed(path, member.row, address),
                    params=params,
                    headers=headers,
                    seconds=max(0.1, deadline - time.monotonic()),
                    public_only=not member.row.is_redirected,
                )
            except (Unreachable, Blocked) as error:
                problem = error
                cache.set(_address_key(address), time.time(), timeout=ADDRESS_REST)
                continue
            _heed(member.slug, answer)
            return answer
        raise problem

    return Tap(get=get, key=member.key, now=lambda: datetime.now(UTC))


def _reserved_for_quotes(row: Row) -> int:
    """Return how much of a minute's budget the rounds of prices need: half of it at most."""
    if "quotes" not in row.offers:
        return 0
    rounds = 60 / max(row.every, settings.COLLECT_INTERVAL)
    return min(row.budget // 2, ceil(rounds) + 1)


def addresses(row: Row) -> list[str]:
    """Return the provider's addresses, those that failed lately last."""
    known = row.addresses
    if len(known) == 1:
        return list(known)
    failed = cache.get_many([_address_key(address) for address in known])
    return sorted(known, key=lambda address: failed.get(_address_key(address), 0))


def placed(path: str, row: Row, address: str) -> str:
    """Return the URL to ask. One of another host keeps it, unless an operator sent us elsewhere."""
    if path.startswith("/"):
        return address + path
    if not row.is_redirected and not path.startswith(f"{row.origin}/"):
        return path
    parts = urlsplit(path)
    return address + parts.path + (f"?{parts.query}" if parts.query else "")


def _heed(slug: str, answer: Answer) -> None:
    pause = signals.pause_for(answer.headers, now=time.time())
    if pause:
        budget.pause(slug, seconds=pause)


def _address_key(address: str) -> str:
    return f"address:{address}:failed"
