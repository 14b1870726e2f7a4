"""Reading: who shows a key or a token, what was used, what happened."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts import keys, second_factor, tokens
from accounts.callers import BOOK, Caller
from accounts.models import ApiKey, RevokedToken, Usage, User
from accounts.tiers import ADMIN, SCOPES, Limits
from accounts.tokens import Claims
from cryptodt.common.errors import NotFound, Unauthorized

# One message for every wrong key: which part of it was wrong is nobody's business.
WRONG_KEY = "Invalid API key"
USAGE_DAYS = 90


def known_by_key(text: str) -> Caller:
    return BOOK.recognize(text.encode(), lambda: caller_of_key(live_key(text)))


def known_by_token(text: str) -> Caller:
    return BOOK.recognize(text.encode(), lambda: _caller_of_claims(tokens.read_access(text)))


def known_by_bearer(text: str) -> Caller:
    """Both kinds travel as `Bearer`, and a key shows what it is."""
    return known_by_key(text) if keys.looks_like_key(text) else known_by_token(text)


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


def known_by_session(session_key: str) -> Caller | None:
    """Return who is logged in to the pages with this session."""
    request = HttpRequest()
    request.session = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(session_key)
    user = get_user(request)
    return caller_of_person(user) if isinstance(user, User) else None


def claims_of(text: str) -> Claims:
    """Return what a good refresh token says, and nothing for one that was given up."""
    claims = tokens.read_refresh(text)
    _caller_of_claims(claims)
    return claims


def used_today(caller: Caller) -> int:
    """Return what was counted of a caller's day before this process knew of it."""
    if caller.user_id is None:
        return 0
    today = Usage.objects.filter(
        day=timezone.now().date(), user_id=caller.user_id, key_id=caller.key_id
    )
    return today.aggregate(spent=Sum("spent"))["spent"] or 0


def spent_by_keys(day: date) -> list[tuple[ApiKey, int]]:
    """Return every key that was used on a day, and what that cost of it."""
    rows = Usage.objects.filter(day=day, key__isnull=False).values("key")
    spent = {row["key"]: row["sum"] for row in rows.annotate(sum=Sum("spent"))}
    found = ApiKey.objects.select_related("owner", "tier").in_bulk(list(spent))
    return [(key, spent[number]) for number, key in found.items()]


def person(caller: Caller) -> User:
    if caller.user_id is None:
        raise Unauthorized(WRONG_KEY)
    return User.objects.select_related("tier").get(pk=caller.user_id)


def keys_of(user: User) -> list[ApiKey]:
    return list(user.api_keys.select_related("tier", "successor"))


def key_of(user: User, public_id: str) -> ApiKey:
    """Return a person's own key; another's is as unknown as one that never was."""
    found = user.api_keys.filter(public_id=public_id).select_related("tier").first()
    if found is None:
        raise NotFound("There is no such key.")
    return found


def usage_of(user: User, *, days: int = USAGE_DAYS) -> list[dict[str, Any]]:
    """Return a row for each day, key and endpoint, the newest day first."""
    since = timezone.now().date() - timedelta(days=days - 1)
    rows = Usage.objects.filter(user=user, day__gte=since).select_related("key")
    return [
        {
            "day": row.day.isoformat(),
            "key": row.key.public_id if row.key else None,
            "endpoint": row.endpoint,
            "calls": row.calls,
            "limited": row.limited,
            "failed": row.failed,
        }
        for row in rows.order_by("-day", "key_id", "endpoint")
    ]


def key_shape(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.public_id,
        "name": key.name,
        "prefix": f"cdt_{key.public_id}",
        "tier": key.tier_id,
        "scopes": key.scopes,
        "limits": limits_shape(key.limits),
        "addresses": key.addresses,
        "origins": key.origins,
        "createdAt": key.created_at,
        "expiresAt": key.expires_at,
        "revokedAt": key.revoked_at,
        "lastUsedAt": key.last_used_at,
        "lastUsedFrom": key.last_used_from,
        "active": key.is_live,
    }


def limits_shape(limits: Limits) -> dict[str, int | None]:
    return {
        "perMinute": limits.per_minute,
        "perDay": limits.per_day,
        "symbols": limits.symbols,
        "days": limits.days,
        "sockets": limits.sockets,
    }


def live_key(text: str) -> ApiKey:
    public_id = keys.public_id_of(text)
    found = None
    if public_id is not None:
        found = ApiKey.objects.select_related("owner", "tier").filter(public_id=public_id).first()
    # A stranger's key is compared as well, so that the time taken tells nothing.
    stored = found.digest if found is not None else keys.digest("", settings.API_KEY_SALT)
    is_right = keys.is_digest_of(stored, text, settings.API_KEY_SALT)
    if found is None or not is_right or not found.is_live or not found.owner.is_active:
        raise Unauthorized(WRONG_KEY)
    return found


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


def _caller_of_claims(claims: Claims) -> Caller:
    user = User.objects.select_related("tier").filter(pk=claims.user_id).first()
    is_over = (
        user is None
        or not user.is_active
        or claims.issued_at < user.tokens_from
        or RevokedToken.objects.filter(jti=claims.jti).exists()
    )
    if user is None or is_over:
        raise Unauthorized("Invalid token")
    if claims.key_id is None:
        return caller_of_person(user)
    key = (
        ApiKey.objects.select_related("owner", "tier").filter(pk=claims.key_id, owner=user).first()
    )
    if key is None or not key.is_live:
        raise Unauthorized("Invalid token")
    return caller_of_key(key)
