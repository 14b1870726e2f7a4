"""Figures of the whole market for tests: as providers say them, and as the store has them."""

from datetime import timedelta
from decimal import Decimal

from market.models import DefiProtocol, GlobalSnapshot, TrendingAsset, TvlDay
from market.tests.quotes import NOW
from providers.types import GlobalFigures, Protocol, Trending, TvlPoint


def totals(cap="2500000000000", *, source="coingecko", age=30.0, **figures):
    values = {
        "total_volume_24h": Decimal("130000000000"),
        "btc_dominance": Decimal("55.5"),
        "eth_dominance": Decimal("12.25"),
        "market_cap_change_24h": Decimal("-1.5"),
        "active_assets": 17000,
        **figures,
    }
    return GlobalFigures(
        total_market_cap=Decimal(cap),
        observed_at=NOW - timedelta(seconds=age),
        source=source,
        **values,
    )


def trend(position=1, slug="pepe", **fields):
    values = {"symbol": slug.upper(), "name": slug.title(), "rank": 30, **fields}
    return Trending(position=position, upstream_id=slug, source="coingecko", **values)


def protocol(slug="lido", tvl="30000000000", *, category="Lending", **fields):
    values = {
        "name": slug.title(),
        "symbol": "LDO",
        "chain": "Ethereum",
        "chains": ("Ethereum",),
        "change_1d": Decimal("0.5"),
        "change_7d": None,
        "market_cap": None,
        **fields,
    }
    return Protocol(slug=slug, tvl=Decimal(tvl), category=category, source="defillama", **values)


def point(back=0, tvl="100000000000", *, now=NOW):
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return TvlPoint(at=midnight - timedelta(days=back), tvl=Decimal(tvl), source="defillama")


def given_totals(*, observed_at=NOW, **columns):
    return GlobalSnapshot.objects.create(
        at=observed_at.replace(minute=observed_at.minute // 5 * 5, second=0, microsecond=0),
        observed_at=observed_at,
        **{
            "total_market_cap": Decimal("2500000000000.123456789012"),
            "total_volume_24h": Decimal("130000000000"),
            "btc_dominance": Decimal("55.5"),
            "eth_dominance": None,
            "active_assets": 17000,
            "source": "coingecko",
            **columns,
        },
    )


def given_trending(*names, at=NOW):
    TrendingAsset.objects.bulk_create(
        TrendingAsset(
            at=at,
            position=position,
            symbol=name.upper(),
            name=name.title(),
            upstream_id=name,
            source="coingecko",
        )
        for position, name in enumerate(names, 1)
    )


def given_protocols(count, *, observed_at=NOW):
    DefiProtocol.objects.bulk_create(
        DefiProtocol(
            slug=f"protocol-{place}",
            name=f"Protocol {place}",
            symbol="",
            chain="Ethereum",
            chains=["Ethereum"],
            category="Lending",
            tvl=Decimal(10**9 - place),
            position=place,
            source="defillama",
            observed_at=observed_at,
        )
        for place in range(1, count + 1)
    )


def given_days(*backs, observed_at=NOW):
    TvlDay.objects.bulk_create(
        TvlDay(
            day=observed_at.date() - timedelta(days=back),
            tvl=Decimal(10**11 + back),
            source="defillama",
            observed_at=observed_at,
        )
        for back in backs
    )
