"""The shapes of the door's questions and answers, as the API documents them."""

from collections.abc import Callable
from typing import Any, TypeAlias, cast

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from accounts import places
from accounts.services import KeyWish
from accounts.tiers import READ, SCOPES

Field: TypeAlias = "serializers.Field[Any, Any, Any, Any]"
MOST_PLACES = 50
LONGEST_OVERLAP_HOURS = 24 * 7


class KeyInBody(serializers.Serializer[Any]):
    api_key = serializers.CharField(help_text="Or send it as X-API-Key.", required=False)


class Credentials(serializers.Serializer[Any]):
    username = serializers.CharField()
    password = serializers.CharField()
    code = serializers.CharField(
        required=False, help_text="Of the second factor, if there is one."
    )


class RefreshInBody(serializers.Serializer[Any]):
    refresh_token = serializers.CharField()


class TokenInBody(serializers.Serializer[Any]):
    token = serializers.CharField()


class OverlapInBody(serializers.Serializer[Any]):
    overlap_hours = serializers.IntegerField(
        default=24,
        min_value=0,
        max_value=LONGEST_OVERLAP_HOURS,
        help_text="How long the old key stays good.",
    )


class KeyWishInBody(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), default=[READ], allow_empty=False
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=50), default=list, max_length=MOST_PLACES
    )
    origins = serializers.ListField(
        child=serializers.CharField(max_length=200), default=list, max_length=MOST_PLACES
    )

    def validate_addresses(self, value: list[str]) -> list[str]:
        return _checked(places.network, value)

    def validate_origins(self, value: list[str]) -> list[str]:
        return _checked(places.origin, value)

    def wish(self) -> KeyWish:
        return KeyWish(**self.validated_data)


def _checked(check: Callable[[str], str], texts: list[str]) -> list[str]:
    try:
        return [check(text) for text in texts]
    except ValueError as error:
        raise serializers.ValidationError(str(error)) from None


def _number(text: str) -> serializers.IntegerField:
    return serializers.IntegerField(allow_null=True, help_text=text)


_LIMITS = inline_serializer(
    "Limits",
    {
        "perMinute": _number("Calls in a minute; null is no limit."),
        "perDay": _number("Calls in a day."),
        "symbols": _number("Symbols in one request."),
        "days": _number("How far back a request may reach."),
        "sockets": _number("Live connections at once."),
    },
)
_KEY: dict[str, Field] = {
    "id": serializers.CharField(),
    "name": serializers.CharField(),
    "prefix": serializers.CharField(help_text="What the key begins with; the rest is not kept."),
    "tier": serializers.CharField(),
    "scopes": serializers.ListField(child=serializers.CharField()),
    "limits": cast("Field", _LIMITS),
    "addresses": serializers.ListField(child=serializers.CharField()),
    "origins": serializers.ListField(child=serializers.CharField()),
    "createdAt": serializers.DateTimeField(),
    "expiresAt": serializers.DateTimeField(allow_null=True),
    "revokedAt": serializers.DateTimeField(allow_null=True),
    "lastUsedAt": serializers.DateTimeField(allow_null=True),
    "lastUsedFrom": serializers.CharField(allow_null=True),
    "active": serializers.BooleanField(),
}
KEYS = inline_serializer(
    "ApiKeys",
    {
        "success": serializers.BooleanField(),
        "data": cast("Field", inline_serializer("ApiKey", _KEY, many=True)),
    },
)
ISSUED = inline_serializer(
    "IssuedKey",
    {
        "success": serializers.BooleanField(),
        "key": serializers.CharField(help_text="The whole key. It is shown this once."),
        "data": cast("Field", inline_serializer("NewApiKey", _KEY)),
        "timestamp": serializers.IntegerField(help_text="Milliseconds."),
    },
)
TOKENS = inline_serializer(
    "Tokens",
    {
        "success": serializers.BooleanField(),
        "access_token": serializers.CharField(),
        "refresh_token": serializers.CharField(help_text="Good once."),
        "token_type": serializers.CharField(),
        "expires_in": serializers.IntegerField(help_text="Seconds."),
    },
)
DONE = inline_serializer(
    "Done",
    {
        "success": serializers.BooleanField(),
        "timestamp": serializers.IntegerField(help_text="Milliseconds."),
    },
)
PROTECTED = inline_serializer(
    "Protected",
    {
        "success": serializers.BooleanField(),
        "user_id": serializers.IntegerField(),
        "data": serializers.DictField(),
        "timestamp": serializers.IntegerField(help_text="Milliseconds."),
    },
)
USAGE = inline_serializer(
    "Usage",
    {
        "success": serializers.BooleanField(),
        "tier": serializers.CharField(),
        "limits": cast("Field", _LIMITS),
        "windows": cast(
            "Field",
            inline_serializer(
                "UsageWindow",
                {
                    "name": serializers.CharField(),
                    "limit": serializers.IntegerField(),
                    "remaining": serializers.IntegerField(),
                    "reset": serializers.IntegerField(help_text="Seconds."),
                },
                many=True,
            ),
        ),
        "data": cast(
            "Field",
            inline_serializer(
                "UsageLine",
                {
                    "day": serializers.DateField(),
                    "key": serializers.CharField(allow_null=True),
                    "endpoint": serializers.CharField(),
                    "calls": serializers.IntegerField(),
                    "limited": serializers.IntegerField(),
                    "failed": serializers.IntegerField(),
                },
                many=True,
            ),
        ),
        "timestamp": serializers.IntegerField(help_text="Milliseconds."),
    },
)
