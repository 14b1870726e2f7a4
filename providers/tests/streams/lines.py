"""A line to a simulated venue, and what it hands on."""

import asyncio
from contextlib import asynccontextmanager

from providers import calls
from providers.line import Line
from providers.registry import BY_SLUG
from providers.roster import Member
from providers.stream import Pace
from providers.types import Pair

PAIRS = {
    "binance": Pair("BTC", "USDT", "BTCUSDT"),
    "kraken": Pair("BTC", "USD", "XXBTZUSD"),
    "coinbaseexchange": Pair("BTC", "USD", "BTC-USD"),
    "okx": Pair("BTC", "USDT", "BTC-USDT"),
    "bybit": Pair("BTC", "USDT", "BTCUSDT"),
}
SWIFT = Pace(
    silent_kind=0.6,
    silent_channel=0.6,
    watch=0.05,
    ping=0.1,
    first_delay=0.02,
    longest_delay=0.1,
)


class Ear:
    """What a line hands on, and what it counts."""

    def __init__(self):
        self.ticks, self.counts = [], []

    def take(self, tick):
        self.ticks.append(tick)

    def count(self, slug, reason):
        self.counts.append(reason)

    @property
    def quotes(self):
        return [tick.quote for tick in self.ticks if tick.quote]

    async def more(self, number=3):
        """Wait until so many more ticks came."""
        wanted = len(self.ticks) + number
        await until(lambda: len(self.ticks) >= wanted)


async def until(is_true, seconds=15.0):
    async with asyncio.timeout(seconds):
        while not is_true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(slug="binance", *, pace=SWIFT, channels=("ticker", "candle")):
    row, pair, ear = BY_SLUG[slug], PAIRS[slug], Ear()
    tickers = [pair] if "ticker" in channels else []
    candles = [pair] if "candle" in channels else []
    socket = stream_of(slug).sockets(tickers, candles)[0]
    member = Member(row, "stream", place=0, key="", is_on=True)
    line = Line(member, socket, {pair.name: pair}, pace=pace, take=ear.take, count=ear.count)
    task = asyncio.ensure_future(line.keep())
    try:
        yield ear, line
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def stream_of(slug):
    stream = BY_SLUG[slug].stream
    assert stream is not None
    return stream


def opened(sim, slug="binance"):
    return len(sim.requests(slug))


def trouble(slug="binance"):
    return calls.reasons_last_hour(slug, "stream")
