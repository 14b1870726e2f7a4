"""The public shape of a price, built once when it is recorded; REST, socket and page show it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import orjson

from cryptodt.common import broadcast, snapshot
from cryptodt.common.money import decimals, spell, times
from cryptodt.common.snapshot import Item, Snapshot
from market.models import Price

TOPIC = "prices"
NAMES = "assets"
LOST_ALL = -100
AHEAD_MS = 30_000


def public_item(row: Price) -> Item:
    """Return the price's public bytes but for its age, which only a reader can know."""
    exact = spell(row.price)
    shape = {
        "symbol": row.asset.symbol,
        "name": row.asset.name,
        "price": _literal(row.price),
        "priceExact": exact,
        "priceUsd": _literal(row.price),
        "change1h": _literal(row.change_1h),
        "change24h": _literal(row.change_24h),
        "change7d": _literal(row.change_7d),
        "changePercent24h": _literal(row.change_24h),
        "changeAbs24h": _literal(_absolute(row.price, row.change_24h)),
        "volume24h": _literal(row.volume_24h),
        "marketCap": _literal(row.market_cap),
        "rank": row.rank,
        "lastUpdate": iso(row.observed_at),
        "source": "+".join(row.sources),
        "sources": len(row.sources),
        "belowQuorum": row.below_quorum,
        "spreadPercent": _literal(row.spread_percent),
    }
    observed_ms = int(row.observed_at.timestamp() * 1000)
    return Item(orjson.dumps(shape)[:-1], observed_ms, tuple(row.sources))


def with_age(item: Item, *, now_ms: int, fresh_seconds: int) -> bytes:
    """Return the finished object: its bytes, how old it is, and whether that is too old."""
    age = max(0, now_ms - item.observed_ms) // 1000
    stale = b"true" if is_stale(item, now_ms=now_ms, fresh_seconds=fresh_seconds) else b"false"
    return b'%b,"age":%d,"stale":%b}' % (item.head, age, stale)


def is_stale(item: Item, *, now_ms: int, fresh_seconds: int) -> bool:
    """Say whether a price is too old to be current, or from a future that a clock made up."""
    age_ms = now_ms - item.observed_ms
    return age_ms // 1000 > fresh_seconds or age_ms < -AHEAD_MS


def warm(build: snapshot.Build) -> Snapshot:
    return snapshot.read(TOPIC, build)


def publish(items: Mapping[str, Item]) -> Snapshot:
    return snapshot.publish(TOPIC, items)


def warm_names(build: Callable[[], Mapping[str, str]]) -> dict[str, str]:
    """Return the listed assets' names by symbol, in the operator's order."""
    held = snapshot.read(NAMES, lambda: _as_items(build()))
    return {symbol: item.head.decode() for symbol, item in held.items.items()}


def publish_names(names: Mapping[str, str]) -> None:
    snapshot.publish(NAMES, _as_items(names))


def _as_items(names: Mapping[str, str]) -> dict[str, Item]:
    return {symbol: Item(name.encode()) for symbol, name in names.items()}


def tell(version: int, items: Mapping[str, Item], *, fresh_seconds: int, now_ms: int) -> None:
    """Broadcast what changed, finished, in one message."""
    finished = {
        symbol: with_age(item, now_ms=now_ms, fresh_seconds=fresh_seconds).decode()
        for symbol, item in items.items()
    }
    message = {"topic": TOPIC, "version": version, "timestamp": now_ms, "items": finished}
    broadcast.publish(orjson.dumps(message))


def items_of(rows: Iterable[Price]) -> dict[str, Item]:
    return {row.asset.symbol: public_item(row) for row in rows}


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _literal(number: Decimal | None) -> orjson.Fragment | None:
    """Return a JSON number with every digit; a float would drop some."""
    return None if number is None else orjson.Fragment(spell(number))


def _absolute(price: Decimal, percent: Decimal | None) -> Decimal | None:
    """Return by how much the price changed when it changed by so many percent."""
    if percent is None or percent <= LOST_ALL:
        return None
    share = percent / (100 + percent)
    return times(price, share, places=max(2, decimals(Decimal(spell(price)))))
