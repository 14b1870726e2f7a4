"""The shapes of the market's lists, rates and history, as the API documents them."""

from typing import cast

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from market.api.serializers import Field

LINE: dict[str, Field] = {
    "symbol": serializers.CharField(),
    "name": serializers.CharField(),
    "rank": serializers.IntegerField(allow_null=True),
    "price": serializers.FloatField(allow_null=True, help_text="US dollars."),
    "priceExact": serializers.CharField(allow_null=True),
    "change24h": serializers.FloatField(allow_null=True, help_text="US dollars."),
    "changePercent24h": serializers.FloatField(allow_null=True),
    "changeAbs24h": serializers.FloatField(allow_null=True, help_text="US dollars."),
    "change1h": serializers.FloatField(allow_null=True, help_text="Percent."),
    "change7d": serializers.FloatField(allow_null=True, help_text="Percent."),
    "volume24h": serializers.FloatField(allow_null=True, help_text="US dollars."),
    "marketCap": serializers.FloatField(allow_null=True, help_text="US dollars."),
    "source": serializers.CharField(help_text="One name is an aggregator's word, not agreed on."),
    "sources": serializers.IntegerField(),
    "figuresSource": serializers.CharField(allow_null=True),
    "figuresLastUpdate": serializers.DateTimeField(allow_null=True),
    "lastUpdate": serializers.DateTimeField(),
    "timestamp": serializers.IntegerField(help_text="Milliseconds: when it was observed."),
    "age": serializers.IntegerField(help_text="Seconds."),
    "stale": serializers.BooleanField(),
}
ASSET_FIELDS: dict[str, Field] = {
    "symbol": serializers.CharField(help_text="Its one name here."),
    "ticker": serializers.CharField(help_text="What it shares with its namesakes."),
    "name": serializers.CharField(),
    "ids": serializers.DictField(help_text="Its own name at each provider."),
    "aliases": serializers.ListField(child=serializers.CharField()),
    "tracked": serializers.BooleanField(help_text="Collected without being asked for."),
    "gone": serializers.BooleanField(help_text="No upstream lists it any more."),
}
RATE_FIELDS: dict[str, Field] = {
    "pair": serializers.CharField(),
    "price": serializers.FloatField(),
    "quote": serializers.CharField(),
    "ts": serializers.DateTimeField(),
    "age": serializers.IntegerField(help_text="Seconds, of the older of the two prices in it."),
    "stale": serializers.BooleanField(),
    "source": serializers.CharField(),
}


def _many(name: str, fields: dict[str, Field]) -> Field:
    return cast("Field", inline_serializer(name, fields, many=True))


def _one(name: str, fields: dict[str, Field]) -> Field:
    return cast("Field", inline_serializer(name, fields))


_COUNTS: dict[str, Field] = {
    "success": serializers.BooleanField(),
    "count": serializers.IntegerField(),
    "source": serializers.CharField(),
    "timestamp": serializers.IntegerField(help_text="Milliseconds."),
}
PRICE_DATA = inline_serializer(
    "PriceData",
    {
        **_COUNTS,
        "data": _many("MarketLine", LINE),
        "missing": serializers.ListField(child=serializers.CharField()),
    },
)
COINS = inline_serializer(
    "Coins",
    {
        **_COUNTS,
        "data": _many("MarketLine", LINE),
        "coins": _many("MarketLine", LINE),
        "total": serializers.IntegerField(),
        "limit": serializers.IntegerField(),
    },
)
MARKET = inline_serializer(
    "Market",
    {
        **_COUNTS,
        **{
            name: serializers.FloatField(required=False, help_text="Left out when not known.")
            for name in ("totalMarketCap", "totalVolume24h", "btcDominance", "ethDominance")
        },
        "items": _many("MarketLine", LINE),
        "data": _many("MarketLine", LINE),
        "prices": _many("MarketLine", LINE),
        "total": serializers.IntegerField(),
        "last_updated": serializers.DateTimeField(),
        "meta": serializers.DictField(),
    },
)
ASSETS = inline_serializer(
    "Assets",
    {
        "success": serializers.BooleanField(),
        "data": _many("Asset", ASSET_FIELDS),
        "count": serializers.IntegerField(),
        "total": serializers.IntegerField(),
        "next": serializers.CharField(allow_null=True, help_text="`cursor` of the next page."),
    },
)
ASSET = inline_serializer(
    "AssetAnswer",
    {
        "success": serializers.BooleanField(),
        "data": _one(
            "AssetDetail", {**ASSET_FIELDS, "rank": serializers.IntegerField(allow_null=True)}
        ),
    },
)
HISTORY = inline_serializer(
    "PricePoint",
    {"price": serializers.FloatField(), "timestamp": serializers.DateTimeField()},
    many=True,
)
_META = serializers.DictField()
RATE = inline_serializer("ServiceRate", {"data": _one("Rate", RATE_FIELDS), "meta": _META})
RATES = inline_serializer(
    "ServiceRates", {"data": _many("RateOfPair", RATE_FIELDS), "meta": _META}
)
STATUS = inline_serializer("ServiceStatus", {"data": serializers.DictField(), "meta": _META})
