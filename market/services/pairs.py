"""What one asset costs in another, or in any money that has a rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from cryptodt.common.errors import NoData
from market.resolver import LONGEST, Pair, pair_of
from market.selectors import prices as selectors
from market.selectors.assets import index
from market.selectors.prices import PriceQuery
from market.selectors.rates import conversion_to, price_of
from market.services.asked import prices_for


@dataclass(frozen=True, slots=True)
class PairRate:
    """The price of a pair: as old as the older of the two prices that make it."""

    pair: str
    quote: str
    price: Decimal
    observed_ms: int
    age: int
    is_stale: bool
    sources: Sequence[str]


@dataclass(frozen=True, slots=True)
class PairRates:
    rates: Sequence[PairRate]
    missing: Sequence[str]

    @property
    def sources(self) -> list[str]:
        return sorted({source for rate in self.rates for source in rate.sources})


def pair_rates(typed: Sequence[str]) -> PairRates:
    """Return the rate of every pair; one of an asset without a price so far is missing."""
    pairs = [_pair(one) for one in typed]
    asked = dict.fromkeys(pair.symbol for pair in pairs)
    answer = prices_for(PriceQuery(tuple(asked)))
    priced = [pair for pair in pairs if pair.symbol in answer.found]
    rates = [_rate(pair, answer.now_ms) for pair in priced]
    return PairRates(rates, [f"{p.symbol}/{p.currency}" for p in pairs if p not in priced])


def _pair(typed: str) -> Pair:
    if len(typed) <= LONGEST and typed.count("/") == 1:
        base, _, currency = typed.partition("/")
        return Pair(pair_of(base, index()).symbol, currency.strip())
    return pair_of(typed, index())


def _rate(pair: Pair, now_ms: int) -> PairRate:
    held = selectors.warm_prices()
    conversion = conversion_to(pair.currency, held)
    own = price_of(pair.symbol, held)
    if own is None or own.observed_ms is None:
        raise NoData(f"No provider has given a price for {pair.symbol} yet.")
    observed_ms = min(own.observed_ms, conversion.observed_ms or own.observed_ms)
    return PairRate(
        pair=f"{pair.symbol}/{conversion.currency}",
        quote=conversion.currency,
        price=conversion.into(own.usd),
        observed_ms=observed_ms,
        age=max(0, now_ms - observed_ms) // 1000,
        is_stale=own.is_stale(now_ms) or conversion.is_stale(now_ms),
        sources=sorted({*own.sources, *conversion.sources}),
    )
