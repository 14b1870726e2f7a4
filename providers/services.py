"""Writing down how providers do, and what their operator chose."""

import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from providers import breaker, budget, calls, roster
from providers.adapter import EVERYTHING, STREAM
from providers.exceptions import Blocked, NotOffered, OverBudget, ProviderError, RateLimited
from providers.models import Membership, Pool, Provider, ProviderHour, StoreOrigin
from providers.registry import ROWS
from providers.row import Row
from providers.seal import seal
from providers.selectors import KEEP, Observed, observed_key, observed_of, subject

logger = logging.getLogger(__name__)

# Refused for where we are: asking again soon cannot help.
BLOCKED_PAUSE = 300
RATE_PAUSE = 60
# Who disagrees with the others for so many rounds in a row is put aside for so long.
DISSENT_ROUNDS = 3
ASIDE = timedelta(minutes=10)
KEEP_HOURS = timedelta(days=90)
# Bulk quotes are asked of everybody, and every stream is heard; else one after the other is asked.
STRATEGIES = {"quotes": Pool.Strategy.ALL_AT_ONCE, STREAM: Pool.Strategy.ALL_AT_ONCE}


# -- This installation ---------------------------------------------------------------


def claim_store() -> None:
    """Refuse a database of the other market, so that simulated data never meets real data."""
    origin, _ = StoreOrigin.objects.get_or_create(id=1, defaults={"market": settings.MARKET})
    if origin.market != settings.MARKET:
        raise ImproperlyConfigured(
            f"This database holds a {origin.market} market, and CryptoDT was started for the"
            f" {settings.MARKET} one. Give it another CRYPTODT_DATA_DIR or DATABASE_URL."
        )


def sync_roster() -> None:
    """Give every provider of the code its row and its pools; choices already made stay."""
    with transaction.atomic():
        known = set(Provider.objects.values_list("slug", flat=True))
        Provider.objects.bulk_create(
            [
                Provider(slug=row.slug, name=row.name, is_on=row.is_default)
                for row in ROWS
                if row.slug not in known
            ],
            ignore_conflicts=True,
        )
        join_pools(ROWS)
    roster.changed()


def join_pools(rows: Iterable[Row]) -> None:
    """Put each provider into the first pool of every capability it is in no pool of."""
    pools = _pools()
    providers = {one.slug: one for one in Provider.objects.all()}
    joined = set(Membership.objects.values_list("provider__slug", "capability"))
    Membership.objects.bulk_create(
        [
            Membership(
                provider=providers[row.slug],
                capability=capability,
                pool=pools[capability],
                place=row.order,
            )
            for row in rows
            for capability in row.offers
            if (row.slug, capability) not in joined
        ],
        ignore_conflicts=True,
    )


def _pools() -> dict[str, Pool]:
    """Return the first pool of every capability, made if there is none."""
    found: dict[str, Pool] = {}
    for pool in Pool.objects.order_by("-position"):
        found[pool.capability] = pool
    for capability in EVERYTHING:
        if capability not in found:
            found[capability], _ = Pool.objects.get_or_create(
                name=capability,
                defaults={
                    "capability": capability,
                    "strategy": STRATEGIES.get(capability, Pool.Strategy.PRIORITY),
                },
            )
    return found


# -- How calls went ------------------------------------------------------------------


def record_success(slug: str, capability: str, answered: Any, *, seconds: float | None) -> None:
    """Write down a good answer, and how long it took if anybody was called for it."""
    breaker.succeeded(subject(slug, capability))
    before = observed_of(slug, capability)
    if seconds is None:
        seconds = before.latency
    else:
        calls.record(slug, capability, is_ok=True, seconds=seconds)
    if before.failure:
        logger.info("%s answers again for %s", slug, capability)
    now = time.time()
    seen = Observed(
        checked_at=now, answered_at=now, latency=seconds, newest_at=newest(answered) or now
    )
    cache.set(observed_key(slug, capability), seen, timeout=KEEP)


def record_failure(
    slug: str, capability: str, error: ProviderError, *, seconds: float | None
) -> None:
    if seconds is not None and not isinstance(error, OverBudget):
        calls.record(slug, capability, is_ok=isinstance(error, NotOffered), seconds=seconds)
    if isinstance(error, RateLimited):
        # The whole provider holds back, whatever it was asked for.
        budget.pause(slug, seconds=error.retry_after or RATE_PAUSE)
    if not isinstance(error, NotOffered | OverBudget):
        breaker.failed(subject(slug, capability), pause=_pause(error))
    if isinstance(error, OverBudget) and capability != "quotes":
        # It was not asked, so nothing is known to be wrong with it; a round of prices names
        # everybody it does without.
        calls.count_reason(slug, capability, error.reason)
        return
    note_failure(slug, capability, error.reason, str(error))


def note_failure(slug: str, capability: str, reason: str, failure: str) -> None:
    """Write down what is wrong without counting it against the breaker."""
    calls.count_reason(slug, capability, reason)
    before = observed_of(slug, capability)
    if before.failure != failure:
        logger.warning("%s is left out of %s: %s", slug, capability, failure)
    seen = replace(before, checked_at=time.time(), reason=reason, failure=failure, latency=None)
    cache.set(observed_key(slug, capability), seen, timeout=KEEP)


def note_heard(slug: str, capability: str, *, newest_at: float) -> None:
    """Write down that something came by itself, without counting a call."""
    before = observed_of(slug, capability)
    if before.failure:
        logger.info("%s is heard again for %s", slug, capability)
    now = time.time()
    seen = replace(
        before, checked_at=now, answered_at=now, newest_at=newest_at, reason="", failure=""
    )
    cache.set(observed_key(slug, capability), seen, timeout=KEEP)


def newest(answered: Any) -> float | None:
    """Return when the newest thing in an answer was observed, if it says so."""
    items = answered if isinstance(answered, Sequence) else [answered]
    times = [
        moment.timestamp()
        for item in items
        if isinstance(moment := getattr(item, "observed_at", None), datetime)
    ]
    return max(times, default=None)


def _pause(error: ProviderError) -> float | None:
    if isinstance(error, RateLimited):
        return error.retry_after or RATE_PAUSE
    if isinstance(error, Blocked):
        return BLOCKED_PAUSE
    return error.retry_after


# -- Who keeps disagreeing -----------------------------------------------------------


def note_dissent(dissenting: Mapping[str, str], heard: Collection[str]) -> None:
    """Count rounds of disagreement; at the third in a row a provider is put aside."""
    for slug in heard:
        key = f"provider:{slug}:dissent"
        if slug not in dissenting:
            cache.delete(key)
            continue
        cache.add(key, 0, timeout=600)
        if cache.incr(key) >= DISSENT_ROUNDS:
            cache.delete(key)
            put_aside(slug, dissenting[slug])


def put_aside(slug: str, reason: str) -> None:
    """Leave a provider out of everything for a while; it comes back by itself."""
    Provider.objects.filter(slug=slug).update(
        aside_until=timezone.now() + ASIDE, aside_reason=reason[:200]
    )
    logger.warning("%s is put aside for %s: %s", slug, ASIDE, reason)
    roster.changed()


# -- The operator's hands ------------------------------------------------------------


def switch(providers: Iterable[Provider], *, is_on: bool) -> list[Provider]:
    """Switch providers on or off; return those that were not so before."""
    changed = [provider for provider in providers if provider.is_on != is_on]
    for provider in changed:
        provider.is_on = is_on
        provider.save(update_fields=["is_on"])
    tell_roster()
    return changed


def set_key(provider: Provider, key: str) -> None:
    """Seal a provider's key; an empty one removes it."""
    provider.sealed_key = seal(key) if key else ""
    provider.key_ending = key[-4:] if key else ""
    provider.save(update_fields=["sealed_key", "key_ending"])
    tell_roster()


def take_in(provider: Provider) -> None:
    """Give a provider that an operator added its pools, and see at once whether it answers."""
    row = roster.row_of(provider)
    if row is not None:
        join_pools([row])
    tell_roster()
    transaction.on_commit(partial(request_probe, provider.slug))


def reset(slug: str) -> None:
    """Forget failures and pauses, so that the next round asks again."""
    for capability in EVERYTHING:
        breaker.reset(subject(slug, capability))
    budget.lift(slug)
    cache.delete(f"provider:{slug}:dissent")
    Provider.objects.filter(slug=slug).update(aside_until=None, aside_reason="")
    tell_roster()


def forget(slug: str) -> None:
    """Leave nothing of a provider that was deleted to the next one of its name."""
    reset(slug)
    cache.delete_many([observed_key(slug, capability) for capability in EVERYTHING])


def tell_roster() -> None:
    """Have every process read the operator's choices anew, as soon as they can be read."""
    transaction.on_commit(roster.changed)


def request_probe(slug: str) -> bool:
    """Have a worker ask a provider now; its health shows what came of it."""
    try:
        current_app.send_task("providers.tasks.probe_provider", [slug])
    except OperationalError:
        logger.warning("No probe of %s: the queue cannot be reached", slug)
        return False
    return True


# -- Roll-ups ------------------------------------------------------------------------


def roll_up_calls(*, now: datetime) -> int:
    """Write this hour's and the last hour's sums into the database; drop those past 90 days."""
    hour = int(now.timestamp() // 3600)
    rows = [
        row
        for member in roster.current().all_members()
        for one in (hour - 1, hour)
        if (row := _hour_row(member.slug, member.capability, one)) is not None
    ]
    ProviderHour.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["slug", "capability", "hour"],
        update_fields=["calls", "failures", "p50_ms", "p95_ms"],
    )
    ProviderHour.objects.filter(hour__lt=now - KEEP_HOURS).delete()
    return len(rows)


def _hour_row(slug: str, capability: str, hour: int) -> ProviderHour | None:
    tally = calls.in_hour(slug, capability, hour)
    if not tally.calls:
        return None
    return ProviderHour(
        slug=slug,
        capability=capability,
        hour=datetime.fromtimestamp(hour * 3600, UTC),
        calls=tally.calls,
        failures=tally.failures,
        p50_ms=tally.p50_ms,
        p95_ms=tally.p95_ms,
    )
