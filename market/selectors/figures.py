"""Reading what is trending and what is locked in DeFi: warm, or from the store when it is cold."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db.models import Manager, Max
from django.utils import timezone

from cryptodt.common.errors import NoData
from cryptodt.common.snapshot import Item, Snapshot
from market import figure_snapshot
from market.models import DefiProtocol, GlobalSnapshot, TrendingAsset, TvlDay
from market.snapshot import AHEAD_MS, iso

# How often each is renewed; what is older than its time to live and one renewal more is stale.
# CoinGecko renews its totals every ten minutes, however often it is asked.
TOTALS_EVERY, TRENDING_EVERY, DEFI_EVERY = 600, 600, 3600
MOST_DAYS = 365
RECORDED: Mapping[str, tuple[Manager[Any], str]] = {
    "trending": (TrendingAsset.objects, "at"),
    "defi": (DefiProtocol.objects, "observed_at"),
    "tvl": (TvlDay.objects, "observed_at"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, and the mark by which a caller knows that it has it already."""

    body: Mapping[str, Any]
    etag: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a topic's figures are from and how old they are."""

    source: str
    observed_ms: int
    age: int
    stale: bool

    @property
    def fields(self) -> dict[str, Any]:
        observed = datetime.fromtimestamp(self.observed_ms / 1000, UTC)
        return {
            "source": self.source,
            "lastUpdate": iso(observed),
            "age": self.age,
            "stale": self.stale,
        }


def trending_answer(limit: int) -> Answer:
    """Return what people look up most. Raises NoData before the first answer of a provider."""
    held = warm_trending()
    standing = standing_of(held, settings.CACHE_TTL_MARKET + TRENDING_EVERY)
    coins = objects(held)[:limit]
    body = {
        "success": True,
        "coins": coins,
        "data": coins,
        "count": len(coins),
        **standing.fields,
        "timestamp": iso(timezone.now()),
    }
    return Answer(body, etag(held.version, standing.stale, limit))


def defi_answer(limit: int) -> Answer:
    """Return the protocols that hold most."""
    held = warm_defi()
    standing = standing_of(held, settings.CACHE_TTL_DEFI + DEFI_EVERY)
    protocols = objects(held)[:limit]
    body = {
        "success": True,
        "data": protocols,
        "count": len(protocols),
        "total": len(held.items),
        **standing.fields,
        "timestamp": iso(timezone.now()),
    }
    return Answer(body, etag(held.version, standing.stale, limit))


def tvl_answer(days: int) -> Answer:
    """Return what was locked on each of the last days, and which of them are not known."""
    held = warm_tvl()
    standing = standing_of(held, settings.CACHE_TTL_DEFI + DEFI_EVERY)
    today = timezone.now().astimezone(UTC).date()
    wanted = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
    found = [held.items[day.isoformat()] for day in wanted if day.isoformat() in held.items]
    missing = _missing(wanted, held, today)
    body = {
        "success": True,
        "data": [_object(item) for item in found],
        "count": len(found),
        "days": days,
        "complete": not missing,
        "missing": missing,
        **standing.fields,
        "timestamp": iso(timezone.now()),
    }
    return Answer(body, etag(held.version, standing.stale, days, today.toordinal()))


def warm_totals() -> Snapshot:
    return figure_snapshot.warm(figure_snapshot.OVERVIEW, stored_totals)


def warm_trending() -> Snapshot:
    return figure_snapshot.warm(figure_snapshot.TRENDING, stored_trending)


def warm_defi() -> Snapshot:
    return figure_snapshot.warm(figure_snapshot.DEFI, stored_protocols)


def warm_tvl() -> Snapshot:
    return figure_snapshot.warm(figure_snapshot.TVL, stored_days)


def collected_at(capability: str) -> datetime | None:
    """Return when the figures that a capability brings were last recorded."""
    rows, column = RECORDED[capability]
    newest: datetime | None = rows.aggregate(newest=Max(column))["newest"]
    return newest


def stored_totals() -> dict[str, Item]:
    row = last_totals()
    return {} if row is None else figure_snapshot.totals_item(row)


def last_totals() -> GlobalSnapshot | None:
    return GlobalSnapshot.objects.order_by("-at").first()


def stored_trending() -> dict[str, Item]:
    newest = TrendingAsset.objects.order_by("-at").values("at")[:1]
    rows = TrendingAsset.objects.filter(at=newest).select_related("asset").order_by("position")
    return figure_snapshot.trending_items(rows)


def stored_protocols() -> dict[str, Item]:
    return figure_snapshot.protocol_items(DefiProtocol.objects.order_by("position"))


def stored_days() -> dict[str, Item]:
    newest_first = TvlDay.objects.order_by("-day")[: MOST_DAYS + 1]
    return figure_snapshot.day_items(reversed(newest_first))


def standing_of(held: Snapshot, fresh_seconds: int) -> Standing:
    """Return where the figures are from and how old they are; without any there is no answer."""
    if not held.items:
        raise NoData("No provider has answered for this yet.")
    newest = max(held.items.values(), key=lambda item: item.observed_ms)
    age_ms = time.time_ns() // 1_000_000 - newest.observed_ms
    return Standing(
        source="+".join(newest.sources),
        observed_ms=newest.observed_ms,
        age=max(0, age_ms) // 1000,
        stale=age_ms // 1000 > fresh_seconds or age_ms < -AHEAD_MS,
    )


def objects(held: Snapshot) -> list[orjson.Fragment]:
    return [_object(item) for item in held.items.values()]


def _object(item: Item) -> orjson.Fragment:
    return orjson.Fragment(item.head + b"}")


def etag(*parts: object) -> str:
    """Return a weak mark: ages and times in the body move on while what they tell of stays."""
    return f'W/"{".".join(str(part) for part in parts)}"'


def _missing(wanted: list[date], held: Snapshot, today: date) -> list[str]:
    """Return the days that should be there: none before the first, nor one that is not over."""
    first = next(iter(held.items))
    expected = (day.isoformat() for day in wanted if day < today)
    return [day for day in expected if day > first and day not in held.items]
