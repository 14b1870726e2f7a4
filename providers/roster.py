"""The roster: the code's providers under the operator's choices, ready for the gateway.

Read once from the database and kept in the process until a choice changes; the version in the
shared cache tells every process when that is.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.core.cache import cache
from django.db.models import Prefetch

from providers.adapter import EVERYTHING
from providers.models import Membership, Pool, Provider
from providers.registry import BY_SLUG, added_row
from providers.row import Row
from providers.seal import unseal

VERSION_KEY = "roster:version"


@dataclass(frozen=True, slots=True)
class Member:
    """One provider as it may be asked for one capability."""

    row: Row
    capability: str
    place: int
    key: str
    is_on: bool
    aside_until: float = 0
    aside_reason: str = ""

    @property
    def slug(self) -> str:
        return self.row.slug

    @property
    def lacks_key(self) -> bool:
        return self.row.needs_key == "required" and not self.key

    @property
    def is_aside(self) -> bool:
        return self.aside_until > time.time()

    @property
    def is_usable(self) -> bool:
        return self.is_on and not self.lacks_key and not self.is_aside


@dataclass(frozen=True, slots=True)
class Group:
    """One pool with its members."""

    name: str
    strategy: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Roster:
    version: int
    groups: Mapping[str, tuple[Group, ...]]

    def members(self, capability: str) -> list[Member]:
        return [member for group in self.groups.get(capability, ()) for member in group.members]

    def all_members(self) -> list[Member]:
        return [member for capability in self.groups for member in self.members(capability)]


_held: Roster | None = None
_lock = threading.Lock()


def current() -> Roster:
    """Return the roster; without a change since the last call this runs no query."""
    global _held
    version = cache.get(VERSION_KEY)
    if version is None:
        changed()
        version = cache.get(VERSION_KEY)
    held = _held
    if held is not None and held.version == version:
        return held
    with _lock:
        _held = _read(version)
        return _held


def changed() -> None:
    """Tell every process that an operator chose otherwise."""
    # Nanoseconds, so that a version is never used twice, not even after the cache was emptied.
    cache.set(VERSION_KEY, time.time_ns(), timeout=None)


def environment_key(slug: str) -> str:
    return str(settings.PROVIDER_KEYS.get(slug, ""))


def _read(version: int) -> Roster:
    memberships = Membership.objects.select_related("provider").order_by("place", "provider__slug")
    pools = Pool.objects.prefetch_related(Prefetch("memberships", queryset=memberships))
    groups: dict[str, list[Group]] = {capability: [] for capability in EVERYTHING}
    for pool in pools:
        members = [_member(one, pool.capability) for one in pool.memberships.all()]
        known = tuple(member for member in members if member is not None)
        groups.setdefault(pool.capability, []).append(Group(pool.name, pool.strategy, known))
    return Roster(version, {name: tuple(found) for name, found in groups.items()})


def _member(membership: Membership, capability: str) -> Member | None:
    provider = membership.provider
    row = row_of(provider)
    if row is None or capability not in row.offers:
        # The code no longer knows it; the operator's row waits in case it comes back.
        return None
    return Member(
        row=replace(row, name=provider.name),
        capability=capability,
        place=membership.place,
        key=unseal(provider.sealed_key) or environment_key(provider.slug),
        is_on=provider.is_on,
        aside_until=provider.aside_until.timestamp() if provider.aside_until else 0,
        aside_reason=provider.aside_reason,
    )


def row_of(provider: Provider) -> Row | None:
    if provider.added_format:
        return added_row(
            provider.slug, provider.name, provider.added_format, provider.added_address
        )
    return BY_SLUG.get(provider.slug)
