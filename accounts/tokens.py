"""Tokens: a day's pass, made from a key or a login, and checked without a query."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token

from cryptodt.common.errors import Unauthorized

# Which key a token was made from; a login makes one without.
KEY_CLAIM = "key"
# When it was made, in microseconds: `iat` counts seconds, and in one of those a password can be
# changed after a thief used it.
MADE_CLAIM = "made"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST = 2000
# No table counts further.
MOST_ROWS = 2**63


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good token says."""

    jti: str
    user_id: int
    key_id: int | None
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Pair:
    access: str
    refresh: str
    expires_in: int


def pair_for(user_id: int, key_id: int | None) -> Pair:
    refresh = RefreshToken()
    refresh["user_id"] = user_id
    refresh[MADE_CLAIM] = (timezone.now() - EPOCH) // MICROSECOND
    if key_id is not None:
        refresh[KEY_CLAIM] = key_id
    access = refresh.access_token
    lifetime = int(access.lifetime.total_seconds())
    return Pair(str(access), str(refresh), lifetime)


def read_access(text: str) -> Claims:
    return _read(AccessToken, text)


def read_refresh(text: str) -> Claims:
    return _read(RefreshToken, text)


def read_any(text: str) -> Claims:
    """Read a token of either kind, as somebody who gives one up need not say which it is."""
    try:
        return read_access(text)
    except Unauthorized:
        return read_refresh(text)


def _number(given: object) -> int:
    """Return what a row can have as its number; raises ValueError for anything else."""
    found = int(str(given))
    if not 0 <= found < MOST_ROWS:
        raise ValueError(given)
    return found


def _read(kind: type[Token], text: str) -> Claims:
    if len(text) > LONGEST:
        raise Unauthorized("Invalid token")
    try:
        token = kind(text.encode())  # type: ignore[arg-type]
        key_id = token.payload.get(KEY_CLAIM)
        return Claims(
            jti=str(token["jti"]),
            user_id=_number(token["user_id"]),
            key_id=None if key_id is None else _number(key_id),
            issued_at=EPOCH + int(token[MADE_CLAIM]) * MICROSECOND,
            expires_at=datetime.fromtimestamp(int(token["exp"]), UTC),
        )
    except ExpiredTokenError:
        raise Unauthorized("Token expired") from None
    except (TokenError, KeyError, TypeError, ValueError, OverflowError):
        raise Unauthorized("Invalid token") from None
