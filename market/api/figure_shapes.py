"""The shapes of the answers about the whole market, as the API documents them."""

from typing import cast

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from market.api.serializers import PRICE, Field

STANDING: dict[str, Field] = {
    "source": serializers.CharField(help_text="The provider whose word this is."),
    "lastUpdate": serializers.DateTimeField(help_text="When it was observed."),
    "age": serializers.IntegerField(help_text="Seconds since it was observed."),
    "stale": serializers.BooleanField(help_text="True when it is too old to be current."),
}
SIMULATED: dict[str, Field] = {
    "simulated": serializers.BooleanField(
        required=False, help_text="Present and true when the market is simulated."
    )
}
MILLISECONDS = serializers.IntegerField(help_text="Milliseconds.")
TREND: dict[str, Field] = {
    "position": serializers.IntegerField(),
    "symbol": serializers.CharField(),
    "name": serializers.CharField(),
    "id": serializers.CharField(help_text="The provider's own name for it."),
    "rank": serializers.IntegerField(allow_null=True, help_text="By market cap."),
    "asset": serializers.CharField(allow_null=True, help_text="Our symbol, where it is known."),
}
PROTOCOL: dict[str, Field] = {
    "position": serializers.IntegerField(),
    "slug": serializers.CharField(),
    "name": serializers.CharField(),
    "symbol": serializers.CharField(allow_null=True),
    "category": serializers.CharField(),
    "chain": serializers.CharField(),
    "chains": serializers.ListField(child=serializers.CharField()),
    "tvl": serializers.FloatField(help_text="US dollars."),
    "change1d": serializers.FloatField(allow_null=True, help_text="Percent."),
    "change7d": serializers.FloatField(allow_null=True, help_text="Percent."),
    "marketCap": serializers.FloatField(allow_null=True, help_text="US dollars."),
}
DAY: dict[str, Field] = {
    "date": serializers.DateField(),
    "tvl": serializers.FloatField(help_text="US dollars."),
    "revision": serializers.IntegerField(help_text="How often it was corrected afterwards."),
    "closed": serializers.BooleanField(help_text="False when it was told before the day ended."),
}


def many(name: str, shape: dict[str, Field]) -> Field:
    return cast("Field", inline_serializer(name, shape, many=True))


TOTALS: dict[str, Field] = {
    "totalMarketCap": serializers.FloatField(help_text="US dollars."),
    "totalVolume24h": serializers.FloatField(allow_null=True, help_text="US dollars."),
    "marketCapChange24h": serializers.FloatField(allow_null=True, help_text="Percent."),
    "btcDominance": serializers.FloatField(allow_null=True, help_text="Percent."),
    "ethDominance": serializers.FloatField(allow_null=True, help_text="Percent."),
    "activeCryptocurrencies": serializers.IntegerField(allow_null=True),
    "activeCoins": serializers.IntegerField(allow_null=True, help_text="The same."),
    "topGainers": many("Gainer", PRICE),
    "topLosers": many("Loser", PRICE),
    "moversOf": serializers.IntegerField(
        help_text="Of how many tracked assets, with a fresh price and enough traded."
    ),
    "trending": many("OverviewTrend", TREND),
    "trendingAsOf": cast("Field", inline_serializer("TrendingAsOf", STANDING, allow_null=True)),
    "timestamp": serializers.IntegerField(help_text="When it was observed, in milliseconds."),
    **STANDING,
}
OVERVIEW = inline_serializer(
    "MarketOverview",
    {
        "success": serializers.BooleanField(),
        "data": cast("Field", inline_serializer("MarketTotals", TOTALS)),
        **STANDING,
        "timestamp": MILLISECONDS,
        **SIMULATED,
    },
)
MOVERS = inline_serializer(
    "Movers",
    {
        "success": serializers.BooleanField(),
        "data": many("Mover", PRICE),
        "count": serializers.IntegerField(),
        "moversOf": serializers.IntegerField(
            help_text="Of how many tracked assets, with a fresh price and enough traded."
        ),
        "source": serializers.CharField(help_text="The contributing providers, joined by +."),
        "timestamp": MILLISECONDS,
        **SIMULATED,
    },
)
TRENDING = inline_serializer(
    "Trending",
    {
        "success": serializers.BooleanField(),
        "coins": many("TrendingCoin", TREND),
        "data": many("TrendingData", TREND),
        "count": serializers.IntegerField(),
        **STANDING,
        "timestamp": serializers.DateTimeField(),
        **SIMULATED,
    },
)
DEFI = inline_serializer(
    "Defi",
    {
        "success": serializers.BooleanField(),
        "data": many("DefiProtocol", PROTOCOL),
        "count": serializers.IntegerField(),
        "total": serializers.IntegerField(help_text="How many are kept."),
        **STANDING,
        "timestamp": serializers.DateTimeField(),
        **SIMULATED,
    },
)
TVL_CHART = inline_serializer(
    "TvlChart",
    {
        "success": serializers.BooleanField(),
        "data": many("TvlDay", DAY),
        "count": serializers.IntegerField(),
        "days": serializers.IntegerField(),
        "complete": serializers.BooleanField(),
        "missing": serializers.ListField(child=serializers.DateField()),
        **STANDING,
        "timestamp": serializers.DateTimeField(),
        **SIMULATED,
    },
)
