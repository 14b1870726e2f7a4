"""What the pump hands up: frozen values with their source and their time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Instrument:
    """An asset to ask for: our symbol, and the names that upstreams know it by."""

    symbol: str
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What one provider said one asset costs."""

    symbol: str
    price: Decimal
    currency: str
    source: str
    observed_at: datetime
    change_1h: Decimal | None = None
    change_24h: Decimal | None = None
    change_7d: Decimal | None = None
    volume_24h: Decimal | None = None
    market_cap: Decimal | None = None
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class CandleAsk:
    """Which candles are wanted: one pair, one interval, oldest first."""

    symbol: str
    currency: str
    interval: str
    since: datetime | None = None
    limit: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Candle:
    """One bar. `is_closed` is what the upstream proves: its own word, or that a later bar exists."""

    symbol: str
    currency: str
    interval: str
    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    is_closed: bool
    source: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One market of a venue: our names for it, and the venue's own."""

    symbol: str
    currency: str
    name: str


@dataclass(frozen=True, slots=True)
class Level:
    price: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """What is bid, best first, and what is asked, best first."""

    symbol: str
    currency: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    observed_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalFigures:
    """The whole market in US dollars; shares in percent."""

    total_market_cap: Decimal
    total_volume_24h: Decimal | None
    btc_dominance: Decimal | None
    eth_dominance: Decimal | None
    market_cap_change_24h: Decimal | None
    active_assets: int | None
    observed_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trending:
    """An asset that people look up; `position` counts from 1."""

    position: int
    symbol: str
    name: str
    upstream_id: str
    rank: int | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An asset in an aggregator's list, which names it by `upstream_id`: symbols repeat, ids do not.

    `is_active` says that it has a price now; figures are in `currency`, changes in percent.
    """

    upstream_id: str
    symbol: str
    name: str
    rank: int | None = None
    price: Decimal | None
    currency: str = "USD"
    market_cap: Decimal | None = None
    volume_24h: Decimal | None = None
    change_1h: Decimal | None = None
    change_24h: Decimal | None = None
    change_7d: Decimal | None = None
    observed_at: datetime
    is_active: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What one unit of a currency costs in US dollars."""

    currency: str
    name: str
    kind: Literal["fiat", "crypto", "commodity"]
    usd: Decimal
    observed_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """One news item: a link and its title, never the whole text. `key` is the same each time."""

    key: str
    title: str
    url: str
    summary: str
    published_at: datetime | None
    symbols: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A mood from 0 (fear) to 100 (greed), in the upstream's own class."""

    value: int
    classification: str
    observed_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A DeFi protocol and the value locked in it, in US dollars."""

    slug: str
    name: str
    symbol: str
    chain: str
    chains: tuple[str, ...]
    category: str
    tvl: Decimal
    change_1d: Decimal | None
    change_7d: Decimal | None
    market_cap: Decimal | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TvlPoint:
    """The value locked on all chains on one day, in US dollars."""

    at: datetime
    tvl: Decimal
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """A pool and what it pays, in percent a year."""

    pool: str
    project: str
    chain: str
    symbol: str
    tvl: Decimal
    apy: Decimal
    apy_base: Decimal | None
    apy_reward: Decimal | None
    is_stable: bool
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFigures:
    """How a chain does: named figures in the units that their names say."""

    chain: str
    figures: Mapping[str, Decimal]
    observed_at: datetime
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDetails:
    """What an aggregator knows of an asset beside its price."""

    symbol: str
    name: str
    description: str
    homepage: str
    image: str
    categories: tuple[str, ...]
    circulating_supply: Decimal | None
    total_supply: Decimal | None
    max_supply: Decimal | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """What an asset cost at a moment in the past, in US dollars."""

    at: datetime
    price: Decimal
    market_cap: Decimal | None
    volume_24h: Decimal | None
    source: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a provider is missing from a round."""

    source: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What one provider said when it was its turn: what it found, or why it found nothing."""

    source: str
    found: Any
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class QuoteRound:
    """Everything one round of asking brought up."""

    quotes: tuple[Quote, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer on the wire: status 200, a body within the limits."""

    text: str
    headers: Mapping[str, str]
