"""The market at a glance: its totals, and which of the tracked assets moved most."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson
from django.conf import settings

from cryptodt.common.errors import NoData
from cryptodt.common.snapshot import Item
from market import figure_snapshot, snapshot
from market.selectors import figures
from market.selectors.figures import Answer
from market.selectors.prices import warm_prices

# Below this much traded in a day, in US dollars, a few orders move a price anywhere.
VOLUME_FLOOR = 1_000_000
MOVERS, TRENDING = 5, 7


@dataclass(frozen=True, slots=True)
class Mover:
    """A tracked asset with a fresh price that moved, its finished object, and who priced it."""

    change: float
    item: bytes
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Movers:
    """The assets that rose, the strongest first, and those that fell, the deepest first."""

    up: tuple[Mover, ...]
    down: tuple[Mover, ...]
    # Of how many fresh prices with enough traded these were chosen.
    considered: int
    version: int

    @property
    def marks(self) -> tuple[int, int]:
        """Of one version, prices only grow old: as many fresh ones are the same ones."""
        return self.version, self.considered


def overview_answer() -> Answer:
    """Return the totals with movers and trends. Raises NoData before the first totals."""
    return _overview()[0]


def overview_object() -> bytes:
    """Return what the answer has as its data, for the live feed."""
    return orjson.dumps(_overview()[1])


def _overview() -> tuple[Answer, orjson.Fragment]:
    totals, trending = figures.warm_totals(), figures.warm_trending()
    limit = settings.CACHE_TTL_MARKET + figures.TOTALS_EVERY
    standing = figures.standing_of(totals, limit)
    trends = figures.standing_of(trending, limit) if trending.items else None
    moved = movers(MOVERS)
    beside = {
        "topGainers": _objects(moved.up),
        "topLosers": _objects(moved.down),
        "moversOf": moved.considered,
        "trending": figures.objects(trending)[:TRENDING],
        "trendingAsOf": trends.fields if trends else None,
        "timestamp": standing.observed_ms,
        **standing.fields,
    }
    data = _joined(totals.items[figure_snapshot.TOTALS], beside)
    body = {
        "success": True,
        "data": data,
        **standing.fields,
        "timestamp": time.time_ns() // 1_000_000,
    }
    old = (standing.stale, trends.stale if trends else None)
    etag = figures.etag(totals.version, trending.version, *old, *moved.marks)
    return Answer(body, etag), data


def gainers_answer(limit: int) -> Answer:
    return _movers_answer(limit, way="up")


def losers_answer(limit: int) -> Answer:
    return _movers_answer(limit, way="down")


def movers(limit: int) -> Movers:
    """Return who moved most, of the tracked assets whose price is fresh and widely traded."""
    held, now_ms = warm_prices(), time.time_ns() // 1_000_000
    fresh = settings.CACHE_TTL_PRICES
    found = [
        mover
        for item in held.items.values()
        if not snapshot.is_stale(item, now_ms=now_ms, fresh_seconds=fresh)
        and (mover := _mover(item, now_ms)) is not None
    ]
    up = sorted((one for one in found if one.change > 0), key=lambda one: -one.change)
    down = sorted((one for one in found if one.change < 0), key=lambda one: one.change)
    return Movers(tuple(up[:limit]), tuple(down[:limit]), len(found), held.version)


def _movers_answer(limit: int, *, way: str) -> Answer:
    moved = movers(limit)
    if not moved.considered:
        raise NoData("No tracked asset has a fresh price with a change and a volume.")
    chosen = moved.up if way == "up" else moved.down
    body = {
        "success": True,
        "data": _objects(chosen),
        "count": len(chosen),
        "moversOf": moved.considered,
        "source": "+".join(sorted({name for one in chosen for name in one.sources})),
        "timestamp": time.time_ns() // 1_000_000,
    }
    return Answer(body, figures.etag(*moved.marks, limit))


def _mover(item: Item, now_ms: int) -> Mover | None:
    # To compare by only: what is shown are the exact bytes.
    shape = orjson.loads(item.head + b"}")
    change, volume = shape["changePercent24h"], shape["volume24h"]
    if not shape["tracked"] or change is None or volume is None or volume < VOLUME_FLOOR:
        return None
    finished = snapshot.with_age(item, now_ms=now_ms, fresh_seconds=settings.CACHE_TTL_PRICES)
    return Mover(change, finished, item.sources)


def _objects(found: Iterable[Mover]) -> list[orjson.Fragment]:
    return [orjson.Fragment(one.item) for one in found]


def _joined(item: Item, beside: Mapping[str, object]) -> orjson.Fragment:
    """Return one object of an item's exact bytes and what stands beside them."""
    return orjson.Fragment(item.head + b"," + orjson.dumps(beside)[1:])
