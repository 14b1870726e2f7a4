"""How calls went: counted in the shared cache by ten minutes, so that every worker adds to one sum.

The raw log is these counters and nothing else: it cannot grow with traffic.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.cache import cache

SLOT = 600
# An hour back, and one more for the roll-up that comes late.
KEEP = 3 * 3600
HOUR_SLOTS = 6
# Upper bounds in milliseconds; what took longer than the last one timed out anyway.
BOUNDS = (10, 25, 50, 100, 200, 400, 800, 1500, 3000, 6000, 12000)
# Every way in which what a provider said is left out, each counted under its own name.
REASONS = (
    "unreachable", "rate_limited", "blocked", "bad_payload", "not_offered", "over_budget",
    "resting", "late", "frozen", "stale", "from_the_future", "unit_slip", "jump", "outlier",
    "wrong_on_others", "not_a_price", "said_twice", "namesake",
    "disagreement", "silent", "sequence_gap", "out_of_order", "repeated",
)  # fmt: skip
FIELDS = ("ok", "failed", *(str(bound) for bound in BOUNDS))


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over some time. Latencies are the bounds that half, and 95 %, stayed under."""

    calls: int = 0
    failures: int = 0
    p50_ms: int | None = None
    p95_ms: int | None = None

    @property
    def success_rate(self) -> float | None:
        return None if not self.calls else 1 - self.failures / self.calls


def record(slug: str, capability: str, *, is_ok: bool, seconds: float) -> None:
    slot = int(time.time() // SLOT)
    bound = next((bound for bound in BOUNDS if seconds * 1000 <= bound), BOUNDS[-1])
    for field in ("ok" if is_ok else "failed", str(bound)):
        key = _key(slug, capability, slot, field)
        cache.add(key, 0, timeout=KEEP)
        cache.incr(key)


def count_reason(slug: str, capability: str, reason: str, number: int = 1) -> None:
    """Count that something of a provider was left out, and why."""
    key = _key(slug, capability, int(time.time() // SLOT), f"reason:{reason}")
    cache.add(key, 0, timeout=KEEP)
    cache.incr(key, number)


def reasons_last_hour(slug: str, capability: str) -> dict[str, int]:
    """Return how often it was left out in the last hour, by reason; what never was is missing."""
    now = int(time.time() // SLOT)
    wanted = {
        _key(slug, capability, slot, f"reason:{reason}"): reason
        for slot in range(now - HOUR_SLOTS + 1, now + 1)
        for reason in REASONS
    }
    sums: dict[str, int] = {}
    for key, count in cache.get_many(list(wanted)).items():
        sums[wanted[key]] = sums.get(wanted[key], 0) + count
    return sums


def last_hour(slug: str, capability: str) -> Tally:
    now = int(time.time() // SLOT)
    return tally(slug, capability, range(now - HOUR_SLOTS + 1, now + 1))


def in_hour(slug: str, capability: str, hour: int) -> Tally:
    """Return the sums of one hour, counted from 1970."""
    return tally(slug, capability, range(hour * HOUR_SLOTS, (hour + 1) * HOUR_SLOTS))


def tally(slug: str, capability: str, slots: Iterable[int]) -> Tally:
    wanted = {
        (slot, field): _key(slug, capability, slot, field) for slot in slots for field in FIELDS
    }
    found = cache.get_many(list(wanted.values()))
    sums = dict.fromkeys(FIELDS, 0)
    for (_, field), key in wanted.items():
        sums[field] += found.get(key, 0)
    counts = [(bound, sums[str(bound)]) for bound in BOUNDS]
    return Tally(
        calls=sums["ok"] + sums["failed"],
        failures=sums["failed"],
        p50_ms=_percentile(counts, 0.5),
        p95_ms=_percentile(counts, 0.95),
    )


def _percentile(counts: list[tuple[int, int]], share: float) -> int | None:
    total = sum(count for _, count in counts)
    passed = 0
    for bound, count in counts:
        passed += count
        if total and passed >= total * share:
            return bound
    return None


def _key(slug: str, capability: str, slot: int, field: str) -> str:
    return f"calls:{slug}:{capability}:{slot}:{field}"
