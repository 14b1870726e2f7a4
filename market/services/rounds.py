"""What all quotes of a round come to, asset by asset. Pure: the store is somebody else's."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from cryptodt.common.money import percent_apart, spell
from market.catalog import STABLE
from market.consensus import (
    MAX_AGE,
    Agreement,
    Disagreement,
    Exclusion,
    Reference,
    agree,
    in_dollars,
)
from providers.types import Quote

# A stable coin's dollar price moves little; a rate from longer ago converts nothing any more.
RATE_AGE = timedelta(days=1)
# So many wrong prices, and such a share of all it said, cost a provider its word for the round.
WRONG = {"outlier", "jump", "unit slip"}
# What the pump counts them under; whatever else held a price back was a disagreement.
NAMES = {
    "stale": "stale",
    "from the future": "from_the_future",
    "unit slip": "unit_slip",
    "jump": "jump",
    "outlier": "outlier",
    "wrong on others": "wrong_on_others",
    "not a price": "not_a_price",
    "said twice": "said_twice",
    "namesake": "namesake",
}
DISTRUST_COUNT = 3
DISTRUST_SHARE = 0.2
# Further than this, in percent, from what those say who know the asset by its id, is another one.
NAMESAKE = 10


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells an asset from its namesakes: its ids, and what it cost when it was listed."""

    ids: Mapping[str, str] = field(default_factory=dict)
    price: Decimal | None = None


Identities = Mapping[str, Identity]
NO_DOUBTS: Mapping[tuple[str, str], str] = {}


def left_out_of(outcomes: Sequence[Agreement | Disagreement]) -> list[tuple[str, str]]:
    """Return a provider and a reason for everything that did not take part."""
    return [
        (exclusion.quote.source, NAMES.get(exclusion.reason, "disagreement"))
        for outcome in outcomes
        for exclusion in outcome.excluded
    ]


def dissent_of(outcomes: Sequence[Agreement | Disagreement]) -> dict[str, str]:
    """Return what each provider said that a quorum of the others says is wrong."""
    said: dict[str, str] = {}
    for outcome in outcomes:
        if isinstance(outcome, Disagreement) or outcome.below_quorum:
            continue
        for exclusion in outcome.excluded:
            if exclusion.reason in WRONG:
                quote = exclusion.quote
                apart = percent_apart(quote.price, outcome.price).quantize(Decimal("0.1"))
                text = f"{quote.symbol} is {spell(apart)} % from what the others say"
                said.setdefault(quote.source, text)
    return said


def agree_all(
    quotes: Sequence[Quote],
    references: Mapping[str, Reference],
    *,
    now: datetime,
    identities: Identities | None = None,
) -> list[Agreement | Disagreement]:
    """Return the outcome for every asset that was quoted.

    Whoever has an identity may have namesakes, and is held against it.

    A provider that is wrong about several assets is not believed about the others either: one
    that serves yesterday's market is far off on some and only a little off on the rest.
    """
    identities = identities or {}
    outcomes = _agree_each(quotes, references, identities, now=now)
    distrusted = _distrusted(outcomes, quotes)
    if not distrusted:
        return outcomes
    # What it was caught at keeps its own name.
    caught = {
        (one.quote.symbol, one.quote.source): one.reason
        for outcome in outcomes
        for one in outcome.excluded
    }
    doubts = {
        (quote.symbol, quote.source): caught.get((quote.symbol, quote.source), "wrong on others")
        for quote in quotes
        if quote.source in distrusted
    }
    return _agree_each(quotes, references, identities, now=now, doubts=doubts)


def _distrusted(
    outcomes: Sequence[Agreement | Disagreement], quotes: Sequence[Quote]
) -> frozenset[str]:
    said = Counter(quote.source for quote in quotes)
    wrong = Counter(
        exclusion.quote.source
        for outcome in outcomes
        for exclusion in outcome.excluded
        if exclusion.reason in WRONG
    )
    return frozenset(
        source
        for source, count in wrong.items()
        if count >= DISTRUST_COUNT and count >= said[source] * DISTRUST_SHARE
    )


def _agree_each(
    quotes: Sequence[Quote],
    references: Mapping[str, Reference],
    identities: Identities,
    *,
    now: datetime,
    doubts: Mapping[tuple[str, str], str] = NO_DOUBTS,
) -> list[Agreement | Disagreement]:
    """Return the outcome for every asset; stable coins first, since they convert the others.

    `doubts` says of an asset and a source why its word does not count.
    """
    by_symbol: dict[str, list[Quote]] = {}
    for quote in quotes:
        by_symbol.setdefault(quote.symbol, []).append(quote)
    rates = {
        symbol: references[symbol].price
        for symbol in STABLE
        if symbol in references and now - references[symbol].observed_at <= RATE_AGE
    }
    outcomes: list[Agreement | Disagreement] = []
    for symbol in sorted(by_symbol, key=lambda symbol: (symbol not in STABLE, symbol)):
        in_usd = in_dollars(by_symbol[symbol], rates)
        doubted = [quote for quote in in_usd if (symbol, quote.source) in doubts]
        trusted = [quote for quote in in_usd if quote not in doubted]
        identity = identities.get(symbol)
        strangers = [] if identity is None else _namesakes(trusted, identity, now)
        own = [quote for quote in trusted if quote not in strangers]
        outcome = agree(symbol, own, now=now, reference=references.get(symbol))
        apart = [Exclusion(quote, "namesake") for quote in strangers]
        apart += [Exclusion(quote, doubts[symbol, quote.source]) for quote in doubted]
        outcome = replace(outcome, excluded=(*outcome.excluded, *apart))
        if symbol in STABLE and isinstance(outcome, Agreement):
            rates[symbol] = outcome.price
        outcomes.append(outcome)
    return outcomes


def _namesakes(quotes: Sequence[Quote], identity: Identity, now: datetime) -> list[Quote]:
    """Return the quotes of those who may mean another asset by this ticker.

    Who was asked by its id means this one. Who was asked by its ticker must be near one of those,
    or near the price in its listing; when there is neither, nobody knows what they mean.
    """
    sure = [quote for quote in quotes if quote.source.removesuffix("-pro") in identity.ids]
    young = [quote.price for quote in sure if now - quote.observed_at <= MAX_AGE]
    listed = [] if identity.price is None else [identity.price]
    return [
        quote
        for quote in quotes
        if quote not in sure
        and not any(percent_apart(quote.price, one) <= NAMESAKE for one in young or listed)
    ]
