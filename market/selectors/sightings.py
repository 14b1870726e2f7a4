"""What was agreed on while candles were open: the prices that candles are held against."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from market.models import Price, PricePoint
from market.scrutiny import Sighting

# A rate from longer ago converts nothing any more.
RATE_AGE = timedelta(days=1)
RECENT = timedelta(minutes=15)
# An answer is about one asset: some prices in it say enough.
MOST = 60


def rates(currencies: Collection[str], now: datetime) -> dict[str, Decimal]:
    """Return what one unit of each currency costs in US dollars, where that is known."""
    rows = Price.objects.filter(
        asset__symbol__in=currencies, observed_at__gt=now - RATE_AGE, price__gt=0
    )
    return {"USD": Decimal(1), **dict(rows.values_list("asset__symbol", "price"))}


def recent(assets: Collection[int], now: datetime) -> dict[int, list[tuple[int, Decimal]]]:
    """Return what each asset cost in dollars in the last minutes."""
    since = int((now - RECENT).timestamp())
    found: dict[int, list[tuple[int, Decimal]]] = {}
    rows = PricePoint.objects.filter(asset__in=assets, at__gte=since)
    for asset, observed_ms, price in rows.values_list("asset_id", "observed_ms", "price"):
        found.setdefault(asset, []).append((observed_ms // 1000, price))
    return found


def between(asset: int, since: int, until: int) -> list[tuple[int, Decimal]]:
    """Return some of what an asset cost in dollars from one time up to another."""
    rows = PricePoint.objects.filter(asset=asset, at__gte=since, at__lt=until).order_by("at")
    return [
        (observed_ms // 1000, price)
        for observed_ms, price in rows.values_list("observed_ms", "price")[:MOST]
    ]


def in_currency(
    points: Collection[tuple[int, Decimal]], currency: str, known: Mapping[str, Decimal]
) -> list[Sighting]:
    """Return the points in a currency; without its rate nothing can be compared."""
    rate = known.get(currency)
    return [] if rate is None else [Sighting(at, price / rate) for at, price in points]
