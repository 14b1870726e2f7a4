"""The breaker: after failures in a row a provider rests, then exactly one probe may try."""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

# However often it fails, a provider that came back is noticed within this time.
LONGEST_REST = 300
KEEP = 25 * 3600
# A probe that has not come back by then has died.
PROBE = 30


@dataclass(frozen=True, slots=True)
class Breaker:
    """How often a provider was sent to rest, and until when, in seconds since 1970."""

    openings: int = 0
    open_until: float = 0

    @property
    def state(self) -> str:
        if not self.open_until:
            return "closed"
        return "open" if time.time() < self.open_until else "half_open"


def read(slug: str) -> Breaker:
    return cache.get(_key(slug)) or Breaker()


def read_many(slugs: Iterable[str]) -> dict[str, Breaker]:
    """Return the breakers of several in one trip to the cache."""
    keys = {slug: _key(slug) for slug in slugs}
    held = cache.get_many(keys.values())
    return {slug: held.get(key) or Breaker() for slug, key in keys.items()}


def allows(slug: str) -> bool:
    """Say whether the provider may be asked; when half open, only the first to ask may."""
    breaker = read(slug)
    if breaker.state == "half_open":
        # The mark runs out by itself, so a probe that died does not lock the provider out.
        return bool(cache.add(f"{_key(slug)}:probe:{breaker.open_until}", 1, timeout=PROBE))
    return breaker.state == "closed"


def succeeded(slug: str) -> None:
    if cache.get(_count_key(slug)) or read(slug) != Breaker():
        cache.set_many({_key(slug): Breaker(), _count_key(slug): 0}, timeout=KEEP)


def failed(slug: str, *, pause: float | None = None) -> None:
    """Count a failure; open at the threshold, or at once for `pause` when the upstream says so."""
    # Counted by the cache itself: two that fail at the same time are two failures.
    cache.add(_count_key(slug), 0, timeout=KEEP)
    is_last_straw = cache.incr(_count_key(slug)) >= settings.CIRCUIT_BREAKER_THRESHOLD
    breaker = read(slug)
    now = time.time()
    if breaker.state == "open":
        # It rests already, and only the upstream itself can ask for longer.
        until = max(breaker.open_until, now + (pause or 0))
        openings = breaker.openings
    elif is_last_straw or pause is not None or breaker.state == "half_open":
        rest = min(settings.CIRCUIT_BREAKER_TIMEOUT * 2**breaker.openings, LONGEST_REST)
        until = now + max(rest * _spread(slug, breaker.openings), pause or 0)
        openings = min(breaker.openings + 1, 16)
    else:
        # Nothing is written that another failure, counted right now, may just have changed.
        return
    cache.set(_key(slug), Breaker(openings, until), timeout=KEEP)


def reset(slug: str) -> None:
    """Forget everything, because an operator says that it works again."""
    cache.delete_many([_key(slug), _count_key(slug)])


def _spread(slug: str, openings: int) -> float:
    """Return 0.9 to 1, different for each, so that broken providers do not return in step."""
    digest = hashlib.blake2s(f"{slug}:{openings}".encode(), digest_size=2).digest()
    return 0.9 + int.from_bytes(digest) / 65535 * 0.1


def _count_key(slug: str) -> str:
    return f"{_key(slug)}:failures"


def _key(slug: str) -> str:
    return f"breaker:{slug}"
