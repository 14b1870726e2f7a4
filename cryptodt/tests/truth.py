"""What the simulated venues really said, drawn from the market's ticks and not from the wire."""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from market.tests.simulated import true_bar
from providers.simulator.assets import BY_SYMBOL
from providers.simulator.market import Market
from providers.simulator.venue import Bar, Pair, View, fixed
from providers.simulator.wire import binance, bitfinex, bybit, gate, kucoin, okx
from providers.simulator.wire.coingecko_rows import number, updated_at
from providers.simulator.wire.kraken_names import LISTINGS

_LISTED: dict[str, list[Pair]] = {
    "binance": list(binance.PAIRS.values()),
    "kraken": [one.pair for one in LISTINGS],
    "okx": list(okx.PAIRS.values()),
    "bybit": list(bybit.PAIRS.values()),
    "kucoin": list(kucoin.PAIRS.values()),
    "gate": list(gate.PAIRS.values()),
    "bitfinex": list(bitfinex.PAIRS.values()),
}
PAIRS = {
    (venue, pair.base, pair.quote): pair for venue, pairs in _LISTED.items() for pair in pairs
}
AGGREGATORS = ("coingecko", "coinpaprika", "coinlore")
_CENTS_FROM = 10
# A price in dollars is told with at least so many digits.
_SIGNIFICANT = 7


class Truth:
    """The prices and candles that honest venues tell."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.bar = lru_cache(None)(self._bar)

    def price(self, venue: str, symbol: str, currency: str, at: float) -> Decimal | None:
        """Return what a venue's price was at a moment, None where it has no such pair."""
        view = View(self.market, venue, at, at)
        if venue in AGGREGATORS:
            return _told(view, symbol, at) if currency == "USD" else None
        pair = PAIRS.get((venue, symbol, currency))
        return None if pair is None else Decimal(fixed(view.last(pair), pair.decimals))

    def refreshed(self, venue: str, symbol: str, seen: float) -> Decimal:
        """Return what an aggregator that has seen the market until then tells."""
        view = View(self.market, venue, seen, seen)
        at = updated_at(view, BY_SYMBOL[symbol])
        return _told(view, symbol, at if venue != "coinlore" else seen)

    def _bar(self, venue: str, symbol: str, interval: str, opened_at: int) -> tuple[Decimal, ...]:
        told: tuple[Decimal, ...] = true_bar(self, venue, symbol, opened_at, interval)
        return told

    def open_bar(
        self, venue: str, symbol: str, span: tuple[int, int], seen: float
    ) -> tuple[Decimal, ...]:
        """Return a candle as it stood when the venue had seen the market until then."""
        pair = PAIRS[venue, symbol, "USDT"]
        bar: Bar = View(self.market, venue, seen, seen).bar(pair, *span)
        prices = [Decimal(fixed(ticks, pair.decimals)) for ticks in bar[:4]]
        return (*prices, Decimal(fixed(bar.volume, pair.lot_decimals)))


def _told(view: View, symbol: str, at: float) -> Decimal:
    if view.venue == "coingecko":
        return Decimal(repr(number(view.usd(symbol, at))))
    if view.venue == "coinpaprika":
        return Decimal(repr(view.usd(symbol, at)))
    price = view.usd(symbol, updated_at(view, BY_SYMBOL[symbol]))
    return Decimal(f"{price:.2f}" if price >= _CENTS_FROM else f"{price:.6g}")


def in_dollars(price: Decimal, rate: Decimal) -> Decimal:
    """Return a price in a stable coin in dollars, with the digits that it is told with."""
    exponent = price.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    places = max(-exponent, 0, _SIGNIFICANT - 1 - price.adjusted())
    return (price * rate).quantize(Decimal(1).scaleb(-places))


def milliseconds(moment: datetime) -> str:
    """Spell a moment as answers do."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
