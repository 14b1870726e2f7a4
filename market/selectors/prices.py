"""Reading prices: from the warm snapshot, or from the store when it is cold."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import orjson
from django.conf import settings

from cryptodt.common.errors import NoData
from cryptodt.common.snapshot import Item, Snapshot
from market import snapshot
from market.catalog import STABLE
from market.consensus import Reference
from market.models import Price
from market.resolver import symbols_of
from market.selectors.assets import names, tracked_symbols


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One line of the page's table; every number is spelled as it is everywhere else."""

    symbol: str
    name: str
    price: str | None
    change_24h: str | None
    volume_24h: str | None
    market_cap: str | None
    source: str
    last_update: str | None
    age: int | None
    stale: bool


@dataclass(frozen=True, slots=True)
class PriceAnswer:
    """What was found for a list of symbols: finished objects, and who is missing."""

    items: Sequence[bytes]
    missing: Sequence[str]
    sources: Sequence[str]
    version: int
    stale: int


def price_answer(typed: str | None) -> PriceAnswer:
    """Return the prices of what the caller typed, or of everything tracked.

    Raises InvalidSymbol for an unknown name, and NoData when none of them has ever had a price.
    """
    tracked = tracked_symbols()
    symbols = tracked if typed is None else symbols_of(typed, [*tracked, *STABLE])
    held = warm_prices()
    found = {symbol: held.items[symbol] for symbol in symbols if symbol in held.items}
    if not found:
        raise NoData("No provider has given a price for any of these yet.")
    now_ms = _now_ms()
    return PriceAnswer(
        items=[_finished(item, now_ms) for item in found.values()],
        missing=[symbol for symbol in symbols if symbol not in found],
        sources=sorted({name for item in found.values() for name in item.sources}),
        version=held.version,
        stale=sum(_is_stale(item, now_ms) for item in found.values()),
    )


def price_items(symbols: Sequence[str]) -> dict[str, str]:
    """Return the finished objects of those symbols that have a price, for the live feed."""
    held, now_ms = warm_prices(), _now_ms()
    return {
        symbol: _finished(held.items[symbol], now_ms).decode()
        for symbol in symbols
        if symbol in held.items
    }


def price_board() -> list[PriceRow]:
    """Return a row for every listed asset, those without a price included."""
    held, now_ms = warm_prices(), _now_ms()
    return [_row(symbol, name, held.items.get(symbol), now_ms) for symbol, name in names().items()]


def freshness() -> tuple[int, int, int]:
    """Return how many listed assets have a price, how many of those are stale, and all of them."""
    held, now_ms = warm_prices(), _now_ms()
    priced = [held.items[symbol] for symbol in tracked_symbols() if symbol in held.items]
    return len(priced), sum(_is_stale(item, now_ms) for item in priced), len(tracked_symbols())


def references() -> dict[str, Reference]:
    """Return the last price of each asset, which new quotes are held against."""
    rows = Price.objects.select_related("asset")
    return {
        row.asset.symbol: Reference(row.price, row.observed_at, row.below_quorum) for row in rows
    }


def warm_prices() -> Snapshot:
    return snapshot.warm(stored_items)


def stored_items() -> dict[str, Item]:
    """Return the public item of every price in the store."""
    return snapshot.items_of(Price.objects.select_related("asset"))


def _finished(item: Item, now_ms: int) -> bytes:
    return snapshot.with_age(item, now_ms=now_ms, fresh_seconds=settings.CACHE_TTL_PRICES)


def _is_stale(item: Item, now_ms: int) -> bool:
    return snapshot.is_stale(item, now_ms=now_ms, fresh_seconds=settings.CACHE_TTL_PRICES)


def _now_ms() -> int:
    return int(time.time() * 1000)


def _row(symbol: str, name: str, item: Item | None, now_ms: int) -> PriceRow:
    if item is None:
        return PriceRow(symbol, name, None, None, None, None, "", None, None, stale=False)
    shape = orjson.loads(_finished(item, now_ms))
    return PriceRow(
        symbol=symbol,
        name=name,
        price=shape["priceExact"],
        change_24h=_text(shape["changePercent24h"]),
        volume_24h=_text(shape["volume24h"]),
        market_cap=_text(shape["marketCap"]),
        source=shape["source"],
        last_update=shape["lastUpdate"],
        age=shape["age"],
        stale=shape["stale"],
    )


def _text(number: float | None) -> str | None:
    return None if number is None else format(Decimal(str(number)), "f")
