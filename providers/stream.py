"""What a stream signs: which sockets to open, what to say on them, and what a frame means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol as Signature

from providers.types import Candle, Pair, Quote

# The interval of every candle that is streamed.
INTERVAL = "1m"


@dataclass(frozen=True, slots=True)
class Socket:
    """One connection: where, what to say first, and the channels that must speak then."""

    path: str
    hello: tuple[str, ...]
    channels: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One quote or one candle from a channel; `order` never goes back within it."""

    channel: str
    order: tuple[Decimal | int, ...]
    quote: Quote | None = None
    candle: Candle | None = None
    # The number of the trade that it tells of, where the venue counts them.
    trade: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What one frame says; nothing at all is a heartbeat or a nod."""

    ticks: tuple[Tick, ...] = ()
    # Which wish of ours the venue refuses, in its own words.
    refused: str = ""
    # It says itself that it will hang up soon.
    is_leaving: bool = False
    # The newest trade of each channel, whether or not it was told.
    trades: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How patient a stream is, in seconds."""

    # All channels of a kind are silent, or a single one: some markets are thin.
    silent_kind: float = 20
    silent_channel: float = 120
    most_patience: float = 3600
    watch: float = 1
    ping: float = 15
    # Exchanges end a connection after 24 hours; ours ends before.
    lifetime: float = 23 * 3600
    # How long it is heard beside the next one, until every channel of that one has spoken.
    overlap: float = 10
    first_delay: float = 1
    longest_delay: float = 60
    # A connection that did well for so long starts from the first delay again.
    proven: float = 30


class Stream(Signature):
    """One venue's socket. Nothing in it reaches out, and nothing in it remembers."""

    @property
    def origins(self) -> tuple[str, ...]:
        """Where it listens, best first."""
        ...

    @property
    def ping(self) -> str:
        """What must be said now and then to be kept, if anything."""
        ...

    def sockets(self, tickers: Sequence[Pair], candles: Sequence[Pair]) -> list[Socket]: ...

    def read(self, text: str, pairs: Mapping[str, Pair]) -> Heard:
        """Say what a frame means; `pairs` are those asked for, by the venue's names.

        Raises ProviderError for everything odd.
        """
        ...


def ticker(name: str) -> str:
    return f"ticker:{name}"


def candle(name: str) -> str:
    return f"candle:{name}"
