"""What somebody showed, and whom that makes of them now: one at the door, and all who are inside.

Whoever stays connected was let in by a key, a token or a session that may end meanwhile. So each
connection keeps its proof, and all of them are looked at together, with one query for a table.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import second_factor
from accounts.callers import Caller
from accounts.models import ApiKey, RevokedToken, User
from accounts.tiers import ADMIN, SCOPES
from accounts.tokens import Claims


@dataclass(frozen=True, slots=True)
class Proof:
    """A key, a token or a session; without what it would take to show it again, but for the last,
    whose name is all there is."""

    key_id: int | None = None
    claims: Claims | None = None
    session: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """What the tables say of some proofs."""

    keys: Mapping[int, ApiKey]
    people: Mapping[int, User]
    given_up: frozenset[str]
    sessions: Mapping[str, User]

    @classmethod
    def of(cls, proofs: Collection[Proof]) -> Self:
        claims = [one.claims for one in proofs if one.claims is not None]
        numbers = [*(one.key_id for one in proofs), *(one.key_id for one in claims)]
        key_ids = {one for one in numbers if one is not None}
        sessions = _sessions({one.session for one in proofs if one.session})
        people = _people({one.user_id for one in claims} | {at for at, _ in sessions.values()})
        given_up = RevokedToken.objects.filter(jti__in={one.jti for one in claims})
        keys = ApiKey.objects.select_related("owner", "tier")
        return cls(
            keys=keys.in_bulk(key_ids) if key_ids else {},
            people=people,
            given_up=frozenset(given_up.values_list("jti", flat=True) if claims else ()),
            sessions={
                name: user
                for name, (at, stamp) in sessions.items()
                if (user := people.get(at)) is not None and _is_of(user, stamp)
            },
        )

    def caller(self, proof: Proof) -> Caller | None:
        """Return who that is now; nobody, if it is not good any more."""
        if proof.session:
            user = self.sessions.get(proof.session)
            return caller_of_person(user) if user is not None and user.is_active else None
        if proof.claims is not None:
            return self._caller_of(proof.claims)
        return self._caller_with(proof.key_id)

    def _caller_of(self, claims: Claims) -> Caller | None:
        user = self.people.get(claims.user_id)
        if (
            user is None
            or not user.is_active
            or claims.issued_at < user.tokens_from
            or claims.expires_at <= timezone.now()
            or claims.jti in self.given_up
        ):
            return None
        if claims.key_id is None:
            return caller_of_person(user)
        caller = self._caller_with(claims.key_id)
        return caller if caller is not None and caller.user_id == user.pk else None

    def _caller_with(self, key_id: int | None) -> Caller | None:
        key = None if key_id is None else self.keys.get(key_id)
        return caller_of_key(key) if key is not None and is_good(key) else None


def callers_now(proofs: Collection[Proof]) -> dict[Proof, Caller | None]:
    """Return who shows each of these, as the tables have it at this moment."""
    found = Records.of(proofs)
    return {one: found.caller(one) for one in proofs}


def caller_now(proof: Proof) -> Caller | None:
    return callers_now([proof])[proof]


def is_good(key: ApiKey) -> bool:
    return key.is_live and key.owner.is_active


def caller_of_person(user: User) -> Caller:
    """Return somebody who is logged in to the pages."""
    tier = user.tier
    # A one-time password opens nothing that only staff may do, nor does half a login.
    is_held_back = user.must_change_password or second_factor.is_owed(user)
    is_operator = user.is_staff and not is_held_back
    scopes = SCOPES if is_operator else [scope for scope in tier.scopes if scope != ADMIN]
    return Caller(
        bucket=f"user:{user.pk}",
        tier=tier.slug,
        limits=tier.limits,
        scopes=frozenset(scopes),
        user_id=user.pk,
        name=user.get_username(),
        is_staff=is_operator,
    )


def caller_of_key(key: ApiKey) -> Caller:
    """Return who calls with a key."""
    return Caller(
        bucket=f"key:{key.pk}",
        tier=key.tier_id,
        limits=key.limits,
        scopes=frozenset(key.scopes) & frozenset(key.tier.scopes),
        user_id=key.owner_id,
        key_id=key.pk,
        name=key.owner.get_username(),
        is_staff=key.owner.is_staff,
        origins=tuple(key.origins),
        addresses=tuple(key.addresses),
    )


def _people(numbers: Collection[int]) -> dict[int, User]:
    return User.objects.select_related("tier").in_bulk(numbers) if numbers else {}


def _sessions(names: Collection[str]) -> dict[str, tuple[int, str]]:
    """Return of each session that goes on whose it is, and the stamp of that person's password."""
    if not names:
        return {}
    rows = Session.objects.filter(session_key__in=names, expire_date__gt=timezone.now())
    told = {row.session_key: row.get_decoded() for row in rows}
    return {
        name: (int(one[SESSION_KEY]), one.get(HASH_SESSION_KEY, ""))
        for name, one in told.items()
        if str(one.get(SESSION_KEY, "")).isdecimal()
    }


def _is_of(user: User, stamp: str) -> bool:
    """Say whether a session began with the password that the person has now."""
    stamps = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(stamp, one) for one in stamps)
