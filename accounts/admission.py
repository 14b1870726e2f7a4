"""May this call go on? A minute and a day of the clock, counted for each caller."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings

from accounts import counter
from accounts.callers import Caller, Plan, Window
from accounts.tiers import OTHER, family_of

MINUTE, DAY = 60, 86400


class Standing(NamedTuple):
    """How one window stands: what is left, and in how many seconds it begins anew."""

    remaining: int
    reset: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a call may go on, and how its windows stand after it."""

    plan: Plan
    standings: tuple[Standing, ...]
    at: int
    # The window that is used up, if one is.
    refused_by: Window | None = None

    @property
    def is_allowed(self) -> bool:
        return self.refused_by is None

    @property
    def retry_after(self) -> int:
        return next(
            (
                standing.reset
                for window, standing in zip(self.plan.windows, self.standings, strict=True)
                if window is self.refused_by
            ),
            0,
        )

    def told(self) -> bytes:
        """Return the limits as they are on the wire, in the two spellings that clients read."""
        if not self.standings:
            return b""
        told = self.plan.told_at(self.at, [self.at + one.reset for one in self.standings])
        return told % (*(one.remaining for one in self.standings), self.standings[0].remaining)


@dataclass(frozen=True, slots=True)
class Meter:
    """A caller's windows as they are in one second, ready to be spent: this is what a warm read
    waits for, so a call makes nothing anew that the one before it made already."""

    second: int
    leases: Sequence[counter.Lease]
    # What its caller is told but for what is left.
    told: bytes

    def spend(self, now: float, *, count: int) -> bytes | None:
        """Count a call and return what its caller is told; nothing where nothing is left here."""
        if not self.leases:
            return b""
        left = counter.spend(self.leases, now, count=count)
        return None if left is None else self.told % (*left, left[0])


def meter_of(caller: Caller, path: str, second: int) -> Meter | None:
    """Return what this process holds of a caller's windows, if it holds some of each."""
    plan = plan_of(caller, path)
    leases = counter.held(plan.names)
    if leases is None:
        return None
    return Meter(second, leases, plan.told_at(second, [lease.ends_at for lease in leases]))


def plan_of(caller: Caller, path: str) -> Plan:
    """Return what a call of this caller counts against."""
    family = family_of(path)
    plan = caller.plans.get(family)
    if plan is None:
        plan = caller.plans[family] = Plan.of(_windows(caller, family))
    return plan


def _windows(caller: Caller, family: str) -> list[Window]:
    of_family = settings.RATE_LIMITS[family]
    of_tier = caller.limits.per_minute
    found = []
    if not caller.is_keyed:
        found.append(Window("minute", f"{caller.bucket}:{family}", of_family, MINUTE))
    elif of_tier is not None and family != OTHER and of_family > of_tier:
        # A key never gives less than none; where that exceeds the tier it is counted by itself.
        found.append(Window("minute", f"{caller.bucket}:{family}", of_family, MINUTE))
    elif of_tier is not None:
        found.append(Window("minute", caller.bucket, of_tier, MINUTE))
    if caller.limits.per_day is not None:
        found.append(Window("day", f"{caller.bucket}:day", caller.limits.per_day, DAY))
    return found


def admit(caller: Caller, path: str, *, used_today: Callable[[], int]) -> Verdict:
    """Count a call and say whether it may go on. A refused call costs nothing."""
    now, plan = time.time(), plan_of(caller, path)
    for count, window in enumerate(plan.windows):
        base = used_today if window.seconds == DAY else None
        name = window.counted_as
        if counter.take(name, window.limit, window.seconds, now, base=base) is None:
            _give_back(plan.windows[:count], now)
            return _verdict(plan, now, refused_by=window)
    return _verdict(plan, now)


def take_back(verdict: Verdict) -> Verdict:
    """Undo the counting of a call that cost nothing: there was no news for the caller."""
    now = time.time()
    _give_back(verdict.plan.windows, now)
    return _verdict(verdict.plan, now)


def standing(caller: Caller, path: str) -> Verdict:
    """Return how the windows stand, without counting anything."""
    return _verdict(plan_of(caller, path), time.time())


def _give_back(windows: tuple[Window, ...], now: float) -> None:
    for window in windows:
        counter.give_back(window.counted_as, now)


def _verdict(plan: Plan, now: float, *, refused_by: Window | None = None) -> Verdict:
    standings = []
    for window in plan.windows:
        lease = counter.lease_of(window.counted_as, window.limit, window.seconds, now)
        standings.append(Standing(lease.remaining, lease.ends_at - int(now)))
    return Verdict(plan, tuple(standings), int(now), refused_by)
