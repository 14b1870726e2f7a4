"""Counting what is asked: one counter for all processes, from which each takes small lots.

A window is a minute or a day of the clock. Nobody is ever given more than the limit, because a
lot is taken from the shared counter before it is spent; what a process has taken and does not
spend is the price, so lots are small.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

# So many lots make a limit; the fewer permits are left, the smaller they get.
LOTS = 100
LARGEST_LOT = 100
MOST_HELD = 50_000
STRANGER = "address:"


@dataclass(slots=True)
class Lease:
    """What this process may still spend of one window."""

    ends_at: int
    permits: int = 0
    # What the shared counter had left for others, when it was last asked.
    elsewhere: int = 0
    is_exhausted: bool = False

    @property
    def remaining(self) -> int:
        return self.permits + self.elsewhere


_leases: dict[str, Lease] = {}
_lock = threading.Lock()


def take(
    name: str, limit: int, seconds: int, now: float, *, base: Callable[[], int] | None = None
) -> Lease | None:
    """Spend one permit and return the window's lease, or nothing if there is none left.

    `base` says what was spent before, where the counter may have been lost since.
    """
    while True:
        lease = take_held(name, now)
        if lease is not None:
            return lease
        if not _lease_more(name, limit, seconds, now, base):
            return None


def take_held(name: str, now: float) -> Lease | None:
    """Spend a permit that this process holds already; nothing if it holds none."""
    lease = _leases.get(name)
    return lease if lease is not None and spend((lease,), now) is not None else None


def held(names: Sequence[str]) -> list[Lease] | None:
    """Return the leases of all these windows, or nothing if this process has not all of them."""
    with _lock:
        found = [_leases[name] for name in names if name in _leases]
    return found if len(found) == len(names) else None


def spend(leases: Sequence[Lease], now: float, *, count: int = 1) -> list[int] | None:
    """Spend permits of each of these and return what is left of each; nothing, and nothing spent,
    if one of them has none left here."""
    left = []
    with _lock:
        for lease in leases:
            if lease.permits <= 0 or lease.ends_at <= now:
                return None
        for lease in leases:
            lease.permits -= count
            left.append(lease.permits + lease.elsewhere)
    return left


def give_back(name: str, now: float) -> None:
    """Return a permit that was not needed."""
    with _lock:
        lease = _leases.get(name)
        if lease is not None and lease.ends_at > now:
            lease.permits += 1


def lease_of(name: str, limit: int, seconds: int, now: float) -> Lease:
    """Return how a window stands as far as this process knows, without spending anything."""
    with _lock:
        lease = _leases.get(name)
    if lease is not None and lease.ends_at > now:
        return lease
    return Lease(_end(seconds, now), elsewhere=limit)


def _lease_more(
    name: str, limit: int, seconds: int, now: float, base: Callable[[], int] | None
) -> bool:
    ends_at = _end(seconds, now)
    with _lock:
        lease = _leases.get(name)
        if lease is None or lease.ends_at <= now:
            _make_room(now)
            lease = _leases[name] = Lease(ends_at, elsewhere=limit)
        if lease.is_exhausted:
            return False
        lot = max(1, min(limit // LOTS, LARGEST_LOT, lease.elsewhere // LOTS))
    # Outside the lock, because it may be a question to another machine.
    if not settings.REDIS_URL:
        return _take_all(lease, limit - (base() if base else 0))
    total = _add(_key(name, ends_at), lot, seconds, base, known=limit - lease.elsewhere)
    granted = max(0, min(lot, limit - (total - lot)))
    with _lock:
        lease.permits += granted
        lease.elsewhere = max(0, limit - total)
        lease.is_exhausted = granted < lot
    return granted > 0


def _take_all(lease: Lease, left: int) -> bool:
    """Where nobody else spends there is nothing to divide."""
    with _lock:
        if not lease.is_exhausted:
            lease.permits, lease.elsewhere, lease.is_exhausted = max(0, left), 0, True
        return lease.permits > 0


def _add(key: str, lot: int, seconds: int, base: Callable[[], int] | None, *, known: int) -> int:
    try:
        return int(cache.incr(key, lot))
    except ValueError:
        # The first of the window, or the cache dropped it; whoever comes second finds a number.
        cache.add(key, max(known, base() if base else 0), timeout=2 * seconds)
        return int(cache.incr(key, lot))


def _make_room(now: float) -> None:
    if len(_leases) < MOST_HELD:
        return
    for name in [name for name, lease in _leases.items() if lease.ends_at <= now]:
        _drop(name)
    # A key's day is never forgotten; there are only so many keys, and any number of addresses.
    strangers = [name for name in _leases if name.startswith(STRANGER)]
    for name in strangers[: len(_leases) - MOST_HELD + 1]:
        _drop(name)


def _drop(name: str) -> None:
    """Forget a lease; whoever holds it must not go on spending beside the next one."""
    _leases.pop(name).ends_at = 0


def forget_all() -> None:
    with _lock:
        for name in list(_leases):
            _drop(name)


def _end(seconds: int, now: float) -> int:
    return (int(now) // seconds + 1) * seconds


def _key(name: str, ends_at: int) -> str:
    return f"limit:{name}:{ends_at}"
