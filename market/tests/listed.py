"""Lists of assets for the market's tests."""

from decimal import Decimal

from market.tests.quotes import NOW
from providers.types import Listed


def listed(one="bitcoin", symbol="BTC", name="", price="64000", *, source="coingecko", **columns):
    return Listed(
        upstream_id=one,
        symbol=symbol,
        name=name or one.title(),
        price=None if price is None else Decimal(price),
        is_active=price is not None,
        source=source,
        **{"observed_at": NOW, **columns},
    )


def crowd(count=1000, *, source="coingecko", start=0):
    """A list that is long enough to be whole, of assets that nobody else lists."""
    return [
        listed(f"{source}-{n}", f"{source[:6].upper()}{n}", price=str(n + 1), source=source)
        for n in range(start, start + count)
    ]
