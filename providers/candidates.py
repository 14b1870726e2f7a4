"""Candidates: kept with their evidence, told of, and taken in as providers."""

import hashlib
import logging
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.core.cache import cache
from django.db import transaction
from kombu.exceptions import OperationalError

from cryptodt.common.errors import Unavailable
from cryptodt.common.single import is_taken, single
from providers import registry, services
from providers.forms import AddProviderForm
from providers.models import Candidate, DiscoveryRule, DiscoveryRun, Provider
from providers.parse import storable
from providers.selectors import iso
from providers.validation import Found, Verdict

logger = logging.getLogger(__name__)

# Who was looked at is not looked at again for so long, whatever came of it.
RECHECK = timedelta(days=7)
KEEP = timedelta(days=90)
LONGEST_SLUG, LONGEST_NAME, LONGEST_TELLER = 60, 80, 400
# What is found by discovery: the formats that a rule may be made for.
FORMATS = (Provider.Format.RSS, Provider.Format.CCXT)
# One search at a time; the lock outlasts the longest.
RUNNING, RUN_LOCK = "discovery", 300
WAITING = "discovery_wait"
# A message that waited longer belongs to a request that nobody remembers.
EXPIRES = 300
# How long a request waits for the worker, and how often it looks up.
WAIT, LOOK = 20.0, 0.1
# What a worker leaves under a ticket when somebody else is searching already.
SKIPPED = 0
UNREACHABLE = "The queue of the workers cannot be reached."


class NotAddable(ValueError):
    """This candidate cannot become a provider, and why."""


# -- Found -----------------------------------------------------------------------------


def due(found: Iterable[Found], *, now: datetime, most: int) -> list[Found]:
    """Return whom to look at: those never seen first, then those seen longest ago."""
    seen = _seen()
    taken = known_addresses()
    chosen: dict[tuple[str, str], Found] = {}
    for one in found:
        at = seen.get((one.format, one.address))
        if identity(one.address) not in taken and (at is None or now - at >= RECHECK):
            chosen.setdefault((one.format, identity(one.address)), one)
    order = {key: seen.get((one.format, one.address)) for key, one in chosen.items()}
    return [
        one
        for key, one in sorted(
            chosen.items(), key=lambda item: (order[item[0]] is not None, order[item[0]] or now)
        )
    ][:most]


def _seen() -> dict[tuple[str, str], datetime]:
    """Return when each address was looked at, those that led elsewhere included."""
    seen = {}
    for one in Candidate.objects.all():
        for address in {one.added_address, one.evidence.get("asked", one.added_address)}:
            seen[one.added_format, address] = one.checked_at
    return seen


def known_addresses() -> set[str]:
    """Return what is asked already: feeds by their address, exchanges by their id."""
    own = {identity(row.origin + row.adapter.path) for row in registry.ROWS if _is_feed(row)}
    added = Provider.objects.exclude(added_format="").values_list("added_address", flat=True)
    return own | {identity(address) for address in added}


def _is_feed(row: Any) -> bool:
    return row.kind == "news" and hasattr(row.adapter, "path")


def identity(address: str) -> str:
    """Return what is the same however a feed's address is written."""
    parts = urlsplit(address)
    query = f"?{parts.query}" if parts.query else ""
    return parts.netloc.removeprefix("www.") + parts.path.rstrip("/") + query


def slug_of(found: Found) -> str:
    """Return the name under which it is kept, and under which it would become a provider."""
    same = Candidate.objects.filter(added_format=found.format)
    for one in same.filter(added_address=found.address) | same.filter(
        evidence__asked=found.address
    ):
        return one.slug
    parts = urlsplit(found.address)
    ending = "-news" if found.format == Provider.Format.RSS else ""
    text = f"{parts.netloc.removeprefix('www.')} {parts.path} {parts.query}".lower()
    slug = re.sub(r"[^a-z0-9]+", "-", text).strip("-")[: LONGEST_SLUG - len(ending)].strip("-")
    if not _is_taken(f"{slug}{ending}"):
        return f"{slug}{ending}"
    mark = hashlib.sha256(found.address.encode()).hexdigest()[:8]
    return f"{slug[: LONGEST_SLUG - len(ending) - 9].strip('-')}-{mark}{ending}"


def _is_taken(slug: str) -> bool:
    return (
        slug in registry.BY_SLUG
        or Provider.objects.filter(slug=slug).exists()
        or Candidate.objects.filter(slug=slug).exists()
    )


def record(found: Found, slug: str, verdict: Verdict, *, run: DiscoveryRun) -> Candidate | None:
    """Keep what came of a candidate; nothing if it leads to what is asked already."""
    is_moved = verdict.address != found.address
    if is_moved and identity(verdict.address) in known_addresses():
        return None
    others = Candidate.objects.exclude(slug=slug).filter(
        added_format=found.format, added_address=verdict.address
    )
    if others.exists():
        return None
    told = {
        "name": storable(found.name)[:LONGEST_NAME],
        "added_format": found.format,
        "added_address": verdict.address,
        "found_by": storable(found.found_by)[:LONGEST_TELLER],
        "checked_at": run.started_at,
        "is_valid": not verdict.reason,
        "reason": verdict.reason,
        "evidence": dict(verdict.evidence),
        "run": run,
    }
    candidate, _ = Candidate.objects.update_or_create(
        slug=slug, defaults=told, create_defaults={**told, "first_found_at": run.started_at}
    )
    return candidate


def drop_old(*, now: datetime) -> None:
    """Forget runs, and candidates that nobody has told of for as long."""
    DiscoveryRun.objects.filter(started_at__lt=now - KEEP).delete()
    Candidate.objects.filter(checked_at__lt=now - KEEP, provider=None).delete()


# -- Taken in --------------------------------------------------------------------------


def add(candidate: Candidate, *, is_on: bool) -> Provider:
    """Make a provider of a valid candidate, as if an operator had typed it in."""
    if candidate.provider is not None:
        raise NotAddable("is a provider already")
    if not candidate.is_valid:
        raise NotAddable(f"was refused: {candidate.reason}")
    form = AddProviderForm(
        {
            "added_format": candidate.added_format,
            "added_address": candidate.added_address,
            "name": candidate.name,
            "slug": candidate.slug,
            "is_on": is_on,
        }
    )
    if not form.is_valid():
        raise NotAddable(" ".join(str(one) for many in form.errors.values() for one in many))
    with transaction.atomic():
        candidate.provider = form.save()
        candidate.save(update_fields=["provider"])
        services.take_in(candidate.provider)
    return candidate.provider


def add_by_rule(candidates: Sequence[Candidate]) -> None:
    """Switch on what the operator's rules let in by itself."""
    rules = DiscoveryRule.objects.filter(switches_on=True)
    formats = set(rules.values_list("added_format", flat=True))
    for candidate in candidates:
        if not candidate.is_valid or candidate.added_format not in formats:
            continue
        try:
            add(candidate, is_on=True)
            logger.info("%s is a provider now, by the operator's rule", candidate.slug)
        except NotAddable as error:
            logger.warning("%s could not be added by rule: %s", candidate.slug, error)


def sync_rules() -> None:
    """Give every format that discovery finds its rule, switched off."""
    for kind in FORMATS:
        DiscoveryRule.objects.get_or_create(added_format=kind)


# -- Told ------------------------------------------------------------------------------


def told(candidates: Iterable[Candidate]) -> list[dict[str, Any]]:
    return [
        {
            "slug": one.slug,
            "name": one.name,
            "format": one.added_format,
            "address": one.added_address,
            "valid": one.is_valid,
            "reason": one.reason or None,
            "foundBy": one.found_by,
            "firstFound": iso(one.first_found_at.timestamp()),
            "checkedAt": iso(one.checked_at.timestamp()),
            "provider": one.provider.slug if one.provider else None,
            "evidence": one.evidence,
        }
        for one in candidates
    ]


def all_told() -> list[dict[str, Any]]:
    return told(Candidate.objects.select_related("provider"))


def told_of_run(number: int) -> list[dict[str, Any]]:
    return told(Candidate.objects.select_related("provider").filter(run=number))


def last_run_told() -> dict[str, Any] | None:
    run = DiscoveryRun.objects.first()
    if run is None:
        return None
    return {
        "startedAt": iso(run.started_at.timestamp()),
        "endedAt": iso(run.ended_at.timestamp()),
        "asked": run.asked,
        "checked": run.checked,
        "valid": run.valid,
        "unspoken": run.unspoken,
        "trouble": run.trouble,
    }


# -- Asked for -------------------------------------------------------------------------


def is_running() -> bool:
    return is_taken(RUNNING)


def request_run(ticket: str = "") -> bool:
    """Have a worker search now; under the ticket it leaves the number of its run."""
    try:
        current_app.send_task("providers.tasks.run_discovery", [ticket], expires=EXPIRES)
    except OperationalError:
        logger.warning("No discovery: the queue cannot be reached")
        return False
    return True


def request_and_wait() -> list[dict[str, Any]] | None:
    """Have a worker search, and return what it looked at; nothing if that takes too long."""
    ticket = secrets.token_hex(8)
    # Whoever waits holds a thread of the web, so only one may.
    with single(WAITING, seconds=WAIT + 5) as may_wait:
        if not request_run(ticket if may_wait else ""):
            raise Unavailable(UNREACHABLE)
        ends = time.monotonic() + WAIT if may_wait else 0.0
        while time.monotonic() < ends:
            number = cache.get(ticket_key(ticket))
            if number is not None:
                return None if number == SKIPPED else told_of_run(number)
            time.sleep(LOOK)
    return None


def ticket_key(ticket: str) -> str:
    return f"discovery:{ticket}:run"
