"""Candles for the market's tests, and the simulator's own to hold ours against."""

from datetime import UTC, datetime
from decimal import Decimal

from market.intervals import INTERVALS
from market.models import Candle
from providers import types
from providers.simulator.venue import View, fixed
from providers.simulator.wire import (
    binance,
    bybit,
    coinbaseexchange,
    gate,
    kraken_names,
    kucoin,
    okx,
)

PAIRS = {
    "binance": lambda symbol: binance.PAIRS[f"{symbol}USDT"],
    "okx": lambda symbol: okx.PAIRS[f"{symbol}-USDT"],
    "bybit": lambda symbol: bybit.PAIRS[f"{symbol}USDT"],
    "kucoin": lambda symbol: kucoin.PAIRS[f"{symbol}-USDT"],
    "gate": lambda symbol: gate.PAIRS[f"{symbol}_USDT"],
    "coinbaseexchange": lambda symbol: coinbaseexchange.PAIRS[f"{symbol}-USD"],
    "kraken": lambda symbol: next(
        one.pair for one in kraken_names.LISTINGS if one.modern == f"{symbol}/USD"
    ),
}


def moment(second):
    return datetime.fromtimestamp(second, UTC)


def candle(opened_at, price="64000", **changes):
    """A candle that opened at this second, with a little movement around its price."""
    value = Decimal(price)
    return types.Candle(
        **{
            "symbol": "BTC",
            "currency": "USDT",
            "interval": "1m",
            "opened_at": moment(opened_at),
            "open": value,
            "high": value + 1,
            "low": value - 1,
            "close": value,
            "volume": Decimal(3),
            "is_closed": True,
            "source": "binance",
            **changes,
        }
    )


def true_bar(simulator, venue, symbol, opened_at, interval):
    """The simulated venue's own complete candle, drawn from its ticks and not from the wire."""
    pair = PAIRS[venue](symbol)
    end = opened_at + INTERVALS[interval]
    bar = View(simulator.market, venue, end + 60.0, end + 60.0).bar(pair, opened_at, end)
    prices = [Decimal(fixed(ticks, pair.decimals)) for ticks in bar[:4]]
    return (*prices, Decimal(fixed(bar.volume, pair.lot_decimals)))


def kept(series):
    """What is stored of a series, oldest first."""
    return list(
        Candle.objects.filter(series=series).select_related("source").order_by("opened_at")
    )


def values(row):
    return (row.open, row.high, row.low, row.close, row.volume)
