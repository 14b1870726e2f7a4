"""Candles and their series for the market's tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from market.intervals import INTERVALS
from market.models import Asset, Series
from market.selectors import candles as selectors
from market.services.candles import record_candles, series_of
from providers.types import Candle

# A whole week, day, hour and minute: candles of every interval open now.
NOW = datetime(2026, 5, 4, tzinfo=UTC)
OPEN = int(NOW.timestamp())


def given_series(symbol="BTC", interval="1m", *, currency="USDT") -> Series:
    Asset.objects.get_or_create(symbol=symbol, defaults={"ticker": symbol, "name": symbol.title()})
    return series_of(symbol, currency, interval)


def candle(series, number=0, close="100", *, closed=True, source="binance", **values):
    """Return the candle that opened so many intervals after NOW."""
    opened_at = NOW + timedelta(seconds=number * INTERVALS[series.interval])
    numbers = {"open": "100", "high": "110", "low": "90", "volume": "5", **values, "close": close}
    return Candle(
        symbol=series.asset.symbol,
        currency=series.currency,
        interval=series.interval,
        opened_at=opened_at,
        is_closed=closed,
        source=source,
        **{name: Decimal(number) for name, number in numbers.items()},
    )


def record(series, *candles, later=0):
    return record_candles(series, candles, now=NOW + timedelta(seconds=later))


def given_candles(series, numbers, **values):
    """Store closed candles at these places; each closes at its own place's number."""
    return record(series, *(candle(series, n, str(1000 + n), **values) for n in numbers))


def page_of(series, **asked):
    return selectors.page(series.asset.symbol, series.currency, series.interval, **asked)


def bars(series):
    return page_of(series, since=0, limit=10_000).bars


def places(series, page_bars):
    """Return the places of bars, counted from NOW."""
    return [(bar.opened_at - OPEN) // INTERVALS[series.interval] for bar in page_bars]
