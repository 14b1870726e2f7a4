"""Recording prices: agree, store, then show, then tell."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from cryptodt.common.money import percent_apart, spell
from market import snapshot
from market.catalog import STABLE
from market.consensus import (
    MAX_LEAD,
    Agreement,
    Disagreement,
    Exclusion,
    Reference,
    agree,
    in_dollars,
)
from market.models import Asset, Price, PricePoint
from market.selectors import prices as selectors
from providers.types import Quote

logger = logging.getLogger(__name__)

# A stable coin's dollar price moves little; a rate from longer ago converts nothing any more.
RATE_AGE = timedelta(days=1)
# So many wrong prices, and such a share of all it said, cost a provider its word for the round.
WRONG = {"outlier", "jump", "unit slip"}
# What the pump counts them under; whatever else held a price back was a disagreement.
NAMES = {
    "stale": "stale",
    "from the future": "from_the_future",
    "unit slip": "unit_slip",
    "jump": "jump",
    "outlier": "outlier",
    "wrong on others": "wrong_on_others",
    "not a price": "not_a_price",
    "said twice": "said_twice",
}
DISTRUST_COUNT = 3
DISTRUST_SHARE = 0.2
PERCENT, DOLLARS = (Decimal(-100), Decimal(10**6)), (Decimal(0), Decimal(10**18))
PLAUSIBLE: dict[str, tuple[Decimal, Decimal]] = {
    "change_1h": PERCENT,
    "change_24h": PERCENT,
    "change_7d": PERCENT,
    "volume_24h": DOLLARS,
    "market_cap": DOLLARS,
    "rank": (Decimal(1), Decimal(10**6)),
}


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


def record_quotes(quotes: Sequence[Quote], *, now: datetime) -> Recorded:
    """Agree on a price for every asset, store what is new, then show and tell it."""
    references = {
        symbol: reference
        for symbol, reference in selectors.references().items()
        # After a clock was set back, the last price stands in the future and says nothing.
        if reference.observed_at - now <= MAX_LEAD
    }
    outcomes = agree_all(quotes, references, now=now)
    refused = {one.symbol: one.reason for one in outcomes if isinstance(one, Disagreement)}
    for one in outcomes:
        _log_exclusions(one)
    agreed = {one.symbol: one for one in outcomes if isinstance(one, Agreement)}
    changed = _store(agreed, quotes, now)
    prices = {one.symbol: one.price for one in agreed.values() if not one.below_quorum}
    return Recorded(changed, refused, left_out_of(outcomes), dissent_of(outcomes), prices)


def left_out_of(outcomes: Sequence[Agreement | Disagreement]) -> list[tuple[str, str]]:
    """Return a provider and a reason for everything that did not take part."""
    return [
        (exclusion.quote.source, NAMES.get(exclusion.reason, "disagreement"))
        for outcome in outcomes
        for exclusion in outcome.excluded
    ]


def dissent_of(outcomes: Sequence[Agreement | Disagreement]) -> dict[str, str]:
    """Return what each provider said that a quorum of the others says is wrong."""
    said: dict[str, str] = {}
    for outcome in outcomes:
        if isinstance(outcome, Disagreement) or outcome.below_quorum:
            continue
        for exclusion in outcome.excluded:
            if exclusion.reason in WRONG:
                quote = exclusion.quote
                apart = percent_apart(quote.price, outcome.price).quantize(Decimal("0.1"))
                text = f"{quote.symbol} is {spell(apart)} % from what the others say"
                said.setdefault(quote.source, text)
    return said


def agree_all(
    quotes: Sequence[Quote], references: Mapping[str, Reference], *, now: datetime
) -> list[Agreement | Disagreement]:
    """Return the outcome for every asset that was quoted.

    A provider that is wrong about several assets is not believed about the others either: one
    that serves yesterday's market is far off on some and only a little off on the rest.
    """
    outcomes = _agree_each(quotes, references, now=now)
    distrusted = _distrusted(outcomes, quotes)
    if not distrusted:
        return outcomes
    trusted = [quote for quote in quotes if quote.source not in distrusted]
    first = {(x.quote.symbol, x.quote.source): x for one in outcomes for x in one.excluded}
    left_out: dict[str, list[Exclusion]] = {}
    for quote in quotes:
        if quote.source in distrusted:
            # What it was caught at keeps its own name.
            caught = first.get((quote.symbol, quote.source))
            said = caught or Exclusion(quote, "wrong on others")
            left_out.setdefault(quote.symbol, []).append(said)
    return [
        replace(one, excluded=(*one.excluded, *left_out.get(one.symbol, ())))
        for one in _agree_each(trusted, references, now=now)
    ]


def _distrusted(
    outcomes: Sequence[Agreement | Disagreement], quotes: Sequence[Quote]
) -> frozenset[str]:
    said = Counter(quote.source for quote in quotes)
    wrong = Counter(
        exclusion.quote.source
        for outcome in outcomes
        for exclusion in outcome.excluded
        if exclusion.reason in WRONG
    )
    return frozenset(
        source
        for source, count in wrong.items()
        if count >= DISTRUST_COUNT and count >= said[source] * DISTRUST_SHARE
    )


def _agree_each(
    quotes: Sequence[Quote], references: Mapping[str, Reference], *, now: datetime
) -> list[Agreement | Disagreement]:
    """Return the outcome for every asset; stable coins first, since they convert the others."""
    by_symbol: dict[str, list[Quote]] = {}
    for quote in quotes:
        by_symbol.setdefault(quote.symbol, []).append(quote)
    rates = {
        symbol: references[symbol].price
        for symbol in STABLE
        if symbol in references and now - references[symbol].observed_at <= RATE_AGE
    }
    outcomes: list[Agreement | Disagreement] = []
    for symbol in sorted(by_symbol, key=lambda symbol: (symbol not in STABLE, symbol)):
        in_usd = in_dollars(by_symbol[symbol], rates)
        outcome = agree(symbol, in_usd, now=now, reference=references.get(symbol))
        if symbol in STABLE and isinstance(outcome, Agreement):
            rates[symbol] = outcome.price
        outcomes.append(outcome)
    return outcomes


def _store(
    agreed: Mapping[str, Agreement], quotes: Sequence[Quote], now: datetime
) -> tuple[str, ...]:
    held = {row.asset.symbol: row for row in Price.objects.select_related("asset")}
    assets = {asset.symbol: asset for asset in Asset.objects.filter(symbol__in=agreed)}
    rows = [
        _row(assets[symbol], agreement, quotes, now)
        for symbol, agreement in agreed.items()
        if symbol in assets and _is_news(agreement, held.get(symbol), now)
    ]
    if not rows:
        return ()
    columns = [field.name for field in Price._meta.fields if field.name != "asset"]
    with transaction.atomic():
        Price.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["asset"], update_fields=columns
        )
        # The first price of five minutes stands for them; a later one never replaces it.
        PricePoint.objects.bulk_create([_point(row) for row in rows], ignore_conflicts=True)
        # Telling may fail without taking the stored truth along: the next round tells again.
        transaction.on_commit(lambda: _show(rows, now), robust=True)
    return tuple(row.asset.symbol for row in rows)


def _is_news(agreement: Agreement, held: Price | None, now: datetime) -> bool:
    if held is None or held.observed_at - now > MAX_LEAD:
        return True
    return agreement.observed_at > held.observed_at


def _row(asset: Asset, agreement: Agreement, quotes: Sequence[Quote], now: datetime) -> Price:
    sources = [quote.source for quote in agreement.contributors]
    # Figures come from those whose price is believed; an aggregator's are the fullest.
    agreeing = {quote.source for quote in agreement.agreeing}
    believed = [q for q in quotes if q.symbol == asset.symbol and q.source in agreeing]
    believed.sort(key=lambda quote: quote.market_cap is None)
    figures = {
        name: next((v for q in believed if _is_plausible(name, v := getattr(q, name))), None)
        for name in PLAUSIBLE
    }
    return Price(
        asset=asset,
        price=agreement.price,
        observed_at=agreement.observed_at,
        recorded_at=now,
        sources=sources,
        below_quorum=agreement.below_quorum,
        spread_percent=agreement.spread_percent,
        **figures,
    )


def _is_plausible(name: str, value: Decimal | int | None) -> bool:
    """Say whether a figure can be meant. Nobody agrees on them, so the absurd is left out: one
    figure of one provider must not break the table or the page that show it."""
    least, most = PLAUSIBLE[name]
    return value is not None and least <= value <= most


def _point(row: Price) -> PricePoint:
    observed_ms = int(row.observed_at.timestamp() * 1000)
    minute = observed_ms // 60_000 * 60
    return PricePoint(asset=row.asset, at=minute, price=row.price, observed_ms=observed_ms)


def _show(rows: Sequence[Price], now: datetime) -> None:
    """Show what the store holds, then broadcast what is new: read first, told after.

    All of it is built from the store, so a round that could not be shown is repaired by the next.
    """
    changed = snapshot.items_of(rows)
    shown = snapshot.publish(selectors.stored_items())
    snapshot.tell(
        shown.version,
        changed,
        fresh_seconds=settings.CACHE_TTL_PRICES,
        now_ms=int(now.timestamp() * 1000),
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
