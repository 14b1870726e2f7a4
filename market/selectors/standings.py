"""Lists of the market: the places that an aggregator gives, our own prices where we have them,
and the totals of the whole market."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import orjson
from django.conf import settings
from django.db.models import Subquery, TextField
from django.db.models.functions import Cast, JSONObject

from cryptodt.common.errors import NoData
from cryptodt.common.money import spell
from cryptodt.common.snapshot import Item, Snapshot
from market import snapshot
from market.models import GlobalSnapshot, Standing
from market.resolver import symbols_of
from market.selectors.assets import index
from market.selectors.prices import warm_prices

# An aggregator's list is asked for every five minutes; two rounds late is old.
FRESH_SECONDS = 660
# A listed price tells namesakes apart as long as it is no older than this.
LISTED_AGE = timedelta(hours=1)
MOST_ROWS = 250
# Under no symbol: what the market comes to as a whole.
TOTALS = ""
FIGURES = (
    "total_market_cap",
    "total_volume_24h",
    "btc_dominance",
    "eth_dominance",
    "market_cap_change_24h",
    "active_assets",
    "btc_price",
    "eth_price",
)
# What a list can be sorted by; the other way round with a minus before it.
SORTS: Mapping[str, tuple[str, bool]] = {
    "rank": ("rank", False),
    "market_cap": ("marketCap", True),
    "volume": ("volume24h", True),
    "price": ("price", True),
    "change": ("changePercent24h", True),
    "symbol": ("symbol", False),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One asset of a list: its public bytes but for its age, and what it can be sorted by."""

    item: Item
    shape: Mapping[str, Any]
    fresh_seconds: int

    def finished(self, now_ms: int) -> bytes:
        return snapshot.with_age(self.item, now_ms=now_ms, fresh_seconds=self.fresh_seconds)

    def is_stale(self, now_ms: int) -> bool:
        return snapshot.is_stale(self.item, now_ms=now_ms, fresh_seconds=self.fresh_seconds)


@dataclass(frozen=True, slots=True)
class Listing:
    """The lines that were asked for, out of how many, and what names this very answer."""

    lines: Sequence[Line]
    total: int
    etag: str
    now_ms: int

    @property
    def items(self) -> list[bytes]:
        return [line.finished(self.now_ms) for line in self.lines]

    @property
    def source(self) -> str:
        return "+".join(sorted({one for line in self.lines for one in line.item.sources}))

    @property
    def newest_ms(self) -> int:
        return max(line.item.observed_ms for line in self.lines)


def top(limit: int) -> Listing:
    """Return the assets with the largest market caps."""
    return _listing(_all_lines(), sort="rank", limit=limit)


def board(typed: str | None, *, sort: str, limit: int) -> Listing:
    """Return what the caller typed, or what stands highest."""
    lines = _all_lines()
    if typed is not None:
        wanted = symbols_of(typed, index())
        lines = {symbol: lines[symbol] for symbol in wanted if symbol in lines}
    return _listing(lines, sort=sort, limit=limit)


def lines_of(symbols: Sequence[str]) -> dict[str, Line]:
    """Return a line for each that has a price of our own."""
    held = warm_prices().items
    return {symbol: _line(held[symbol], None) for symbol in symbols if symbol in held}


def standing_of(symbol: str) -> Line | None:
    """Return what is known of one asset, whoever says it."""
    own, listed = warm_prices().items.get(symbol), standings().items.get(symbol)
    return None if own is None and listed is None else _line(own, listed)


def totals() -> tuple[Item, dict[str, Decimal]] | None:
    """Return the market's totals that are known, or nothing."""
    item = standings().items.get(TOTALS)
    if item is None:
        return None
    told = json.loads(item.head)
    return item, {name: Decimal(told[name]) for name in FIGURES if told.get(name) is not None}


def listed_prices(now: datetime) -> dict[str, Decimal]:
    """Return what assets cost in the last list, while that is young enough to compare with."""
    since = snapshot.milliseconds(now - LISTED_AGE)
    items = ((symbol, item) for symbol, item in standings().items.items() if symbol != TOTALS)
    shapes = {s: orjson.loads(i.head + b"}") for s, i in items if i.observed_ms >= since}
    return {
        symbol: Decimal(shape["priceExact"])
        for symbol, shape in shapes.items()
        if shape["priceExact"] is not None
    }


def standings() -> Snapshot:
    return snapshot.warm_standings(stored_standings)


def stored_standings() -> dict[str, Item]:
    """Return every place in the last list, and the latest totals, in one query."""
    told = {name: Cast(name, TextField()) for name in (*FIGURES, "source")}
    latest = GlobalSnapshot.objects.order_by("-at").values(
        told=JSONObject(observed_at="observed_at", **told)
    )[:1]
    rows = list(
        Standing.objects.select_related("asset")
        .annotate(totals=Subquery(latest))
        .order_by("rank", "asset__symbol")
    )
    items = {row.asset.symbol: snapshot.standing_item(row) for row in rows}
    if rows and rows[0].totals is not None:
        items[TOTALS] = _totals_item(rows[0].totals)
    return items


def _totals_item(told: Mapping[str, str]) -> Item:
    moment = datetime.fromisoformat(told["observed_at"])
    # One of the engines keeps no zone; all of them keep UTC.
    observed_at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Item(orjson.dumps(told), snapshot.milliseconds(observed_at), (told["source"],))


def _all_lines() -> dict[str, Line]:
    held, listed = warm_prices().items, standings().items
    symbols = dict.fromkeys([*(one for one in listed if one != TOTALS), *index().tracked])
    return {
        symbol: _line(held.get(symbol), listed.get(symbol))
        for symbol in symbols
        if symbol in held or symbol in listed
    }


def _listing(lines: Mapping[str, Line], *, sort: str, limit: int) -> Listing:
    if not lines:
        raise NoData("No provider has given a list of the market yet.")
    name, is_descending = SORTS[sort.removeprefix("-")]
    known = [line for line in lines.values() if line.shape[name] is not None]
    known.sort(key=lambda line: line.shape["symbol"])
    known.sort(key=_by(name), reverse=is_descending != sort.startswith("-"))
    # What is not known is neither much nor little.
    unknown = [line for line in lines.values() if line.shape[name] is None]
    shown, now_ms = [*known, *unknown][:limit], time.time_ns() // 1_000_000
    stale = "".join("1" if line.is_stale(now_ms) else "0" for line in shown)
    versions = f"{warm_prices().version:x}-{standings().version:x}-{index().version:x}"
    return Listing(shown, len(lines), f'W/"{versions}-{int(stale, 2):x}"', now_ms)


def _by(name: str) -> Callable[[Line], Any]:
    return lambda line: line.shape[name]


def _line(own: Item | None, listed: Item | None) -> Line:
    """Return our own price where there is one, else the aggregator's word."""
    best = own or listed
    if best is None:
        raise ValueError("a line needs a price or a place")
    head, shape = _shape(best.head, b"" if listed is None else listed.head, best.observed_ms)
    fresh = FRESH_SECONDS if own is None else settings.CACHE_TTL_PRICES
    return Line(Item(head, best.observed_ms, best.sources), shape, fresh)


@lru_cache(maxsize=2048)
def _shape(head: bytes, listed: bytes, observed_ms: int) -> tuple[bytes, Mapping[str, Any]]:
    """Return the bytes and the values of a line: here a change is in dollars, as the clients of
    these lists know it, and the percentage has a name of its own."""
    told = json.loads(head + b"}", parse_float=Decimal)
    place = json.loads(listed + b"}")["rank"] if listed else None
    shape = {
        "symbol": told["symbol"],
        "name": told["name"],
        "rank": told["rank"] if told["rank"] is not None else place,
        "price": told["price"],
        "priceExact": told["priceExact"],
        "change24h": told["changeAbs24h"],
        "changePercent24h": told["changePercent24h"],
        "changeAbs24h": told["changeAbs24h"],
        "change1h": told["change1h"],
        "change7d": told["change7d"],
        "volume24h": told["volume24h"],
        "marketCap": told["marketCap"],
        "source": told["source"],
        "sources": told["sources"],
        "figuresSource": told["figuresSource"],
        "figuresLastUpdate": told["figuresLastUpdate"],
        "lastUpdate": told["lastUpdate"],
        "timestamp": observed_ms,
    }
    return orjson.dumps(shape, default=_spelled)[:-1], shape


def _spelled(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(spell(value))
    raise TypeError(f"{type(value).__name__} is no number")
