"""What an adapter signs: one small protocol per capability."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol as Signature

from providers.types import (
    Answer,
    AssetDetails,
    Candle,
    CandleAsk,
    ChainFigures,
    GlobalFigures,
    Headline,
    HistoryPoint,
    Instrument,
    Listed,
    OrderBook,
    Protocol,
    Quote,
    Rate,
    Reading,
    Trending,
    TvlPoint,
    Yield,
)


class Get(Signature):
    """The only way out that an adapter is given: it raises ProviderError for anything odd.

    `path` begins with a slash and is asked for at the provider's address; a whole URL is asked
    for as it is, unless an operator set another address for the provider.
    """

    def __call__(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Tap:
    """What an adapter works with: the way out, the key if there is one, and the time."""

    get: Get
    key: str
    now: Callable[[], datetime]


class Quotes(Signature):
    """One bulk call that brings a quote for each instrument the upstream knows."""

    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]: ...


class Candles(Signature):
    def candles(self, ask: CandleAsk, tap: Tap) -> list[Candle]: ...


class Books(Signature):
    def order_book(self, symbol: str, currency: str, depth: int, tap: Tap) -> OrderBook: ...


class Global(Signature):
    def global_figures(self, tap: Tap) -> GlobalFigures: ...


class Trends(Signature):
    def trending(self, tap: Tap) -> list[Trending]: ...


class Listing(Signature):
    """Assets by market cap, the largest first.

    There are fewer than `count` when the upstream lists no more, or when our budget for it ends
    between two pages: who is missing need not be gone.
    """

    def listing(self, count: int, tap: Tap) -> list[Listed]: ...


class Rates(Signature):
    def rates(self, tap: Tap) -> list[Rate]: ...


class Details(Signature):
    def details(self, instrument: Instrument, tap: Tap) -> AssetDetails: ...


class History(Signature):
    def history(self, instrument: Instrument, days: int, tap: Tap) -> list[HistoryPoint]: ...


class News(Signature):
    def headlines(self, tap: Tap) -> list[Headline]: ...


class Mood(Signature):
    """Readings newest first."""

    def fear_greed(self, limit: int, tap: Tap) -> list[Reading]: ...


class Defi(Signature):
    def protocols(self, tap: Tap) -> list[Protocol]: ...


class Tvl(Signature):
    def tvl_chart(self, tap: Tap) -> list[TvlPoint]: ...


class Yields(Signature):
    def yields(self, tap: Tap) -> list[Yield]: ...


class Chain(Signature):
    def chain_figures(self, tap: Tap) -> ChainFigures: ...


# What may be asked for, and the method that answers it.
CAPABILITIES: Mapping[str, str] = {
    "quotes": "quotes",
    "candles": "candles",
    "order_book": "order_book",
    "global": "global_figures",
    "trending": "trending",
    "listing": "listing",
    "rates": "rates",
    "details": "details",
    "history": "history",
    "news": "headlines",
    "fear_greed": "fear_greed",
    "defi": "protocols",
    "tvl": "tvl_chart",
    "yields": "yields",
    "chain": "chain_figures",
}
# What nobody asks for: it comes by itself, over a socket.
STREAM = "stream"
EVERYTHING = (*CAPABILITIES, STREAM)
