"""Keeping the catalog: who is new, who goes by another name now, and who is gone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from market import snapshot
from market.joining import FOUNDERS, NAMESPACES, Known, give_symbols, joined
from market.models import Alias, Asset, Price, Standing
from market.resolver import ALIASES, SLUGS
from market.selectors import assets as selectors
from market.selectors import standings
from market.services.receipts import plausible
from providers.types import Listed

# A list that is shorter tells nothing about who is missing from it.
WHOLE = 1000
# Missing from every list for so long, an asset is gone.
GONE_AFTER = timedelta(days=3)
# A price of ours from longer ago proves nothing about whose ticker it is today.
PRICE_AGE = timedelta(hours=1)
DUE_AFTER = timedelta(hours=23)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh of the catalog came to."""

    added: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


def is_due(now: datetime) -> bool:
    """Say whether the catalog is a day old, or was never made."""
    newest = Asset.objects.aggregate(newest=Max("listed_at"))["newest"]
    return newest is None or not timedelta() <= now - newest < DUE_AFTER


def record_catalog(lists: Mapping[str, Sequence[Listed]], *, now: datetime) -> Refreshed:
    """Join the lists into the catalog. What they do not speak of stays as it is."""
    rows = {row.symbol: row for row in Asset.objects.all()}
    prices = dict(
        Price.objects.filter(observed_at__gt=now - PRICE_AGE).values_list("asset__symbol", "price")
    )
    known = [_known(row, prices.get(row.symbol)) for row in rows.values()]
    assets = joined(lists, known)
    newcomers = give_symbols(assets, _taken(rows.values()))
    whole = {NAMESPACES.get(s, s) for s, listed in lists.items() if len(listed) >= WHOLE}
    renamed = [one for one in known if _is_renamed(one, rows[one.symbol])]
    back = [one for one in known if one.listed and rows[one.symbol].gone_at is not None]
    gone = [one for one in known if _is_gone(one, rows[one.symbol], whole, now)]
    aliases = [
        Alias(word=rows[one.symbol].ticker.upper(), asset=rows[one.symbol], since=now)
        for one in renamed
    ]
    changed = [rows[one.symbol] for one in known if _update(rows[one.symbol], one)]
    for one in gone:
        rows[one.symbol].gone_at = now
    listed = [rows[one.symbol].pk for one in known if one.listed]
    with transaction.atomic():
        Asset.objects.bulk_create([_row(one, now) for one in newcomers])
        moved = {row.pk: row for row in (*changed, *(rows[one.symbol] for one in gone))}
        fields = ["ticker", "name", "ids", "gone_at"]
        Asset.objects.bulk_update(moved.values(), fields, batch_size=100)
        Asset.objects.filter(pk__in=listed).update(listed_at=now)
        # What was a name of another asset before stays that one's.
        Alias.objects.bulk_create(aliases, ignore_conflicts=True)
        transaction.on_commit(_show, robust=True)
    return Refreshed(*(tuple(x.symbol for x in each) for each in (newcomers, renamed, gone, back)))


def record_standings(listed: Sequence[Listed], *, now: datetime) -> int:
    """Replace the places of all assets by those of one list; return how many are known here."""
    if not listed:
        return 0
    source = listed[0].source
    lister = NAMESPACES.get(source, source)
    by_id = {
        ids[lister]: (pk, symbol)
        for pk, symbol, ids in Asset.objects.values_list("pk", "symbol", "ids")
        if ids.get(lister)
    }
    found = {by_id[one.upstream_id][0]: one for one in listed if one.upstream_id in by_id}
    rows = [_standing(pk, one, now) for pk, one in found.items()]
    if not rows:
        return 0
    with transaction.atomic():
        Standing.objects.exclude(pk__in=found).delete()
        columns = [field.name for field in Standing._meta.fields if field.name != "asset"]
        Standing.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["asset"], update_fields=columns
        )
        transaction.on_commit(_show_standings, robust=True)
    return len(rows)


def _known(row: Asset, price: Decimal | None) -> Known:
    prices = [] if price is None else [price]
    ids = {source: one for source, one in row.ids.items() if one}
    return Known(row.symbol, row.ticker, row.name, ids, prices)


def _taken(rows: Iterable[Asset]) -> set[str]:
    """Return every word that leads to an asset already."""
    found = {*ALIASES, *Alias.objects.values_list("word", flat=True)}
    for row in rows:
        found |= {row.symbol, row.ticker, *(row.ids[one] for one in SLUGS if row.ids.get(one))}
    return found


def _is_renamed(one: Known, row: Asset) -> bool:
    told = _first_word(one)
    return told is not None and not row.is_settled and told.symbol != row.ticker.upper()


def _is_gone(one: Known, row: Asset, whole: Collection[str], now: datetime) -> bool:
    """Say whether all who knew it by an id have whole lists without it, and not since today."""
    listers = [lister for lister in FOUNDERS if lister in one.ids]
    if not listers or one.listed or row.gone_at is not None or row.listed_at is None:
        return False
    return set(listers) <= set(whole) and now - row.listed_at >= GONE_AFTER


def _update(row: Asset, one: Known) -> bool:
    """Take over what the lists say, and say whether it is news; of what is tracked, the operator
    says how it is called."""
    before = (row.ids, row.gone_at, row.ticker, row.name)
    row.ids = {**row.ids, **one.ids}
    if one.listed:
        row.gone_at = None
    told = _first_word(one)
    if told is not None and not row.is_settled:
        row.ticker, row.name = told.symbol, told.name
    return before != (row.ids, row.gone_at, row.ticker, row.name)


def _first_word(one: Known) -> Listed | None:
    """Return what the lister says whose word counts most, if it lists the asset this time: what
    another calls it meanwhile is no news."""
    first = next((lister for lister in FOUNDERS if lister in one.ids), "")
    return one.listed.get(first)


def _row(one: Known, now: datetime) -> Asset:
    return Asset(symbol=one.symbol, ticker=one.ticker, name=one.name, ids=one.ids, listed_at=now)


def _standing(pk: int, one: Listed, now: datetime) -> Standing:
    return Standing(
        asset_id=pk,
        price=one.price,
        source=one.source,
        # A clock that is ahead makes nothing younger than it is.
        observed_at=min(one.observed_at, now),
        **plausible(one),
    )


def _show() -> None:
    snapshot.publish_assets(selectors.stored_entries())


def _show_standings() -> None:
    snapshot.publish_standings(standings.stored_standings())
