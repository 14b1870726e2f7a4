"""Recording prices: agree, store, then show, then tell."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from cryptodt.common import broadcast
from cryptodt.common.broadcast import Promise
from market import snapshot
from market.consensus import MAX_LEAD, Agreement, Disagreement
from market.models import Asset, Price, PricePoint
from market.selectors import prices as selectors
from market.selectors.assets import index
from market.selectors.standings import listed_prices
from market.services.receipts import figures_of, receipts_of
from market.services.rounds import Identity, agree_all, dissent_of, left_out_of
from providers.types import Quote

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a round came to: who has a new price, and who has none and why."""

    changed: tuple[str, ...]
    refused: Mapping[str, str]
    # Who was left out of what, by reason, once for each asset.
    left_out: Sequence[tuple[str, str]]
    # Which providers a quorum of the others contradicts, and by how much.
    dissent: Mapping[str, str]
    # What a quorum agreed on, in dollars.
    agreed: Mapping[str, Decimal]


def record_quotes(quotes: Sequence[Quote], *, now: datetime, is_quiet: bool = False) -> Recorded:
    """Agree on a price for every asset, store what is new, then show and tell it.

    A quiet round is one of many in a second: who is left out of it is left out of the log.
    """
    references = {
        symbol: reference
        for symbol, reference in selectors.references().items()
        # After a clock was set back, the last price stands in the future and says nothing.
        if reference.observed_at - now <= MAX_LEAD
    }
    identities = _identities({quote.symbol for quote in quotes}, now)
    outcomes = agree_all(quotes, references, now=now, identities=identities)
    refused = {one.symbol: one.reason for one in outcomes if isinstance(one, Disagreement)}
    if not is_quiet:
        for one in outcomes:
            _log_exclusions(one)
    agreed = {one.symbol: one for one in outcomes if isinstance(one, Agreement)}
    changed = _store(agreed, quotes, now)
    prices = {one.symbol: one.price for one in agreed.values() if not one.below_quorum}
    return Recorded(changed, refused, left_out_of(outcomes), dissent_of(outcomes), prices)


def _identities(symbols: Collection[str], now: datetime) -> dict[str, Identity]:
    """Return what is known of those whose ticker the operator has not spoken for."""
    known = index()
    strange = [one for one in symbols if one in known.entries and one not in known.settled]
    listed = listed_prices(now) if strange else {}
    return {one: Identity(known.entries[one].ids, listed.get(one)) for one in strange}


def _store(
    agreed: Mapping[str, Agreement], quotes: Sequence[Quote], now: datetime
) -> tuple[str, ...]:
    held = {
        row.asset.symbol: row for row in Price.objects.defer("receipts").select_related("asset")
    }
    assets = {asset.symbol: asset for asset in Asset.objects.filter(symbol__in=agreed)}
    rows = [
        _row(assets[symbol], agreement, quotes, held.get(symbol), now)
        for symbol, agreement in agreed.items()
        if symbol in assets and _is_news(agreement, held.get(symbol), now)
    ]
    if not rows:
        _show_missed(held, now)
        return ()
    columns = [field.name for field in Price._meta.fields if field.name != "asset"]
    with transaction.atomic():
        Price.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["asset"], update_fields=columns
        )
        # The first price of five minutes stands for them; a later one never replaces it.
        PricePoint.objects.bulk_create([_point(row) for row in rows], ignore_conflicts=True)
        changed = tuple(row.asset.symbol for row in rows)
        promise = snapshot.promise()
        # Telling may fail without taking the stored truth along: the promise stays open, and the
        # next round tells everything.
        transaction.on_commit(lambda: _show(changed, promise, now), robust=True)
    return changed


def _is_news(agreement: Agreement, held: Price | None, now: datetime) -> bool:
    if held is None or held.observed_at - now > MAX_LEAD:
        return True
    return agreement.observed_at > held.observed_at


def _row(
    asset: Asset,
    agreement: Agreement,
    quotes: Sequence[Quote],
    held: Price | None,
    now: datetime,
) -> Price:
    # Figures come from those whose price is believed.
    agreeing = {quote.source for quote in agreement.agreeing}
    believed = [q for q in quotes if q.symbol == asset.symbol and q.source in agreeing]
    return Price(
        asset=asset,
        price=agreement.price,
        observed_at=agreement.observed_at,
        recorded_at=now,
        sources=[quote.source for quote in agreement.contributors],
        below_quorum=agreement.below_quorum,
        spread_percent=agreement.spread_percent,
        confidence=agreement.confidence(now),
        receipts=receipts_of(agreement, now),
        **figures_of(believed, held, now),
    )


def _point(row: Price) -> PricePoint:
    observed_ms = int(row.observed_at.timestamp() * 1000)
    minute = observed_ms // 60_000 * 60
    return PricePoint(asset=row.asset, at=minute, price=row.price, observed_ms=observed_ms)


def _show_missed(held: Mapping[str, Price], now: datetime) -> None:
    """Show and tell what was stored by a process that died before it could.

    A round with news shows everything anyway; but after the last news for a while nobody else
    would.
    """
    shown = selectors.warm_prices().items
    missed = [
        symbol
        for symbol, row in held.items()
        if symbol not in shown
        or shown[symbol].observed_ms != snapshot.milliseconds(row.observed_at)
    ]
    if missed or snapshot.is_untold():
        _show(missed, snapshot.promise(), now)


def _show(changed: Collection[str], promise: Promise, now: datetime) -> None:
    """Show what the store holds, then broadcast what is new: read first, told after.

    All of it is built from the store, so a round that could not be shown is repaired by the next.
    """
    with broadcast.keeping(promise.name):
        snapshot.tell(
            snapshot.publish(selectors.stored_items()),
            changed,
            fresh_seconds=settings.CACHE_TTL_PRICES,
            now_ms=int(now.timestamp() * 1000),
            kept=promise,
        )


def _log_exclusions(outcome: Agreement | Disagreement) -> None:
    for exclusion in outcome.excluded:
        quote = exclusion.quote
        logger.info(
            "Left out %s from %s: %s",
            quote.symbol,
            quote.source,
            exclusion.reason,
            extra={"fields": {"symbol": quote.symbol, "reason": exclusion.reason}},
        )
