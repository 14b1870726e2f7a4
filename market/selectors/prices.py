"""Reading prices: from the warm snapshot, or from the store when it is cold."""

import json
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

import orjson
from django.conf import settings

from cryptodt.common.errors import NoData, NotYet, TooOld
from cryptodt.common.money import spell
from cryptodt.common.snapshot import Item, Snapshot
from market import snapshot
from market.consensus import Reference
from market.conversion import DOLLARS, Conversion
from market.models import Price
from market.selectors.assets import index, names
from market.selectors.rates import conversion_to

# Named in a refusal; a list of all of them would be longer than the question.
MOST_NAMED = 20
# What is money in an item, beside its exact text. `priceUsd` says itself what it is in.
CONVERTED = ("price", "changeAbs24h", "volume24h", "marketCap")


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
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class PriceQuery:
    """What somebody wants to know: of what, in which money, how fresh, and how much of it."""

    symbols: tuple[str, ...] | None = None
    convert: str | None = None
    max_age: int | None = None
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class PriceAnswer:
    """What was found for a list of symbols: finished objects, and who is missing."""

    items: Sequence[bytes]
    found: Sequence[str]
    missing: Sequence[str]
    sources: Sequence[str]
    version: int
    stale: int
    etag: str
    conversion: Conversion | None
    now_ms: int


def price_answer(query: PriceQuery) -> PriceAnswer:
    """Return the prices of what was asked for, or of everything tracked.

    Raises TooOld for a price older than the caller accepts, NotYet while what was asked for is
    on its way, and NoData when none of it has ever had a price.
    """
    known, held, now_ms = index(), warm_prices(), _now_ms()
    symbols = known.tracked if query.symbols is None else query.symbols
    conversion = None if query.convert is None else conversion_to(query.convert, held)
    found = {symbol: held.items[symbol] for symbol in symbols if symbol in held.items}
    if not found:
        raise _nothing_for(symbols)
    if query.max_age is not None:
        _refuse_older(found, query.max_age, now_ms)
    is_rate_stale = conversion is not None and conversion.is_stale(now_ms)
    stale = [symbol for symbol, item in found.items() if is_rate_stale or _is_stale(item, now_ms)]
    marks = [*stale, "rate"] if is_rate_stale else stale
    shown = [_converted(item, conversion or DOLLARS) for item in found.values()]
    return PriceAnswer(
        items=[_finished(item, now_ms, query.is_full, is_rate_stale) for item in shown],
        found=list(found),
        missing=[symbol for symbol in symbols if symbol not in found],
        sources=sorted({name for item in found.values() for name in item.sources}),
        version=held.version,
        stale=len(stale),
        etag=_etag((held.version, known.version), conversion, marks),
        conversion=conversion,
        now_ms=now_ms,
    )


def untracked(query: PriceQuery) -> dict[str, bool]:
    """Return what was asked for and is not collected for everybody, and whether it has a price."""
    if query.symbols is None:
        return {}
    known, held = index(), warm_prices()
    asked = (symbol for symbol in query.symbols if symbol not in known.settled)
    return {symbol: symbol in held.items for symbol in asked}


def _nothing_for(symbols: Sequence[str]) -> NoData | NotYet:
    known = index()
    if any(symbol not in known.settled for symbol in symbols):
        return NotYet(
            "This is collected from now on, and there is no price yet.",
            details={"symbols": list(symbols)[:MOST_NAMED]},
            retry_after=settings.COLLECT_INTERVAL,
        )
    return NoData("No provider has given a price for any of these yet.")


def _refuse_older(found: Mapping[str, Item], max_age: int, now_ms: int) -> None:
    ages = {symbol: snapshot.age_of(item, now_ms=now_ms) for symbol, item in found.items()}
    older = {symbol: age for symbol, age in ages.items() if age > max_age}
    if older:
        raise TooOld(
            f"{len(older)} of {len(found)} prices are older than {max_age} s.",
            details={"maxAge": max_age, "ages": older},
        )


def _etag(versions: Sequence[int], conversion: Conversion | None, stale: Sequence[str]) -> str:
    """Name what an answer says but for ages: who knows the name has all the rest."""
    rate = "" if conversion is None else f"{conversion.currency}{conversion.observed_ms}"
    marks = zlib.crc32(",".join(stale).encode())
    said = "-".join(f"{version:x}" for version in versions)
    return f'W/"{said}-{rate}-{len(stale)}-{marks:x}"'


def _converted(item: Item, conversion: Conversion) -> Item:
    if conversion is DOLLARS:
        return item
    return replace(item, head=_converted_head(item.head, conversion))


@lru_cache(maxsize=2048)
def _converted_head(head: bytes, conversion: Conversion) -> bytes:
    """Return an item's bytes in other money. Changes in percent are those of the dollar price."""
    shape = json.loads(head + b"}", parse_float=Decimal, parse_int=Decimal)
    for name in CONVERTED:
        value = shape[name]
        shape[name] = None if value is None else conversion.into(value)
    shape["priceExact"] = spell(shape["price"])
    shape["convert"] = conversion.currency
    return orjson.dumps(shape, default=_literal)[:-1]


def _literal(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(spell(value))
    raise TypeError(f"{type(value).__name__} is no number")


def price_items(symbols: Sequence[str]) -> dict[str, str]:
    """Return the finished objects of those symbols that have a price, for the live feed."""
    held, now_ms = warm_prices(), _now_ms()
    return {
        symbol: _finished(held.items[symbol], now_ms).decode()
        for symbol in symbols
        if symbol in held.items
    }


def price_board() -> list[PriceRow]:
    """Return a row for every listed asset, those without a price included; who is ranked first."""
    held, now_ms = warm_prices(), _now_ms()
    rows = [_row(symbol, name, held.items.get(symbol), now_ms) for symbol, name in names().items()]
    return sorted(rows, key=lambda row: (row.rank is None, row.rank or 0))


def freshness() -> tuple[int, int, int]:
    """Return how many listed assets have a price, how many of those are stale, and all of them."""
    held, now_ms = warm_prices(), _now_ms()
    tracked = index().tracked
    priced = [held.items[symbol] for symbol in tracked if symbol in held.items]
    return len(priced), sum(_is_stale(item, now_ms) for item in priced), len(tracked)


def references() -> dict[str, Reference]:
    """Return the last price of each asset, which new quotes are held against."""
    rows = Price.objects.select_related("asset").defer("receipts")
    return {
        row.asset.symbol: Reference(row.price, row.observed_at, row.below_quorum) for row in rows
    }


def warm_prices() -> Snapshot:
    return snapshot.warm(stored_items)


def stored_items() -> dict[str, Item]:
    """Return the public item of every price in the store."""
    return snapshot.items_of(Price.objects.select_related("asset"))


def _finished(
    item: Item, now_ms: int, is_full: bool = False, is_rate_stale: bool = False
) -> bytes:
    # A price in money whose own price is old is as old.
    fresh = -1 if is_rate_stale else settings.CACHE_TTL_PRICES
    return snapshot.with_age(item, now_ms=now_ms, fresh_seconds=fresh, is_full=is_full)


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
        rank=shape["rank"],
    )


def _text(number: float | None) -> str | None:
    return None if number is None else format(Decimal(str(number)), "f")
