"""Where what streams tell collects until it is handed on: never more than can be made use of."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from providers.stream import Tick
from providers.types import Candle, Quote

# What is older, or could not be stored for so long, is asked for over HTTP, like any other gap.
KEEP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Batch:
    """What came since the last one: the latest quotes by provider, and all candles in order."""

    quotes: Mapping[str, tuple[Quote, ...]]
    candles: tuple[Candle, ...]


@dataclass(slots=True)
class Tray:
    """Where it collects until somebody takes it. What is newer replaces what nobody took."""

    quotes: dict[tuple[str, str], Quote] = field(default_factory=dict)
    # A candle is replaced by its own later self only.
    candles: dict[tuple[str, str, str, datetime], Candle] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    newest: dict[str, float] = field(default_factory=dict)
    has_some: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, tick: Tick) -> None:
        if tick.quote is not None:
            quote = tick.quote
            self.quotes[quote.source, quote.symbol] = quote
            self._seen(quote.source, quote.observed_at.timestamp())
        if tick.candle is not None:
            self.put_candle(tick.candle)
            self._seen(tick.candle.source, time.time())
        self.has_some.set()

    def put_candle(self, candle: Candle) -> None:
        if candle.opened_at < datetime.now(UTC) - KEEP:
            return
        key = (candle.source, candle.symbol, candle.currency, candle.opened_at)
        known = self.candles.get(key)
        if known is None or known.is_closed <= candle.is_closed:
            self.candles[key] = candle

    def count(self, slug: str, reason: str) -> None:
        key = slug, reason
        self.counts[key] = self.counts.get(key, 0) + 1

    def taken(self) -> Batch:
        quotes: dict[str, list[Quote]] = {}
        for quote in self.quotes.values():
            quotes.setdefault(quote.source, []).append(quote)
        candles = sorted(self.candles.values(), key=lambda one: one.opened_at)
        self.quotes, self.candles = {}, {}
        self.has_some.clear()
        return Batch({slug: tuple(told) for slug, told in quotes.items()}, tuple(candles))

    def give_back(self, batch: Batch) -> None:
        """Keep what could not be handed on, under what came since."""
        for quote in (one for told in batch.quotes.values() for one in told):
            self.quotes.setdefault((quote.source, quote.symbol), quote)
        since, self.candles = self.candles, {}
        for candle in [*batch.candles, *since.values()]:
            self.put_candle(candle)
        self.has_some.set()

    def _seen(self, slug: str, moment: float) -> None:
        self.newest[slug] = max(self.newest.get(slug, 0.0), moment)
