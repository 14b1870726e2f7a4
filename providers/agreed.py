"""What the rooms agreed on last, as they report it: the pump holds newcomers against it."""

from collections.abc import Mapping
from decimal import Decimal

from django.core.cache import cache

# Older than this, it says nothing about what somebody is told now.
SECONDS = 120
KEY = "agreed:prices"


def note(prices: Mapping[str, Decimal]) -> None:
    """Keep the dollar prices that a quorum agreed on in this round."""
    if prices:
        cache.set(KEY, dict(prices), timeout=SECONDS)


def price_of(symbol: str) -> Decimal | None:
    prices: Mapping[str, Decimal] = cache.get(KEY) or {}
    return prices.get(symbol)
