"""What is kept beside a price: who said what, and one provider's word for its figures."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cryptodt.common.money import spell
from market.consensus import MAX_LEAD, Agreement, weight
from market.models import Price
from market.snapshot import iso
from providers.types import Listed, Quote

# A fuller set of figures is kept for so long while only thinner ones come.
FIGURES_AGE = timedelta(minutes=30)
# Nobody needs more to see what happened, and a row must not grow with what is thrown at it.
MOST_EXCLUDED = 50
PERCENT, DOLLARS = (Decimal(-100), Decimal(10**6)), (Decimal(0), Decimal(10**18))
PLAUSIBLE: dict[str, tuple[Decimal, Decimal]] = {
    "change_1h": PERCENT,
    "change_24h": PERCENT,
    "change_7d": PERCENT,
    "volume_24h": DOLLARS,
    "market_cap": DOLLARS,
    "rank": (Decimal(1), Decimal(10**6)),
}


def receipts_of(agreement: Agreement, now: datetime) -> dict[str, list[dict[str, str]]]:
    """Return who contributed with which weight, and who was left out and why; prices in USD."""
    return {
        "contributors": [
            {**_said(quote), "weight": spell(Decimal(str(round(weight(quote, now), 3))))}
            for quote in agreement.contributors
        ],
        "excluded": [
            {**_said(one.quote), "reason": one.reason}
            for one in agreement.excluded[:MOST_EXCLUDED]
        ],
    }


def _said(quote: Quote) -> dict[str, str]:
    return {
        "source": quote.source,
        "price": spell(quote.price),
        "observedAt": iso(quote.observed_at),
    }


def figures_of(believed: Sequence[Quote], held: Price | None, now: datetime) -> dict[str, Any]:
    """Return the figures of the one provider that tells most of them, with its name and time.

    Those that are held already stay for a while when they are fuller: an exchange's own volume
    must not stand in for the whole market's whenever an aggregator is late.
    """
    told = [(plausible(quote), quote) for quote in believed]
    told.sort(key=lambda pair: (len(pair[0]), pair[1].observed_at, pair[1].source), reverse=True)
    found, quote = told[0] if told else ({}, None)
    kept = {} if held is None else plausible(held)
    if held is not None and len(kept) > len(found) and _is_young(held.figures_at, now):
        found, source, at = kept, held.figures_source, held.figures_at
    elif found and quote is not None:
        source, at = quote.source, quote.observed_at
    else:
        source, at = "", None
    return {**dict.fromkeys(PLAUSIBLE), **found, "figures_source": source, "figures_at": at}


def plausible(row: Quote | Listed | Price) -> dict[str, Any]:
    """Return the figures that can be meant. Nobody agrees on them, so the absurd is left out: one
    figure of one provider must not break the table or the page that show it."""
    figures = ((name, getattr(row, name)) for name in PLAUSIBLE)
    return {name: value for name, value in figures if value is not None and _is_meant(name, value)}


def _is_meant(name: str, value: Decimal | int) -> bool:
    least, most = PLAUSIBLE[name]
    return least <= value <= most


def _is_young(at: datetime | None, now: datetime) -> bool:
    return at is not None and -MAX_LEAD <= now - at <= FIGURES_AGE
