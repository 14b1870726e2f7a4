"""Reading what is known of the providers, without asking any of them."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Sum
from django.utils import timezone

from cryptodt.common.errors import NotFound
from providers import breaker, budget, calls, roster
from providers.adapter import STREAM
from providers.breaker import Breaker
from providers.models import ProviderHour
from providers.roster import Member

KEEP = 24 * 3600
# Older than this, an answer says nothing about now; slower rows get three of their periods.
RECENT = 180
WORST_FIRST = ("offline", "degraded", "unknown", "online")


@dataclass(frozen=True, slots=True)
class Observed:
    """The last dealings with a provider; times are seconds since 1970."""

    checked_at: float | None = None
    answered_at: float | None = None
    latency: float | None = None
    newest_at: float | None = None
    reason: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Dealings:
    """What is kept of one provider for one capability."""

    member: Member
    seen: Observed
    breaker: Breaker

    @property
    def status(self) -> str:
        member, seen = self.member, self.seen
        if not member.is_usable:
            return "offline"
        if seen.checked_at is None:
            return "unknown"
        recently = time.time() - (seen.answered_at or 0) < max(RECENT, member.row.every * 3)
        if not seen.failure:
            return "online" if recently else "unknown"
        return "degraded" if recently and self.breaker.state == "closed" else "offline"

    @property
    def trouble(self) -> str | None:
        if self.member.lacks_key:
            return "needs a key, and none is set"
        if self.member.is_aside:
            return f"put aside: {self.member.aside_reason}"
        return self.seen.failure or None


@dataclass(frozen=True, slots=True)
class ProviderState:
    """How a provider does, in plain words: online, degraded, offline or unknown."""

    slug: str
    name: str
    status: str
    latency_ms: int | None
    last_check: str | None
    error: str | None


def subject(slug: str, capability: str) -> str:
    """Return the name under which one capability of a provider is kept."""
    return f"{slug}:{capability}"


def observed_key(slug: str, capability: str) -> str:
    return f"provider:{slug}:{capability}:observed"


def observed_of(slug: str, capability: str) -> Observed:
    return cache.get(observed_key(slug, capability)) or Observed()


# -- For everybody ---------------------------------------------------------------------


def provider_states() -> list[ProviderState]:
    """Return those that are asked, each at its worst capability that was ever asked for.

    Prices are always asked for; who offers only what nobody collects yet has no state to tell.
    A stream comes on top: without it everything is still asked for.
    """
    everybody = roster.current().all_members()
    by_slug: dict[str, list[Dealings]] = {}
    for one in dealings_with(one for one in everybody if one.is_on and one.capability != STREAM):
        if one.seen.checked_at is not None or one.member.capability == "quotes":
            by_slug.setdefault(one.member.slug, []).append(one)
    return [_state(found) for found in by_slug.values()]


def dealings_with(members: Iterable[Member]) -> list[Dealings]:
    """Return what is kept of several members in two trips to the cache, however many they are."""
    found = list(members)
    seen = cache.get_many([observed_key(one.slug, one.capability) for one in found])
    breakers = breaker.read_many(subject(one.slug, one.capability) for one in found)
    return [
        Dealings(
            one,
            seen.get(observed_key(one.slug, one.capability)) or Observed(),
            breakers[subject(one.slug, one.capability)],
        )
        for one in found
    ]


def provider_names() -> dict[str, str]:
    """Return what every provider is called, asked or not."""
    return {member.slug: member.row.name for member in roster.current().all_members()}


def _state(found: Sequence[Dealings]) -> ProviderState:
    asked = [one for one in found if one.seen.checked_at is not None] or found[:1]
    worst = min(asked, key=lambda one: WORST_FIRST.index(one.status))
    seen = worst.seen
    return ProviderState(
        slug=worst.member.slug,
        name=worst.member.row.name,
        status=worst.status,
        latency_ms=None if seen.latency is None else round(seen.latency * 1000),
        last_check=iso(seen.checked_at),
        error=worst.trouble,
    )


# -- For a strategy --------------------------------------------------------------------


def health_of(slug: str, capability: str) -> float:
    """Return the share of good answers in the last hour; one that was never asked is trusted."""
    rate = calls.last_hour(slug, capability).success_rate
    return 1.0 if rate is None else rate


def used_this_hour(slug: str, capability: str) -> int:
    return calls.last_hour(slug, capability).calls


# -- For the operator ------------------------------------------------------------------


def provider_table() -> list[dict[str, Any]]:
    """Return one line per provider: what it is, what it offers, whether and how it is used."""
    held = roster.current()
    pools: dict[str, list[str]] = {}
    for group in (group for groups in held.groups.values() for group in groups):
        for slug in dict.fromkeys(member.slug for member in group.members):
            pools.setdefault(slug, []).append(group.name)
    by_slug: dict[str, list[Dealings]] = {}
    for one in dealings_with(held.all_members()):
        by_slug.setdefault(one.member.slug, []).append(one)
    return [_line(found, pools[slug]) for slug, found in sorted(by_slug.items())]


def provider_detail(slug: str) -> dict[str, Any]:
    held = roster.current()
    groups = [group for groups in held.groups.values() for group in groups]
    own = [group for group in groups if any(one.slug == slug for one in group.members)]
    if not own:
        raise NotFound(f"There is no provider {slug[:60]!r}.")
    found = dealings_with(one for one in held.all_members() if one.slug == slug)
    day = _last_day(slug)
    return {
        **_line(found, [group.name for group in own]),
        "capabilities": [_capability(one, day) for one in found],
    }


def circuit_breakers() -> list[dict[str, Any]]:
    """Return every breaker that is not closed, and those of providers in use."""
    return [
        {
            "provider": one.member.slug,
            "capability": one.member.capability,
            "state": one.breaker.state,
            "openUntil": iso(one.breaker.open_until or None),
            "openings": one.breaker.openings,
        }
        for one in dealings_with(roster.current().all_members())
        if one.member.is_on or one.breaker.state != "closed"
    ]


def capabilities_of(slug: str) -> list[str]:
    return [one.capability for one in roster.current().all_members() if one.slug == slug]


def _line(found: Sequence[Dealings], pools: list[str]) -> dict[str, Any]:
    # Without its stream a provider still answers: that is told where its capabilities are.
    state = _state([one for one in found if one.member.capability != STREAM] or found)
    member = found[0].member
    row = member.row
    return {
        "slug": row.slug,
        "name": row.name,
        "kind": row.kind,
        "wired": True,
        "enabled": member.is_on,
        "offers": list(row.offers),
        "pools": pools,
        "needsKey": row.needs_key,
        "hasKey": bool(member.key),
        "status": state.status if member.is_on else "off",
        "latency": state.latency_ms,
        "lastCheck": state.last_check,
        "errorMessage": state.error if member.is_on else None,
    }


def _capability(one: Dealings, day: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    member, seen = one.member, one.seen
    hour = calls.last_hour(member.slug, member.capability)
    sums = day.get(member.capability)
    return {
        "capability": member.capability,
        "status": one.status if member.is_on else "off",
        "breaker": one.breaker.state,
        "calls1h": hour.calls,
        "successRate1h": hour.success_rate,
        "successRate24h": 1 - sums["failures"] / sums["calls"] if sums and sums["calls"] else None,
        "latencyP50": hour.p50_ms,
        "latencyP95": hour.p95_ms,
        "budgetPerMinute": member.row.budget,
        "budgetLeft": budget.left(member.slug, per_minute=member.row.budget),
        "newestAge": None if seen.newest_at is None else max(0, int(time.time() - seen.newest_at)),
        "lastSuccess": iso(seen.answered_at),
        "lastCheck": iso(seen.checked_at),
        "leftOut1h": calls.reasons_last_hour(member.slug, member.capability),
        "errorKind": seen.reason or None,
        "errorMessage": one.trouble,
    }


def _last_day(slug: str) -> dict[str, dict[str, int]]:
    since = timezone.now() - timedelta(hours=24)
    sums = (
        ProviderHour.objects.filter(slug=slug, hour__gte=since)
        .values("capability")
        .annotate(calls=Sum("calls"), failures=Sum("failures"))
    )
    return {
        line["capability"]: {"calls": line["calls"], "failures": line["failures"]} for line in sums
    }


def iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
