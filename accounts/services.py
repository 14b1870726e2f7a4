"""What changes who may come in: people, their passwords, their keys and tokens."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from axes.utils import reset
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import keys, second_factor, tokens
from accounts.audit import record
from accounts.callers import BOOK, Caller
from accounts.models import ApiKey, QuotaNotice, RevokedToken, Tier, Usage, User
from accounts.proofs import caller_of_person
from accounts.selectors import USAGE_DAYS, claims_of
from accounts.tiers import ADMIN, ADMINISTRATOR, ANONYMOUS, READ, TIERS
from cryptodt.common.errors import Refusal, Unauthorized

OPERATOR = "operator"
# No letter or digit that can be taken for another one when it is read from a terminal.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 5, 4


def sync_tiers() -> None:
    """Make the tiers that are missing; what an operator made of the others stays."""
    for position, row in enumerate(TIERS):
        Tier.objects.get_or_create(
            slug=row.slug,
            defaults={
                **asdict(row.limits),
                "name": row.name,
                "scopes": list(row.scopes),
                "position": position,
            },
        )


def create_operator() -> str | None:
    """Create the first superuser and return its one-time password, or None if anyone exists."""
    if User.objects.exists():
        return None
    password = one_time_password()
    try:
        with transaction.atomic():
            User.objects.create_superuser(
                OPERATOR,
                password=password,
                must_change_password=True,
                tier_id=ADMINISTRATOR.slug,
            )
    except IntegrityError:
        # Of two processes that start at once, the unique username lets one create it.
        return None
    return password


def one_time_password() -> str:
    """Return a password of about 99 bits, in groups that are easy to type."""
    groups = (
        "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
    )
    return "-".join(groups)


def change_password(
    user: User, password: str, *, how: str = "password changed", address: str | None = None
) -> None:
    """Store a password that the person chose, which ends the duty to change it."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password", "tokens_from"])
    BOOK.forget()
    record(how, actor=user, address=address)


def reset_password(user: User, password: str, *, address: str | None = None) -> None:
    """Store the password of somebody who came by a link in a mail, and let them in again."""
    change_password(user, password, how="password reset", address=address)
    reset(username=user.get_username())


# -- Keys ------------------------------------------------------------------------------

MOST_KEYS = 20
# What a key's successor is like it in.
LIKE = (
    "owner", "name", "tier", "scopes", "per_minute", "per_day", "symbols", "days", "sockets",
    "addresses", "origins",
)  # fmt: skip


class BadKeyWish(Refusal):
    """A key that cannot be had, and why."""

    kind = "INVALID_REQUEST"


@dataclass(frozen=True, slots=True)
class KeyWish:
    """What a new key is to be."""

    name: str
    scopes: Sequence[str] = (READ,)
    tier: str | None = None
    expires_at: datetime | None = None
    addresses: Sequence[str] = ()
    origins: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Issued:
    """A key and its text, which nobody will see again."""

    key: ApiKey
    text: str


def issue_key(
    owner: User, wish: KeyWish, *, by: User | None = None, address: str | None = None
) -> Issued:
    """Issue a key. For oneself it is of one's own tier; staff may issue another."""
    by = by or owner
    tier = _tier_for(owner, wish, by)
    made = keys.make()
    key = ApiKey.objects.create(
        public_id=made.public_id,
        digest=keys.digest(made.text, settings.API_KEY_SALT),
        owner=owner,
        name=wish.name.strip(),
        tier=tier,
        scopes=sorted(set(wish.scopes)),
        expires_at=wish.expires_at,
        addresses=list(wish.addresses),
        origins=list(wish.origins),
    )
    record("key issued", actor=by, target=str(key), address=address, owner=owner.get_username())
    return Issued(key, made.text)


def rotate_key(key: ApiKey, *, overlap: timedelta, by: User, address: str | None = None) -> Issued:
    """Issue a key like this one; this one is good for the overlap and no longer."""
    with transaction.atomic():
        held = ApiKey.objects.select_for_update().get(pk=key.pk)
        if not held.is_live or held.successor_id is not None:
            raise BadKeyWish("This key is not in use any more, or has a successor already.")
        made = keys.make()
        new = ApiKey.objects.create(
            public_id=made.public_id,
            digest=keys.digest(made.text, settings.API_KEY_SALT),
            **{name: getattr(held, name) for name in LIKE},
        )
        ends = timezone.now() + overlap
        held.expires_at = min(ends, held.expires_at) if held.expires_at else ends
        held.successor = new
        held.save(update_fields=["expires_at", "successor"])
    BOOK.forget()
    record("key rotated", actor=by, target=str(held), address=address, successor=str(new))
    return Issued(new, made.text)


def revoke_key(key: ApiKey, *, by: User, address: str | None = None) -> None:
    """End a key at once, and with it every token that was made from it."""
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    BOOK.forget()
    if changed:
        record("key revoked", actor=by, target=str(key), address=address)


def follow_tier(owner: User, *, before: str, by: User) -> None:
    """Take the keys that were of a person's own tier along to the new one; a tier that an
    operator gave to a key by itself stays."""
    moved = owner.api_keys.filter(tier_id=before).update(tier=owner.tier)
    transaction.on_commit(BOOK.forget)
    record(
        "tier changed", actor=by, target=str(owner), before=before, now=owner.tier_id, keys=moved
    )


def _tier_for(owner: User, wish: KeyWish, by: User) -> Tier:
    if by.must_change_password:
        # A key would outlive the password that somebody else knows.
        raise BadKeyWish("Choose a password of your own first.")
    tier = _tier(owner, wish, by)
    refuse_beyond(owner, wish, tier)
    refuse_too_many(owner)
    return tier


def _tier(owner: User, wish: KeyWish, by: User) -> Tier:
    if wish.tier is None or wish.tier == owner.tier_id:
        return owner.tier
    if not by.is_staff:
        raise BadKeyWish("A key is of your own tier; an operator can change that.")
    tier = Tier.objects.filter(slug=wish.tier).first()
    if tier is None or tier.slug == ANONYMOUS.slug:
        raise BadKeyWish("There is no such tier.")
    return tier


def refuse_beyond(owner: User, wish: KeyWish, tier: Tier) -> None:
    """Raise what is wrong with a wish, if anything is."""
    if not wish.name.strip():
        raise BadKeyWish("A key needs a name, so that you know it again.")
    beyond = sorted(set(wish.scopes) - set(tier.scopes))
    if beyond or not wish.scopes:
        allowed = ", ".join(tier.scopes)
        raise BadKeyWish(f"The scopes of a {tier.name} key are among {allowed}.")
    if ADMIN in wish.scopes and not owner.is_staff:
        raise BadKeyWish("Only an operator's key can administer.")
    if wish.expires_at is not None and wish.expires_at <= timezone.now():
        raise BadKeyWish("A key cannot have expired before it is made.")


def refuse_too_many(owner: User) -> None:
    live = owner.api_keys.filter(revoked_at=None).exclude(expires_at__lte=timezone.now())
    if live.count() >= MOST_KEYS:
        raise BadKeyWish(f"You have {MOST_KEYS} keys; revoke one that you do not use.")


# -- Tokens ----------------------------------------------------------------------------


def issue_tokens(caller: Caller) -> tokens.Pair:
    """Make a pair of tokens for somebody who showed a key or logged in."""
    if caller.user_id is None:
        raise Unauthorized("Invalid API key")
    return tokens.pair_for(caller.user_id, caller.key_id)


def logged_in(user: User, code: str = "", *, address: str | None = None) -> Caller:
    """Return somebody who has just shown who it is by name and password, and by a code of the
    second factor, if there is one: only whoever knows the password is told that there is."""
    if user.must_change_password:
        raise Unauthorized("This password is good for one thing: log in and choose your own.")
    if second_factor.is_on(user):
        _check_code(user, code, address)
    return caller_of_person(user)


def _check_code(user: User, code: str, address: str | None) -> None:
    if not code:
        raise Unauthorized(
            "This account has a second factor: send its code along, as `code`.",
            details={"needs": "code"},
        )
    if not second_factor.check(user, code).is_right:
        record("log-in failed", actor=user, address=address, step="code")
        raise Unauthorized(
            "The code is wrong, was used already, or too many wrong ones came before it.",
            details={"needs": "code"},
        )


def refresh_tokens(text: str) -> tokens.Pair:
    """Take a refresh token for a new pair. It is good once: a stolen one shows by that."""
    claims = claims_of(text)
    _give_up(claims)
    return tokens.pair_for(claims.user_id, claims.key_id)


def revoke_token(text: str) -> None:
    _give_up(tokens.read_any(text), is_ok_twice=True)
    BOOK.forget()


def _give_up(claims: tokens.Claims, *, is_ok_twice: bool = False) -> None:
    _, is_new = RevokedToken.objects.get_or_create(
        jti=claims.jti, defaults={"expires_at": claims.expires_at}
    )
    if not is_new and not is_ok_twice:
        raise Unauthorized("Invalid token")


def end_tokens(user: User) -> None:
    """Make every token of a person worthless."""
    User.objects.filter(pk=user.pk).update(tokens_from=timezone.now())
    BOOK.forget()


# -- What is over ----------------------------------------------------------------------


def forget_what_is_over(*, now: datetime) -> None:
    """Drop expired tokens' ends and old usage. The audit is kept."""
    RevokedToken.objects.filter(expires_at__lt=now).delete()
    oldest = now.date() - timedelta(days=USAGE_DAYS)
    Usage.objects.filter(day__lt=oldest).delete()
    QuotaNotice.objects.filter(day__lt=oldest).delete()
