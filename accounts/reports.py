"""What the usage page shows: what was used in 90 days, and what is left right now."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from accounts import admission, selectors
from accounts.admission import DAY
from accounts.callers import Caller
from accounts.models import ApiKey, Usage, User
from accounts.proofs import caller_of_key, caller_of_person

# Calls count by what the tier allows, wherever an endpoint of its own does not allow more.
ANY_PATH = "/api/"
SHOWN_ENDPOINTS = 20


@dataclass(frozen=True, slots=True)
class Used:
    """How many calls were answered, refused by a limit, and answered with an error."""

    calls: int
    limited: int
    failed: int


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of one window; where there is no limit, there is no window."""

    limit: int
    remaining: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How one key stands; no key is somebody logged in to the pages."""

    key: ApiKey | None
    minute: Left | None
    day: Left | None


def by_day(user: User) -> list[tuple[date, Used]]:
    """Return every day of the report, the oldest first; most days are quiet ones."""
    today = timezone.now().date()
    rows = _sums(user).values_list("day", "calls_sum", "limited_sum", "failed_sum")
    used = {day: Used(*numbers) for day, *numbers in rows}
    days = (today - timedelta(days=ago) for ago in reversed(range(selectors.USAGE_DAYS)))
    return [(day, used.get(day, Used(0, 0, 0))) for day in days]


def by_endpoint(user: User) -> list[tuple[str, Used]]:
    """Return what was asked for most."""
    rows = _sums(user, "endpoint").values_list(
        "endpoint", "calls_sum", "limited_sum", "failed_sum"
    )
    found = [(endpoint, Used(*numbers)) for endpoint, *numbers in rows]
    return sorted(found, key=lambda row: -row[1].calls - row[1].limited)[:SHOWN_ENDPOINTS]


def standings(user: User) -> list[Standing]:
    """Return what each key that is in use has left, and the person without one."""
    live = [key for key in selectors.keys_of(user) if key.is_live]
    callers = [(key, caller_of_key(key)) for key in live]
    return [_standing(key, caller) for key, caller in [*callers, (None, caller_of_person(user))]]


def _standing(key: ApiKey | None, caller: Caller) -> Standing:
    verdict = admission.standing(caller, ANY_PATH)
    left = {}
    for window, standing in zip(verdict.plan.windows, verdict.standings, strict=True):
        remaining = standing.remaining
        if window.seconds == DAY:
            # A process that was not asked today knows of the day only what is written down.
            remaining = min(remaining, window.limit - selectors.used_today(caller))
        left[window.name] = Left(window.limit, max(0, remaining))
    return Standing(key, left.get("minute"), left.get("day"))


def _sums(user: User, name: str = "day") -> Any:
    since = timezone.now().date() - timedelta(days=selectors.USAGE_DAYS - 1)
    rows = Usage.objects.filter(user=user, day__gte=since).order_by().values(name)
    return rows.annotate(
        calls_sum=Sum("calls"), limited_sum=Sum("limited"), failed_sum=Sum("failed")
    )
