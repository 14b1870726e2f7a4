"""One venue's look at the market: its own few basis points, in whole ticks of its own pairs."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from providers.simulator.assets import BY_SYMBOL
from providers.simulator.coins import COINS, Coin
from providers.simulator.market import DAY, LOT, OPENED, Market, Span
from providers.simulator.noise import uniform, words

# Smallest amounts each venue trades of a lot: its part of the world's volume.
SHARES = {
    "binance": 120,
    "kraken": 8,
    "coinbaseexchange": 12,
    "okx": 40,
    "bybit": 45,
    "kucoin": 16,
    "gate": 30,
    "bitfinex": 3,
}

# The detour a venue makes around the common price: height, and waves per unit of log price.
# Their product stays below 1, so the detour never turns around: the highest common price is
# the venue's highest too, and candles stay exact without looking at each tick.
_HEIGHT = 1.5e-4
_WAVES = 400.0


@dataclass(frozen=True, slots=True)
class Pair:
    venue: str
    base: str
    # USDT where prices are divided by it, else USD.
    quote: str
    decimals: int

    @property
    def lot_decimals(self) -> int:
        return BY_SYMBOL[self.base].lot_decimals


class Bar(NamedTuple):
    """A candle in whole ticks of its pair and whole amounts of its base asset."""

    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int

    @property
    def typical(self) -> float:
        return (self.open + self.high + self.low + self.close) / 4


def fixed(number: int, decimals: int, shown: int | None = None) -> str:
    """Spell a whole number of 10^-decimals with `shown` digits after the point.

    >>> fixed(6413805, 2, 8)
    '64138.05000000'
    """
    sign = "-" if number < 0 else ""
    digits = str(abs(number)).rjust(decimals + 1, "0")
    shown = decimals if shown is None else shown
    whole, rest = digits[: len(digits) - decimals], digits[len(digits) - decimals :]
    rest = rest.ljust(shown, "0")[:shown]
    return f"{sign}{whole}.{rest}" if rest else sign + whole


@dataclass(frozen=True)
class View:
    """The market as one venue tells it. `now` is what its clock says, `until` what it has seen."""

    market: Market
    venue: str
    now: float
    until: float
    # What a lying venue multiplies its prices by: of these assets, or of all.
    factor: float = 1.0
    affected: frozenset[str] | None = None
    coins: tuple[Coin, ...] = COINS

    @property
    def second(self) -> int:
        return int(self.until)

    @property
    def share(self) -> int:
        # An aggregator counts everybody's trades.
        return SHARES.get(self.venue, LOT)

    @property
    def lag(self) -> float:
        return self.now - self.until

    def log_price(self, symbol: str, y: float) -> float:
        height = _HEIGHT * (0.05 if BY_SYMBOL[symbol].is_stable else 1.0)
        key = f"{self.market.seed}/{self.venue}/{symbol}"
        phase, shift = _detour(key)
        return y + height * (math.sin(_WAVES * y + phase) + shift)

    def factor_of(self, symbol: str) -> float:
        return self.factor if self.affected is None or symbol in self.affected else 1.0

    def usd(self, symbol: str, at: float) -> float:
        """Return the venue's USD price at a moment, or at the last one it has seen."""
        y = self.market.log_price(symbol, int(min(at, self.until)))
        return self.usd_at_log(symbol, y)

    def usd_at_log(self, symbol: str, y: float) -> float:
        return self.factor_of(symbol) * math.exp(self.log_price(symbol, y))

    def usd_of(self, coin: Coin, at: float) -> float:
        """Return the venue's USD price of a small coin; one that never moves costs one price."""
        price = coin.price_at(min(at, self.until), self.market.seed) * self.factor_of(coin.symbol)
        if coin.exact:
            return price
        _, shift = _detour(self.venue)
        return price * (1 + _HEIGHT * shift * (1 + coin.number % 3))

    def last(self, pair: Pair) -> int:
        tick = self.market.tick(pair.base, self.second)
        return self._ticks(pair, self.second, tick.close)

    def bar(self, pair: Pair, start: int, end: int) -> Bar:
        """Return the candle from `start` up to, not including, `end`, as far as it is seen."""
        if start > self.until:
            price = self.last(pair)
            return Bar(price, price, price, price, 0, 0)
        start, end = max(start, OPENED), min(end, self.second + 1)
        if pair.quote == "USD":
            return self._bar(pair, start, self.market.span(pair.base, start, end))
        # The divisor changes at midnight, so days are converted one by one.
        cuts = [start, *range((start // DAY + 1) * DAY, end, DAY), end]
        return roll_up(
            self._bar(pair, left, self.market.span(pair.base, left, right))
            for left, right in pairwise(cuts)
        )

    def _bar(self, pair: Pair, start: int, span: Span) -> Bar:
        first, high, low, last = (self._ticks(pair, start, y) for y in span[:4])
        return Bar(first, high, low, last, span.lots * self.share, span.trades)

    def _ticks(self, pair: Pair, second: int, y: float) -> int:
        y = self.log_price(pair.base, y)
        if pair.quote == "USDT":
            # The dollar's midnight price holds all day: a ratio of two walks would have highs
            # that belong to neither, and candles could no longer be exact.
            y -= self.market.day_open("USDT", second)
        price = self.factor_of(pair.base) * math.exp(y)
        return max(round(price * 10.0**pair.decimals), 1)

    def day(self, pair: Pair) -> Bar:
        """Return the candle of the last 24 hours."""
        return self.bar(pair, self.second + 1 - DAY, self.second + 1)

    def best(self, pair: Pair) -> tuple[int, int]:
        """Return bid and ask; the last price is one of them."""
        last = self.last(pair)
        coin, width = words(f"{self.market.seed}/{self.venue}/{pair.base}/{self.second}", 2)
        stable = BY_SYMBOL[pair.base].is_stable
        spread = 1 if stable else max(1, round(last * 0.00004 * (0.5 + width / 65536)))
        return (last, last + spread) if coin % 2 else (max(last - spread, 1), last)

    def book(self, pair: Pair, depth: int) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Return bids and asks, best first: price in ticks, smallest amounts of the base."""
        bid, ask = self.best(pair)
        return self._side(pair, bid, -1, depth), self._side(pair, ask, 1, depth)

    def _side(self, pair: Pair, best: int, direction: int, depth: int) -> list[tuple[int, int]]:
        key = f"{self.market.seed}/{self.venue}/{pair.base}/{self.second}/{direction}"
        numbers = words(key, 2 * depth)
        typical = max(1, round(8000 / BY_SYMBOL[pair.base].price * 10**pair.lot_decimals))
        widest = max(1, best // 60000)
        price = best
        levels = []
        for gap, size in zip(numbers[::2], numbers[1::2], strict=True):
            levels.append((price, 1 + typical * (size >> 4) ** 2 // 2**22))
            price += direction * (1 + gap % widest)
            if price < 1:
                break
        return levels


def roll_up(bars: Iterable[Bar]) -> Bar:
    opens, highs, lows, closes, volumes, trades = zip(*bars, strict=True)
    return Bar(opens[0], max(highs), min(lows), closes[-1], sum(volumes), sum(trades))


@lru_cache(1024)
def _detour(key: str) -> tuple[float, float]:
    return uniform(key + "/phase") * math.tau, uniform(key + "/shift") * 2 - 1
