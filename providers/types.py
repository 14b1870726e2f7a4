"""What the pump hands up: frozen values with their source and their time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal


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
class Failure:
    """Why a provider is missing from a round."""

    source: str
    reason: str
    message: str


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
