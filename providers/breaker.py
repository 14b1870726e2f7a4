"""The breaker: after failures in a row a provider rests, then exactly one probe may try."""

import hashlib
import time
from dataclasses import dataclass, replace

from django.conf import settings
from django.core.cache import cache

# However often it fails, a provider that came back is noticed within this time.
LONGEST_REST = 300
KEEP = 24 * 3600


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is known of one provider's failures; times are seconds since 1970."""

    failures: int = 0
    openings: int = 0
    open_until: float = 0

    @property
    def state(self) -> str:
        if not self.open_until:
            return "closed"
        return "open" if time.time() < self.open_until else "half_open"


def read(slug: str) -> Breaker:
    return cache.get(_key(slug)) or Breaker()


def allows(slug: str) -> bool:
    """Say whether the provider may be asked; when half open, only the first to ask may."""
    breaker = read(slug)
    if breaker.state == "half_open":
        # The mark runs out by itself, so a probe that died does not lock the provider out.
        return bool(cache.add(f"{_key(slug)}:probe:{breaker.openings}", 1, timeout=30))
    return breaker.state == "closed"


def succeeded(slug: str) -> None:
    if read(slug) != Breaker():
        cache.set(_key(slug), Breaker(), timeout=KEEP)


def failed(slug: str, *, pause: float | None = None) -> None:
    """Count a failure; open at the threshold, or at once for `pause` when the upstream says so."""
    breaker = read(slug)
    breaker = replace(breaker, failures=breaker.failures + 1)
    if pause is not None or breaker.failures >= settings.CIRCUIT_BREAKER_THRESHOLD:
        rest = min(settings.CIRCUIT_BREAKER_TIMEOUT * 2**breaker.openings, LONGEST_REST)
        rest = max(rest * _spread(slug, breaker.openings), pause or 0)
        breaker = replace(
            breaker, openings=min(breaker.openings + 1, 16), open_until=time.time() + rest
        )
    cache.set(_key(slug), breaker, timeout=KEEP)


def _spread(slug: str, openings: int) -> float:
    """Return 0.9 to 1.1, different for each, so that broken providers do not return in step."""
    digest = hashlib.blake2s(f"{slug}:{openings}".encode(), digest_size=2).digest()
    return 0.9 + int.from_bytes(digest) / 65535 * 0.2


def _key(slug: str) -> str:
    return f"breaker:{slug}"
