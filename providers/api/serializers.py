"""The shapes of what is told about providers."""

from typing import Any, TypeAlias, cast

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

Field: TypeAlias = "serializers.Field[Any, Any, Any, Any]"

LINE: dict[str, Field] = {
    "slug": serializers.CharField(),
    "name": serializers.CharField(),
    "kind": serializers.CharField(),
    "wired": serializers.BooleanField(help_text="An adapter with tests stands behind it."),
    "enabled": serializers.BooleanField(),
    "offers": serializers.ListField(child=serializers.CharField()),
    "pools": serializers.ListField(child=serializers.CharField()),
    "needsKey": serializers.ChoiceField(["no", "optional", "required"]),
    "hasKey": serializers.BooleanField(),
    "status": serializers.ChoiceField(["online", "degraded", "offline", "unknown", "off"]),
    "latency": serializers.IntegerField(allow_null=True, help_text="Milliseconds."),
    "lastCheck": serializers.DateTimeField(allow_null=True),
    "errorMessage": serializers.CharField(allow_null=True),
}
CAPABILITY: dict[str, Field] = {
    "capability": serializers.CharField(),
    "status": serializers.ChoiceField(["online", "degraded", "offline", "unknown", "off"]),
    "breaker": serializers.ChoiceField(["closed", "open", "half_open"]),
    "calls1h": serializers.IntegerField(),
    "successRate1h": serializers.FloatField(allow_null=True, help_text="0 to 1."),
    "successRate24h": serializers.FloatField(allow_null=True, help_text="0 to 1."),
    "latencyP50": serializers.IntegerField(allow_null=True, help_text="Milliseconds, at most."),
    "latencyP95": serializers.IntegerField(allow_null=True, help_text="Milliseconds, at most."),
    "budgetPerMinute": serializers.IntegerField(),
    "budgetLeft": serializers.IntegerField(),
    "newestAge": serializers.IntegerField(allow_null=True, help_text="Seconds."),
    "lastSuccess": serializers.DateTimeField(allow_null=True),
    "lastCheck": serializers.DateTimeField(allow_null=True),
    "leftOut1h": serializers.DictField(
        child=serializers.IntegerField(), help_text="How often it was left out, by reason."
    ),
    "errorKind": serializers.CharField(allow_null=True),
    "errorMessage": serializers.CharField(allow_null=True),
}
BREAKER: dict[str, Field] = {
    "provider": serializers.CharField(),
    "capability": serializers.CharField(),
    "state": serializers.ChoiceField(["closed", "open", "half_open"]),
    "openUntil": serializers.DateTimeField(allow_null=True),
    "openings": serializers.IntegerField(),
}


def answer(name: str, data: Any, **more: Field) -> Any:
    return inline_serializer(
        name,
        {
            "success": serializers.BooleanField(),
            "data": cast("Field", data),
            "timestamp": serializers.IntegerField(help_text="Milliseconds."),
            **more,
        },
    )


PROVIDERS = answer(
    "Providers",
    inline_serializer("ProviderLine", LINE, many=True),
    count=serializers.IntegerField(),
    wired=serializers.IntegerField(),
    enabled=serializers.IntegerField(),
)
PROVIDER = answer(
    "Provider",
    inline_serializer(
        "ProviderDetail",
        {
            **LINE,
            "capabilities": cast(
                "Field", inline_serializer("ProviderCapability", CAPABILITY, many=True)
            ),
        },
    ),
)
BREAKERS = answer(
    "CircuitBreakers",
    inline_serializer("CircuitBreaker", BREAKER, many=True),
    count=serializers.IntegerField(),
    open=serializers.IntegerField(),
)
