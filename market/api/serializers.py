"""The shapes of the market's answers, as the API documents them."""

from typing import Any, TypeAlias, cast

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

Field: TypeAlias = "serializers.Field[Any, Any, Any, Any]"

# Some names (`source`, `data`) are taken on serializer classes, so the shapes are plain tables.
PRICE: dict[str, Field] = {
    "symbol": serializers.CharField(),
    "name": serializers.CharField(),
    "tracked": serializers.BooleanField(help_text="Collected without being asked for."),
    "price": serializers.FloatField(help_text="US dollars, with every digit."),
    "priceExact": serializers.CharField(help_text="The same digits as text, safe anywhere."),
    "priceUsd": serializers.FloatField(),
    "change1h": serializers.FloatField(allow_null=True, help_text="Percent."),
    "change24h": serializers.FloatField(allow_null=True, help_text="Percent."),
    "change7d": serializers.FloatField(allow_null=True, help_text="Percent."),
    "changePercent24h": serializers.FloatField(allow_null=True),
    "changeAbs24h": serializers.FloatField(allow_null=True, help_text="US dollars."),
    "volume24h": serializers.FloatField(allow_null=True, help_text="US dollars."),
    "marketCap": serializers.FloatField(allow_null=True, help_text="US dollars."),
    "rank": serializers.IntegerField(allow_null=True),
    "lastUpdate": serializers.DateTimeField(help_text="When the price was observed."),
    "source": serializers.CharField(help_text="The contributing providers, joined by +."),
    "sources": serializers.IntegerField(help_text="How many providers contributed."),
    "belowQuorum": serializers.BooleanField(
        help_text="True when only one provider stands for it."
    ),
    "spreadPercent": serializers.FloatField(help_text="Between the contributing providers."),
    "confidence": serializers.FloatField(
        allow_null=True,
        help_text="0 to 1: how many stand for it, how closely they agree, who was found wrong,"
        " and how old it was when it was agreed on.",
    ),
    "figuresSource": serializers.CharField(
        allow_null=True, help_text="The one provider whose word the changes and volumes are."
    ),
    "figuresLastUpdate": serializers.DateTimeField(allow_null=True),
    "convert": serializers.CharField(
        required=False,
        help_text="What `price`, `changeAbs24h`, `volume24h` and `marketCap` are in, to twelve"
        " significant digits; changes in percent stay those of the dollar price.",
    ),
    "receipts": serializers.DictField(
        required=False, help_text="With `detail=full`: who said what, who was left out and why."
    ),
    "age": serializers.IntegerField(help_text="Seconds since the price was observed."),
    "stale": serializers.BooleanField(help_text="True when the price is too old to be current."),
}

STREAM = cast(
    "Field",
    inline_serializer(
        "Stream",
        {
            "topic": serializers.CharField(help_text="What to subscribe to at `/ws`."),
            "epoch": serializers.CharField(
                help_text="With `offset`, the `from` of a subscription that goes on where this"
                " answer ends."
            ),
            "offset": serializers.IntegerField(),
        },
    ),
)

PRICES = inline_serializer(
    "Prices",
    {
        "success": serializers.BooleanField(),
        "data": cast("Field", inline_serializer("Price", PRICE, many=True)),
        "count": serializers.IntegerField(),
        "missing": serializers.ListField(
            child=serializers.CharField(), help_text="Tracked, but without any price so far."
        ),
        "source": serializers.CharField(),
        "convert": serializers.CharField(required=False),
        "rate": serializers.FloatField(
            required=False, help_text="US dollars for one unit of `convert`."
        ),
        "rateSource": serializers.CharField(required=False, allow_null=True),
        "rateLastUpdate": serializers.DateTimeField(required=False, allow_null=True),
        "rateStale": serializers.BooleanField(required=False),
        # Absent where no topic tells of all that was asked for.
        "stream": type(STREAM)(required=False),
        "timestamp": serializers.IntegerField(help_text="Milliseconds."),
        "simulated": serializers.BooleanField(
            required=False, help_text="Present and true when the market is simulated."
        ),
    },
)
