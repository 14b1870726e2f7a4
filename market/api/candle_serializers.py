"""The shapes of answers about candles, as the API documents them."""

from typing import cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, inline_serializer
from rest_framework import serializers

from market.api.serializers import STREAM, Field
from market.intervals import INTERVALS

# Building a serializer empties the table it is given, so what is used twice is copied.
REASONS = ["not collected", "upstream outage", "upstream empty", "before listing"]
_MILLISECONDS = "Milliseconds."

CANDLE: dict[str, Field] = {
    "timestamp": serializers.IntegerField(help_text="When it opened, in milliseconds."),
    "open": serializers.FloatField(help_text="With every digit, as all of its numbers."),
    "high": serializers.FloatField(),
    "low": serializers.FloatField(),
    "close": serializers.FloatField(),
    "volume": serializers.FloatField(help_text="In the asset."),
    "closed": serializers.BooleanField(
        help_text="Its upstream has proved that it will not change by trading any more."
    ),
    "state": serializers.ChoiceField(["open", "closed", "corrected"]),
    "revision": serializers.IntegerField(
        help_text="How often its upstream corrected it after it had closed."
    ),
    "source": serializers.CharField(help_text="The one provider that it comes from."),
}
HOLE: dict[str, Field] = {
    "from": serializers.IntegerField(help_text=_MILLISECONDS),
    "to": serializers.IntegerField(help_text="Milliseconds; the first moment that is not in it."),
    "reason": serializers.ChoiceField(REASONS),
    "missing": serializers.IntegerField(help_text="How many candles."),
}
_PLACE: dict[str, Field] = {
    "gaps": cast("Field", inline_serializer("Hole", {**HOLE}, many=True)),
    "next": serializers.CharField(
        allow_null=True, help_text="The `cursor` of the next page; null on the last."
    ),
}
_FRESHNESS: dict[str, Field] = {
    "lastUpdate": serializers.DateTimeField(
        help_text="When the newest of it was last seen at an upstream."
    ),
    "age": serializers.IntegerField(help_text="Seconds since then."),
    "stale": serializers.BooleanField(
        help_text="True when that is too long ago for an answer that reaches up to now."
    ),
}
_WHOSE: dict[str, Field] = {
    "symbol": serializers.CharField(help_text="The pair, such as BTCUSDT."),
    "interval": serializers.ChoiceField(list(INTERVALS)),
    "count": serializers.IntegerField(),
    "complete": serializers.BooleanField(
        help_text="False when candles are missing that should be in it; `gaps` says which."
    ),
}
_SOURCE = serializers.CharField(help_text="The contributing providers, joined by +.")
_SIMULATED = serializers.BooleanField(
    required=False, help_text="Present and true when the market is simulated."
)
_ROWS = cast("Field", inline_serializer("Candle", CANDLE, many=True))

CANDLES = inline_serializer(
    "Candles",
    {
        "success": serializers.BooleanField(),
        "data": _ROWS,
        **_WHOSE,
        "timeframe": serializers.CharField(help_text="The same as `interval`."),
        "source": _SOURCE,
        "meta": cast("Field", inline_serializer("CandlesMeta", {**_PLACE})),
        **_FRESHNESS,
        "stream": STREAM,
        "timestamp": serializers.IntegerField(help_text=_MILLISECONDS),
        "simulated": _SIMULATED,
    },
)
SERVICE_CANDLES = inline_serializer(
    "ServiceCandles",
    {
        "data": _ROWS,
        "meta": cast(
            "Field",
            inline_serializer(
                "ServiceCandlesMeta",
                {
                    "source": _SOURCE,
                    "generated_at": serializers.DateTimeField(),
                    "cache_ttl_seconds": serializers.IntegerField(),
                    "attempted": serializers.ListField(
                        child=serializers.CharField(),
                        help_text="The providers that were asked for these candles.",
                    ),
                    **_WHOSE,
                    **_PLACE,
                    **_FRESHNESS,
                    "stream": STREAM,
                },
            ),
        ),
        "simulated": _SIMULATED,
    },
)
TABLE = OpenApiResponse(
    OpenApiTypes.STR,
    description="`timestamp_ms` is when a candle opened, in milliseconds. The headers "
    "`X-CryptoDT-Complete`, `X-CryptoDT-Stale` and `X-CryptoDT-Next` say what `complete`, "
    "`stale` and `meta.next` say in JSON.",
    examples=[
        OpenApiExample(
            "table",
            value="timestamp_ms,open,high,low,close,volume,state,revision,source\r\n"
            "1769860800000,64000.5,64100,63990.01,64050,12.5,closed,0,binance\r\n",
            media_type="text/csv",
        )
    ],
)
NOT_YET = OpenApiResponse(
    OpenApiTypes.OBJECT,
    description="Nobody asked for this series before: it is being collected, and `Retry-After` "
    "says when to ask again. The body is an error's, with the code `NOT_YET`.",
)

GAP: dict[str, Field] = {
    "symbol": serializers.CharField(help_text="The pair, such as BTCUSDT."),
    "interval": serializers.ChoiceField(list(INTERVALS)),
    **HOLE,
    "state": serializers.ChoiceField(["open", "repaired"]),
    "foundAt": serializers.DateTimeField(),
    "attempts": serializers.IntegerField(help_text="How often it was asked for since."),
    "nextTryAt": serializers.DateTimeField(allow_null=True),
    "said": serializers.DictField(
        help_text="What each provider said when it was asked last, by its name."
    ),
    "repairedAt": serializers.DateTimeField(allow_null=True),
    "repairedBy": serializers.CharField(allow_null=True),
}
GAPS = inline_serializer(
    "Gaps",
    {
        "success": serializers.BooleanField(),
        "data": cast("Field", inline_serializer("Gap", GAP, many=True)),
        "count": serializers.IntegerField(),
        "meta": cast("Field", inline_serializer("GapsMeta", {"next": _PLACE["next"]})),
        "timestamp": serializers.IntegerField(help_text=_MILLISECONDS),
        "simulated": _SIMULATED,
    },
)
