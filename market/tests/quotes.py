"""Quotes and stored prices for the market's tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from market.models import Asset, Price
from market.services.assets import sync_assets
from providers.types import Quote

NOW = datetime(2026, 5, 4, 12, 2, 30, tzinfo=UTC)
SOURCES = ("binance", "coingecko", "kraken", "okx", "gate", "kucoin")


def quote(source="kraken", price="64000", *, age=0.0, symbol="BTC", currency="USD", **figures):
    return Quote(
        symbol=symbol,
        price=Decimal(price),
        currency=currency,
        source=source,
        observed_at=NOW - timedelta(seconds=age),
        **figures,
    )


def given_assets(settings, *symbols):
    settings.SUPPORTED_SYMBOLS = list(symbols)
    sync_assets()


def stored(symbol="BTC"):
    return Price.objects.get(asset__symbol=symbol)


def given_price(symbol="BTC", price="64000.5", *, observed_at=NOW, **columns):
    asset, _ = Asset.objects.get_or_create(symbol=symbol, defaults={"name": symbol.title()})
    return Price.objects.create(
        asset=asset,
        price=Decimal(price),
        observed_at=observed_at,
        recorded_at=observed_at,
        **{
            "sources": ["binance", "kraken"],
            "below_quorum": False,
            "spread_percent": Decimal("0.01"),
            **columns,
        },
    )
