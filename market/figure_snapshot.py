"""The public shapes of the figures about the whole market, built once when they are recorded."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

import orjson

from cryptodt.common import broadcast, snapshot
from cryptodt.common.money import spell
from cryptodt.common.snapshot import Item, Snapshot
from market.models import DefiProtocol, GlobalSnapshot, TrendingAsset, TvlDay

OVERVIEW, TRENDING, DEFI, TVL = "overview", "trending", "defi", "tvl"
TOTALS = "totals"


def warm(topic: str, build: Callable[[], Mapping[str, Item]]) -> Snapshot:
    return snapshot.read(topic, build)


def publish(topic: str, items: Mapping[str, Item]) -> Snapshot:
    return snapshot.publish(topic, items)


def tell_overview(told: bytes, *, now_ms: int) -> None:
    items = {OVERVIEW: told.decode()}
    message = {"topic": OVERVIEW, "version": now_ms, "timestamp": now_ms, "items": items}
    broadcast.publish(orjson.dumps(message))


def totals_item(row: GlobalSnapshot) -> dict[str, Item]:
    shape = {
        "totalMarketCap": _number(row.total_market_cap),
        "totalVolume24h": _number(row.total_volume_24h),
        "marketCapChange24h": _number(row.market_cap_change_24h),
        "btcDominance": _number(row.btc_dominance),
        "ethDominance": _number(row.eth_dominance),
        "activeCryptocurrencies": row.active_assets,
        "activeCoins": row.active_assets,
    }
    return {TOTALS: _item(shape, row.observed_at, row.source)}


def trending_items(rows: Iterable[TrendingAsset]) -> dict[str, Item]:
    return {
        str(row.position): _item(
            {
                "position": row.position,
                "symbol": row.symbol,
                "name": row.name,
                "id": row.upstream_id,
                "rank": row.rank,
                # Ours, where it is known: the one to ask prices for.
                "asset": None if row.asset is None else row.asset.symbol,
            },
            row.at,
            row.source,
        )
        for row in rows
    }


def protocol_items(rows: Iterable[DefiProtocol]) -> dict[str, Item]:
    return {
        row.slug: _item(
            {
                "position": row.position,
                "slug": row.slug,
                "name": row.name,
                "symbol": row.symbol or None,
                "category": row.category,
                "chain": row.chain,
                "chains": row.chains,
                "tvl": _number(row.tvl),
                "change1d": _number(row.change_1d),
                "change7d": _number(row.change_7d),
                "marketCap": _number(row.market_cap),
            },
            row.observed_at,
            row.source,
        )
        for row in rows
    }


def day_items(rows: Iterable[TvlDay]) -> dict[str, Item]:
    return {
        row.day.isoformat(): _item(
            {
                "date": row.day.isoformat(),
                "tvl": _number(row.tvl),
                # What was told while the day went on is not yet its last value.
                "closed": row.is_closed,
                "revision": row.revision,
            },
            row.observed_at,
            row.source,
        )
        for row in rows
    }


def _item(shape: Mapping[str, object], observed_at: datetime, source: str) -> Item:
    return Item(orjson.dumps(shape)[:-1], int(observed_at.timestamp() * 1000), (source,))


def _number(number: Decimal | None) -> orjson.Fragment | None:
    return None if number is None else orjson.Fragment(spell(number))
