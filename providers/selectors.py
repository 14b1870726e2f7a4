"""Reading what is known of the providers, without asking any of them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Sum
from django.utils import timezone

from cryptodt.common.errors import NotFound
from providers import breaker, budget, calls, roster
from providers.adapter import STREAM
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
    members = [one for one in everybody if one.is_on and one.capability != STREAM]
    seen = cache.get_many([observed_key(one.slug, one.capability) for one in members])
    by_slug: dict[str, list[tuple[Member, Observed]]] = {}
    for member in members:
        observed = seen.get(observed_key(member.slug, member.capability)) or Observed()
        if observed.checked_at is None and member.capability != "quotes":
            continue
        by_slug.setdefault(member.slug, []).append((member, observed))
    return [_state(found) for found in by_slug.values()]


def provider_names() -> dict[str, str]:
    """Return what every provider is called, asked or not."""
    return {member.slug: member.row.name for member in roster.current().all_members()}


def _state(found: Sequence[tuple[Member, Observed]]) -> ProviderState:
    asked = [one for one in found if one[1].checked_at is not None] or found[:1]
    member, seen = min(asked, key=lambda one: WORST_FIRST.index(status_of(*one)))
    return ProviderState(
        slug=member.slug,
        name=member.row.name,
        status=status_of(member, seen),
        latency_ms=None if seen.latency is None else round(seen.latency * 1000),
        last_check=iso(seen.checked_at),
        error=trouble_of(member, seen),
    )


def status_of(member: Member, seen: Observed) -> str:
    if not member.is_usable:
        return "offline"
    if seen.checked_at is None:
        return "unknown"
    recently = time.time() - (seen.answered_at or 0) < max(RECENT, member.row.every * 3)
    if not seen.failure:
        return "online" if recently else "unknown"
    is_closed = breaker.read(subject(member.slug, member.capability)).state == "closed"
    return "degraded" if recently and is_closed else "offline"


def trouble_of(member: Member, seen: Observed) -> str | None:
    if member.lacks_key:
        return "needs a key, and none is set"
    if member.is_aside:
        return f"put aside: {member.aside_reason}"
    return seen.failure or None


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
    members: dict[str, list[Member]] = {}
    for member in roster.current().all_members():
        members.setdefault(member.slug, []).append(member)
    return [_line(found) for _, found in sorted(members.items())]


def provider_detail(slug: str) -> dict[str, Any]:
    found = [member for member in roster.current().all_members() if member.slug == slug]
    if not found:
        raise NotFound(f"There is no provider {slug[:60]!r}.")
    day = _last_day(slug)
    return {
        **_line(found),
        "capabilities": [_capability(member, day) for member in found],
    }


def circuit_breakers() -> list[dict[str, Any]]:
    """Return every breaker that is not closed, and those of providers in use."""
    lines = []
    for member in roster.current().all_members():
        held = breaker.read(subject(member.slug, member.capability))
        if member.is_on or held.state != "closed":
            lines.append(
                {
                    "provider": member.slug,
                    "capability": member.capability,
                    "state": held.state,
                    "openUntil": iso(held.open_until or None),
                    "openings": held.openings,
                }
            )
    return lines


def capabilities_of(slug: str) -> list[str]:
    return [one.capability for one in roster.current().all_members() if one.slug == slug]


def _line(found: Sequence[Member]) -> dict[str, Any]:
    states = [(member, observed_of(member.slug, member.capability)) for member in found]
    # Without its stream a provider still answers: that is told where its capabilities are.
    state = _state([one for one in states if one[0].capability != STREAM] or states)
    row = found[0].row
    return {
        "slug": row.slug,
        "name": row.name,
        "kind": row.kind,
        "wired": True,
        "enabled": found[0].is_on,
        "offers": list(row.offers),
        "pools": pools_of(row.slug),
        "needsKey": row.needs_key,
        "hasKey": bool(found[0].key),
        "status": state.status if found[0].is_on else "off",
        "latency": state.latency_ms,
        "lastCheck": state.last_check,
        "errorMessage": state.error if found[0].is_on else None,
    }


def pools_of(slug: str) -> list[str]:
    return [
        group.name
        for groups in roster.current().groups.values()
        for group in groups
        if any(member.slug == slug for member in group.members)
    ]


def _capability(member: Member, day: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    seen = observed_of(member.slug, member.capability)
    hour = calls.last_hour(member.slug, member.capability)
    held = breaker.read(subject(member.slug, member.capability))
    sums = day.get(member.capability)
    return {
        "capability": member.capability,
        "status": status_of(member, seen) if member.is_on else "off",
        "breaker": held.state,
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
        "errorMessage": trouble_of(member, seen),
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
