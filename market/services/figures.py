"""Recording the figures of the whole market: judge, store in one transaction, then show."""

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import cast

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Model

from cryptodt.common.errors import NoData
from cryptodt.common.money import spell
from market import figure_snapshot
from market.models import Asset, DefiProtocol, GlobalSnapshot, Price, TrendingAsset, TvlDay
from market.plausible import (
    MEMORY,
    KnownTotals,
    plausible_days,
    plausible_protocols,
    plausible_rank,
    plausible_totals,
    problem_of_days,
    problem_of_protocols,
    problem_of_totals,
)
from market.selectors import figures as selectors
from market.selectors.overview import overview_object
from providers.types import GlobalFigures, Protocol, Trending, TvlPoint

logger = logging.getLogger(__name__)

FIVE_MINUTES = 300
MOST_TRENDING = 50
MOST_PROTOCOLS = 200
MOST_CHAINS = 200
KEPT_TRENDING = timedelta(days=90)
# How many corrected days one log line names.
MOST_NAMED = 5


class Refused(Exception):
    """An answer that cannot be right, or says nothing new; another provider may do better."""


def record_totals(found: GlobalFigures, *, now: datetime) -> None:
    """Keep the totals as those of these five minutes. Raises Refused with the reason."""
    last, prices = selectors.last_totals(), _prices(now)
    current = timedelta(seconds=settings.CACHE_TTL_MARKET + selectors.TOTALS_EVERY)
    btc = prices.get("BTC")
    known = KnownTotals(
        total_market_cap=last.total_market_cap if last else None,
        observed_at=last.observed_at if last else None,
        btc_market_cap=btc.market_cap if btc else None,
    )
    if problem := problem_of_totals(found, known, now=now, current=current):
        raise Refused(problem)
    if last is not None and found.observed_at <= last.observed_at <= now:
        if now - last.observed_at > current:
            raise Refused("says nothing new")
        return
    taken, eth = plausible_totals(found), prices.get("ETH")
    with transaction.atomic():
        # The first word on five minutes stands for them; a later one never replaces it.
        GlobalSnapshot.objects.bulk_create(
            [
                GlobalSnapshot(
                    at=_five_minutes(now),
                    total_market_cap=taken.total_market_cap,
                    total_volume_24h=taken.total_volume_24h,
                    btc_dominance=taken.btc_dominance,
                    eth_dominance=taken.eth_dominance,
                    market_cap_change_24h=taken.market_cap_change_24h,
                    active_assets=taken.active_assets,
                    btc_price=btc.price if btc else None,
                    eth_price=eth.price if eth else None,
                    source=taken.source,
                    observed_at=taken.observed_at,
                )
            ],
            ignore_conflicts=True,
        )
        transaction.on_commit(show_totals, robust=True)


def has_totals_of(now: datetime) -> bool:
    """Say whether these five minutes have their totals."""
    return GlobalSnapshot.objects.filter(at=_five_minutes(now)).exists()


def record_trending(found: Sequence[Trending], *, now: datetime) -> None:
    """Keep what is trending now, in its order and each asset once."""
    once = {one.upstream_id: one for one in sorted(found, key=lambda one: -one.position)}
    named = sorted(once.values(), key=lambda one: one.position)
    # A name that fits no column is nobody's name.
    kept = [one for one in named if _fits(TrendingAsset, "upstream_id", one.upstream_id)]
    if not kept:
        raise Refused("names no asset")
    kept = kept[:MOST_TRENDING]
    ids = [one.upstream_id for one in kept]
    known = {
        asset.ids["coingecko"]: asset for asset in Asset.objects.filter(ids__coingecko__in=ids)
    }
    with transaction.atomic():
        TrendingAsset.objects.filter(at__lt=now - KEPT_TRENDING).delete()
        TrendingAsset.objects.bulk_create(
            TrendingAsset(
                at=now,
                position=position,
                asset=known.get(one.upstream_id),
                symbol=_clean(TrendingAsset, "symbol", one.symbol),
                name=_clean(TrendingAsset, "name", one.name),
                upstream_id=one.upstream_id,
                rank=plausible_rank(one.rank),
                source=one.source,
            )
            for position, one in enumerate(kept, 1)
        )
        transaction.on_commit(show_trending, robust=True)


def record_protocols(found: Sequence[Protocol], *, now: datetime) -> None:
    """Make the stored list the largest of those told; who is not among them any more goes."""
    held = {row.slug: row for row in DefiProtocol.objects.all()}
    known = {row.slug: row.tvl for row in held.values() if now - row.observed_at <= MEMORY}
    kept = plausible_protocols(found, known)[:MOST_PROTOCOLS]
    kept = [one for one in kept if _fits(DefiProtocol, "slug", one.slug)]
    if problem := problem_of_protocols(kept, known):
        raise Refused(problem)
    rows = [_protocol(one, position, now) for position, one in enumerate(kept, 1)]
    columns = [field.name for field in DefiProtocol._meta.fields if field.name != "id"]
    with transaction.atomic():
        DefiProtocol.objects.exclude(slug__in=[one.slug for one in kept]).delete()
        DefiProtocol.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["slug"],
            update_fields=[name for name in columns if name != "slug"],
        )
        transaction.on_commit(show_protocols, robust=True)


def record_days(found: Sequence[TvlPoint], *, now: datetime) -> None:
    """Keep what was locked day by day. Another value for a day that is over is a correction."""
    held = {row.day: row for row in TvlDay.objects.all()}
    is_young = any(now - row.observed_at <= MEMORY for row in held.values())
    told = plausible_days(found, now=now)
    known = {day: row.tvl for day, row in held.items()} if is_young else {}
    if problem := problem_of_days(told, known):
        raise Refused(problem)
    newest = max(told)
    # The newest day is written even when nothing changed: that is how old the chart is.
    rows = [
        _day(day, one, held.get(day), now)
        for day, one in told.items()
        if day == newest or _is_news(one, held.get(day))
    ]
    _log_corrections(rows, held)
    with transaction.atomic():
        TvlDay.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["day"],
            update_fields=["tvl", "revision", "source", "observed_at"],
            batch_size=500,
        )
        transaction.on_commit(show_days, robust=True)


def show_totals() -> None:
    figure_snapshot.publish(figure_snapshot.OVERVIEW, selectors.stored_totals())
    tell_overview()


def show_trending() -> None:
    figure_snapshot.publish(figure_snapshot.TRENDING, selectors.stored_trending())
    tell_overview()


def tell_overview() -> None:
    """Broadcast the market at a glance, as a reader would find it now."""
    try:
        figure_snapshot.tell_overview(overview_object(), now_ms=time.time_ns() // 1_000_000)
    except NoData:
        # Trends came before the first totals.
        return


def show_protocols() -> None:
    figure_snapshot.publish(figure_snapshot.DEFI, selectors.stored_protocols())


def show_days() -> None:
    figure_snapshot.publish(figure_snapshot.TVL, selectors.stored_days())


def _prices(now: datetime) -> dict[str, Price]:
    """Return Bitcoin's and Ether's own prices of this moment."""
    since = now - timedelta(seconds=settings.CACHE_TTL_PRICES)
    rows = Price.objects.filter(asset__symbol__in=("BTC", "ETH"), observed_at__gte=since)
    return {row.asset.symbol: row for row in rows.select_related("asset")}


def _five_minutes(now: datetime) -> datetime:
    second = int(now.timestamp()) // FIVE_MINUTES * FIVE_MINUTES
    return datetime.fromtimestamp(second, UTC)


def _protocol(one: Protocol, position: int, now: datetime) -> DefiProtocol:
    return DefiProtocol(
        slug=one.slug,
        name=_clean(DefiProtocol, "name", one.name),
        symbol=_clean(DefiProtocol, "symbol", one.symbol),
        chain=_clean(DefiProtocol, "chain", one.chain),
        chains=[_clean(DefiProtocol, "chain", chain) for chain in one.chains[:MOST_CHAINS]],
        category=_clean(DefiProtocol, "category", one.category),
        tvl=one.tvl,
        change_1d=one.change_1d,
        change_7d=one.change_7d,
        market_cap=one.market_cap,
        position=position,
        source=one.source,
        observed_at=now,
    )


def _is_news(one: TvlPoint, held: TvlDay | None) -> bool:
    return held is None or not held.is_closed or held.tvl != one.tvl


def _day(day: date, one: TvlPoint, held: TvlDay | None, now: datetime) -> TvlDay:
    revision = 0 if held is None else held.revision
    if held is not None and held.is_closed and held.tvl != one.tvl:
        revision += 1
    return TvlDay(day=day, tvl=one.tvl, revision=revision, source=one.source, observed_at=now)


def _log_corrections(rows: Sequence[TvlDay], held: Mapping[date, TvlDay]) -> None:
    corrected = [row for row in rows if row.day in held and row.revision > held[row.day].revision]
    if corrected:
        logger.warning(
            "%s days of locked value were corrected",
            len(corrected),
            extra={
                "fields": {
                    "days": {
                        row.day.isoformat(): f"{spell(held[row.day].tvl)} -> {spell(row.tvl)}"
                        for row in corrected[:MOST_NAMED]
                    }
                }
            },
        )


def _length(model: type[Model], column: str) -> int:
    return cast("CharField[str, str]", model._meta.get_field(column)).max_length or 0


def _fits(model: type[Model], column: str, word: str) -> bool:
    return 0 < len(word) <= _length(model, column) and word.isprintable()


def _clean(model: type[Model], column: str, text: str) -> str:
    """Return a text as the column takes it: no marks that nobody sees, and no longer than it."""
    shown = "".join(mark for mark in text if mark.isprintable())
    return shown[: _length(model, column)]
