"""The simulated market: one price per asset and second, the same whenever it is asked.

The walk is refined from the top: a day knows its open, high, low and close, its hours are drawn
inside them, their quarters inside those, down to one tick a second. So the high of a year costs
365 days to find and not 31 million ticks, and still some tick is exactly that high.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from providers.simulator.assets import ASSETS, BY_SYMBOL, Asset
from providers.simulator.noise import normals, words

DAY, HOUR, QUARTER, MINUTE, TICK = WIDTHS = (86400, 3600, 900, 60, 1)
_MINUTES = WIDTHS.index(MINUTE)

# Nothing was traded before.
OPENED = int(datetime(2018, 1, 1, tzinfo=UTC).timestamp())

_OCTAVES = 8
# World volume is counted in lots of this many smallest amounts; a venue trades a whole number
# of amounts of each lot, so that its volumes add up to the last digit.
LOT = 400


class Span(NamedTuple):
    """What was traded over some time: natural logarithms of USD prices, lots, trades."""

    open: float
    high: float
    low: float
    close: float
    lots: int
    trades: int


def merge(spans: Iterable[Span]) -> Span:
    """Roll consecutive spans up into one."""
    opens, highs, lows, closes, lots, trades = zip(*spans, strict=True)
    return Span(opens[0], max(highs), min(lows), closes[-1], sum(lots), sum(trades))


class Market:
    def __init__(self, seed: int = 7) -> None:
        self.seed = seed
        self.assets = ASSETS
        # Sized so that every asset's rolling day stays warm, at some 50 MB when all are full.
        self._level = lru_cache(65536)(self._draw_level)
        self._day = lru_cache(16384)(self._draw_day)
        self._split = lru_cache(8192)(self._draw_split)
        self._ticks = lru_cache(1024)(self._draw_ticks)

    def price(self, symbol: str, at: float | datetime) -> Decimal:
        """Return the USD price that all venues are a few basis points off."""
        moment = at.timestamp() if isinstance(at, datetime) else at
        return Decimal(f"{math.exp(self.log_price(symbol, int(moment))):.12g}")

    def log_price(self, symbol: str, second: int) -> float:
        if second % HOUR == 0:
            # What the hour opened with, without drawing the ticks inside it.
            return self._node(symbol, 1, second // HOUR).open
        return self.tick(symbol, second).close

    def tick(self, symbol: str, second: int) -> Span:
        return self._children(symbol, _MINUTES, second // MINUTE)[second % MINUTE]

    def day_open(self, symbol: str, second: int) -> float:
        return self._day(symbol, second // DAY).open

    def span(self, symbol: str, start: int, end: int) -> Span:
        """Return what was traded from `start` up to, not including, `end` (whole seconds)."""
        if not OPENED <= start < end:
            raise ValueError(f"no market from {start} to {end}")
        days = range(start // DAY, (end - 1) // DAY + 1)
        return merge(part for day in days for part in self._inside(symbol, 0, day, start, end))

    def _inside(self, symbol: str, level: int, index: int, start: int, end: int) -> Iterator[Span]:
        width = WIDTHS[level]
        first = index * width
        if level == 0 and start <= first and first + width <= end:
            yield self._day(symbol, index)
            return
        children = self._children(symbol, level, index)
        narrow = WIDTHS[level + 1]
        low = max(start - first, 0)
        high = min(end - first, width)
        # Only the two children at the edges can be cut; those between are whole.
        whole_from, whole_to = -(-low // narrow), high // narrow
        base = index * (width // narrow)
        if low % narrow:
            yield from self._inside(symbol, level + 1, base + low // narrow, start, end)
        yield from children[whole_from:whole_to]
        if high % narrow and (whole_to >= whole_from):
            yield from self._inside(symbol, level + 1, base + whole_to, start, end)

    def _children(self, symbol: str, level: int, index: int) -> tuple[Span, ...]:
        if level == _MINUTES:
            return self._ticks(symbol, index)
        return self._split(symbol, level, index)

    def _node(self, symbol: str, level: int, index: int) -> Span:
        if level == 0:
            return self._day(symbol, index)
        count = WIDTHS[level - 1] // WIDTHS[level]
        return self._children(symbol, level - 1, index // count)[index % count]

    def _key(self, symbol: str, *path: object) -> str:
        return "/".join(map(str, (self.seed, symbol, *path)))

    def _draw_level(self, symbol: str, octave: int, index: int) -> float:
        return normals(self._key(symbol, "octave", octave, index), 1)[0]

    def _midnight(self, asset: Asset, day: int) -> float:
        # Noise over 1, 2, 4 ... 128 days, each as strong as a walk that long: day to day it
        # moves like one, and over years it stays near its level instead of running away.
        y = math.log(asset.price)
        for octave in range(_OCTAVES):
            index, rest = divmod(day, 1 << octave)
            share = rest / (1 << octave)
            left = self._level(asset.symbol, octave, index)
            right = self._level(asset.symbol, octave, index + 1)
            y += 0.5 * asset.volatility * 2 ** (octave / 2) * (left + (right - left) * share)
        return y

    def _draw_day(self, symbol: str, day: int) -> Span:
        asset = BY_SYMBOL[symbol]
        start, end = self._midnight(asset, day), self._midnight(asset, day + 1)
        up, down, busy = normals(self._key(symbol, "day", day), 3)
        reach = 0.5 * asset.volatility
        turnover = asset.turnover * math.exp(0.35 * busy)
        return Span(
            start,
            max(start, end) + abs(up) * reach,
            min(start, end) - abs(down) * reach,
            end,
            int(turnover / asset.price * 10**asset.lot_decimals / LOT) + 1,
            int(turnover / 12000) + 1,
        )

    def _draw_split(self, symbol: str, level: int, index: int) -> tuple[Span, ...]:
        parent = self._node(symbol, level, index)
        narrow = WIDTHS[level + 1]
        count = WIDTHS[level] // narrow
        key = self._key(symbol, level, index)
        sigma = BY_SYMBOL[symbol].volatility * math.sqrt(narrow / DAY)
        noise = normals(key, 3 * count)
        points = _bridge(parent, [z * sigma for z in noise[:count]])
        reach = 0.5 * sigma
        highs = [
            max(pair) + abs(z) * reach
            for pair, z in zip(pairwise(points), noise[count:], strict=False)
        ]
        lows = [
            min(pair) - abs(z) * reach
            for pair, z in zip(pairwise(points), noise[2 * count :], strict=True)
        ]
        top, bottom = highs.index(max(highs)), lows.index(min(lows))
        highs = [min(high, parent.high) for high in highs]
        lows = [max(low, parent.low) for low in lows]
        highs[top], lows[bottom] = parent.high, parent.low
        lots, trades = _shares(parent, words(key + "/volume", count))
        return tuple(map(Span, points, highs, lows, points[1:], lots, trades))

    def _draw_ticks(self, symbol: str, minute: int) -> tuple[Span, ...]:
        parent = self._node(symbol, _MINUTES, minute)
        key = self._key(symbol, _MINUTES, minute)
        sigma = BY_SYMBOL[symbol].volatility * math.sqrt(TICK / DAY)
        points = _bridge(parent, [z * sigma for z in normals(key, MINUTE - 1)])
        inner = points[1:-1]
        top = 1 + inner.index(max(inner))
        bottom = 1 + inner.index(min(inner))
        points[top] = parent.high
        points[bottom if bottom != top else top % (MINUTE - 2) + 1] = parent.low
        lots, trades = _shares(parent, words(key + "/volume", MINUTE))
        return tuple(map(Span, points, points, points, points, lots, trades))


def _bridge(parent: Span, steps: list[float]) -> list[float]:
    start, high, low, end = parent[:4]
    path = list(accumulate(steps, initial=start))
    drift = (end - path[-1]) / len(steps)
    points = [_fold(y + drift * i, low, high) for i, y in enumerate(path)]
    points[0], points[-1] = start, end
    return points


def _fold(y: float, low: float, high: float) -> float:
    # Reflected rather than cut, or the walk would rest on its own high and low.
    if low <= y <= high or low == high:
        return min(max(y, low), high)
    width = high - low
    rest = (y - low) % (2 * width)
    return min(max(low + min(rest, 2 * width - rest), low), high)


def _shares(parent: Span, numbers: tuple[int, ...]) -> tuple[list[int], list[int]]:
    # Squared, because volume comes in bursts; cut from running sums, so that it adds up.
    weights = list(accumulate((9000 + number) ** 2 for number in numbers))
    total = weights[-1]
    columns = []
    for amount in (parent.lots, parent.trades):
        cuts = [0, *(amount * weight // total for weight in weights)]
        columns.append([after - before for before, after in pairwise(cuts)])
    return columns[0], columns[1]
