"""Reading what is known of the providers, without asking any of them."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.cache import cache

from providers import breaker
from providers.registry import ROWS

KEEP = 24 * 3600
# Older than this, an answer says nothing about now.
RECENT = 180


@dataclass(frozen=True, slots=True)
class Observed:
    """The last dealings with a provider; times are seconds since 1970."""

    checked_at: float | None = None
    answered_at: float | None = None
    latency: float | None = None
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


def observed_key(slug: str) -> str:
    return f"provider:{slug}:observed"


def observed_of(slug: str) -> Observed:
    return cache.get(observed_key(slug)) or Observed()


def provider_states() -> list[ProviderState]:
    return [_state(row.slug, row.name) for row in ROWS]


def _state(slug: str, name: str) -> ProviderState:
    seen = observed_of(slug)
    return ProviderState(
        slug=slug,
        name=name,
        status=_status(slug, seen),
        latency_ms=None if seen.latency is None else round(seen.latency * 1000),
        last_check=_iso(seen.checked_at),
        error=seen.failure or None,
    )


def _status(slug: str, seen: Observed) -> str:
    if seen.checked_at is None:
        return "unknown"
    if not seen.failure:
        return "online" if time.time() - (seen.answered_at or 0) < RECENT else "unknown"
    answered_lately = time.time() - (seen.answered_at or 0) < RECENT
    return "degraded" if answered_lately and breaker.read(slug).state == "closed" else "offline"


def _iso(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
