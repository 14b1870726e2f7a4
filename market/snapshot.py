"""The public shape of prices, standings and rates, built once when they are recorded; REST,
socket and page show it. And the index of all assets, which every process keeps at hand."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from cryptodt.common import broadcast, snapshot
from cryptodt.common.broadcast import Promise
from cryptodt.common.money import decimals, spell, times
from cryptodt.common.snapshot import Item, Snapshot
from market.models import Asset, Price, Rate, Standing
from market.resolver import Entry, Index

TOPIC = "prices"
ASSETS = "assets"
RATES = "rates"
STANDINGS = "standings"
LOST_ALL = -100
AHEAD_MS = 30_000
UNTRACKED = '"tracked":false'
OBSERVED = re.compile(r'"lastUpdate":"([^"]+)"')


def public_item(row: Price) -> Item:
    """Return the price's public bytes but for its age, which only a reader can know."""
    shape = {
        **_value(row.asset, row.price),
        **_figures(row, row.price),
        "lastUpdate": iso(row.observed_at),
        "source": "+".join(row.sources),
        "sources": len(row.sources),
        "belowQuorum": row.below_quorum,
        "spreadPercent": literal(row.spread_percent),
        "confidence": literal(row.confidence),
        "figuresSource": row.figures_source or None,
        "figuresLastUpdate": None if row.figures_at is None else iso(row.figures_at),
    }
    return Item(
        head=orjson.dumps(shape)[:-1],
        observed_ms=milliseconds(row.observed_at),
        sources=tuple(row.sources),
        detail=b',"receipts":%b' % orjson.dumps(_receipts(row.receipts)),
    )


def standing_item(row: Standing) -> Item:
    """Return the same shape for what one aggregator says."""
    price = row.price
    shape = {
        **_value(row.asset, price),
        **_figures(row, price),
        "lastUpdate": iso(row.observed_at),
        "source": row.source,
        "sources": 1,
        "belowQuorum": True,
        "figuresSource": row.source,
        "figuresLastUpdate": iso(row.observed_at),
    }
    return Item(orjson.dumps(shape)[:-1], milliseconds(row.observed_at), (row.source,))


def rate_item(row: Rate) -> Item:
    shape = [row.currency, row.name, row.kind, spell(row.usd), row.source]
    return Item(orjson.dumps(shape), milliseconds(row.observed_at), (row.source,))


def _value(asset: Asset, price: Decimal | None) -> dict[str, Any]:
    return {
        "symbol": asset.symbol,
        "name": asset.name,
        "tracked": asset.is_listed,
        "price": literal(price),
        "priceExact": None if price is None else spell(price),
        "priceUsd": literal(price),
    }


def _figures(row: Price | Standing, price: Decimal | None) -> dict[str, Any]:
    return {
        "change1h": literal(row.change_1h),
        "change24h": literal(row.change_24h),
        "change7d": literal(row.change_7d),
        "changePercent24h": literal(row.change_24h),
        "changeAbs24h": literal(_absolute(price, row.change_24h)),
        "volume24h": literal(row.volume_24h),
        "marketCap": literal(row.market_cap),
        "rank": row.rank,
    }


def _receipts(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the receipts with their numbers as numbers; they are stored as text."""
    numbers = ("price", "weight")
    return {
        "currency": "USD",
        **{
            kind: [
                {k: orjson.Fragment(v) if k in numbers else v for k, v in one.items()}
                for one in stored.get(kind, ())
            ]
            for kind in ("contributors", "excluded")
        },
    }


def with_age(item: Item, *, now_ms: int, fresh_seconds: int, is_full: bool = False) -> bytes:
    """Return the finished object: its bytes, how old it is, and whether that is too old."""
    stale = b"true" if is_stale(item, now_ms=now_ms, fresh_seconds=fresh_seconds) else b"false"
    age = age_of(item, now_ms=now_ms)
    detail = item.detail if is_full else b""
    return b'%b%b,"age":%d,"stale":%b}' % (item.head, detail, age, stale)


def with_age_of(text: str, now_ms: int, *, fresh_seconds: int) -> str:
    """Return a finished object as it is at another moment: only its age says when it was made."""
    head, _, _ = text.rpartition(',"age":')
    observed_ms = observed_in(text)
    if not head or observed_ms is None:
        return text
    item = Item(head.encode(), observed_ms)
    return with_age(item, now_ms=now_ms, fresh_seconds=fresh_seconds).decode()


def observed_in(text: str) -> int | None:
    """Return the time in a finished object; no text in it can look like one, being escaped."""
    found = OBSERVED.search(text)
    return None if found is None else milliseconds(datetime.fromisoformat(found[1]))


def age_of(item: Item, *, now_ms: int) -> int:
    return max(0, now_ms - item.observed_ms) // 1000


def is_stale(item: Item, *, now_ms: int, fresh_seconds: int) -> bool:
    """Say whether a price is too old to be current, or from a future that a clock made up."""
    age_ms = now_ms - item.observed_ms
    return age_ms // 1000 > fresh_seconds or age_ms < -AHEAD_MS


def warm(build: snapshot.Build) -> Snapshot:
    return snapshot.read(TOPIC, build)


def publish(items: Mapping[str, Item]) -> Snapshot:
    return snapshot.publish(TOPIC, items)


def forget() -> None:
    snapshot.forget(TOPIC)


def warm_rates(build: snapshot.Build) -> Snapshot:
    return snapshot.read(RATES, build)


def publish_rates(items: Mapping[str, Item]) -> None:
    snapshot.publish(RATES, items)


def warm_standings(build: snapshot.Build) -> Snapshot:
    return snapshot.read(STANDINGS, build)


def publish_standings(items: Mapping[str, Item]) -> None:
    snapshot.publish(STANDINGS, items)


_indexed: tuple[Snapshot, Index] = (Snapshot(), Index(()))


def warm_index(build: Callable[[], Iterable[Entry]]) -> Index:
    """Return the names of all assets, as this process built them from what was published last."""
    global _indexed
    held = snapshot.read(ASSETS, lambda: _as_items(build()))
    of, index = _indexed
    if of is not held:
        entries = (_entry(item.head) for item in held.items.values())
        index = Index(entries, held.version)
        _indexed = held, index
    return index


def publish_assets(entries: Iterable[Entry]) -> None:
    snapshot.publish(ASSETS, _as_items(entries))


def _as_items(entries: Iterable[Entry]) -> dict[str, Item]:
    return {entry.symbol: Item(orjson.dumps(asdict(entry))) for entry in entries}


def _entry(head: bytes) -> Entry:
    shape = orjson.loads(head)
    return Entry(**{**shape, "aliases": tuple(shape["aliases"])})


def promise() -> Promise:
    """Promise that prices will be told of. Give it while nobody else can record any."""
    return broadcast.promise(TOPIC)


def is_untold() -> bool:
    """Say whether prices were promised that nobody told of."""
    return bool(broadcast.unkept(TOPIC))


def tell(
    shown: Snapshot,
    changed: Iterable[str],
    *,
    fresh_seconds: int,
    now_ms: int,
    kept: Promise,
) -> None:
    """Broadcast what changed, finished, in one message; after something was not told, all.

    Where nothing of it is tracked, nothing happened to what all prices together are.
    """
    finished = {
        symbol: with_age(shown.items[symbol], now_ms=now_ms, fresh_seconds=fresh_seconds).decode()
        for symbol in (changed if kept.is_clean else shown.items)
        if symbol in shown.items
    }
    message = {"topic": TOPIC, "version": shown.version, "timestamp": now_ms, "items": finished}
    is_apart = all(UNTRACKED in text for text in finished.values())
    told = {**message, "is_apart": is_apart, "promise": [kept.name, kept.token]}
    broadcast.publish(orjson.dumps(told))


def items_of(rows: Iterable[Price]) -> dict[str, Item]:
    return {row.asset.symbol: public_item(row) for row in rows}


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def iso_of(observed_ms: int) -> str:
    return iso(
        datetime.fromtimestamp(observed_ms // 1000, UTC).replace(
            microsecond=observed_ms % 1000 * 1000
        )
    )


def literal(number: Decimal | None) -> orjson.Fragment | None:
    """Return a JSON number with every digit; a float would drop some."""
    return None if number is None else orjson.Fragment(spell(number))


def _absolute(price: Decimal | None, percent: Decimal | None) -> Decimal | None:
    """Return by how much the price changed when it changed by so many percent."""
    if price is None or percent is None or percent <= LOST_ALL:
        return None
    share = percent / (100 + percent)
    return times(price, share, places=max(2, decimals(Decimal(spell(price)))))
