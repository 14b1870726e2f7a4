"""Reading: who shows a key or a token, what was used, what happened."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from accounts import keys, tokens
from accounts.callers import BOOK, Caller
from accounts.models import ApiKey, Usage, User
from accounts.proofs import Proof, caller_now, caller_of_key, is_good
from accounts.tiers import Limits
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
    if found is None or not is_right or not is_good(found):
        raise Unauthorized(WRONG_KEY)
    return found


def _caller_of_claims(claims: Claims) -> Caller:
    caller = caller_now(Proof(claims=claims))
    if caller is None:
        raise Unauthorized("Invalid token")
    return caller
