"""Quotes in, one price with its receipts out. Pure: it knows no clock, no store, no provider.

A price is always one that somebody quoted: the weighted median of the quotes that agree. What
does not take part is named with its reason. When nothing can be agreed on there is no price.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from cryptodt.common.money import decimals, percent_apart, spell, times
from providers.types import Quote

MAX_AGE = timedelta(minutes=5)
# Clocks differ a little; a quote from further ahead is from a broken one.
MAX_LEAD = timedelta(seconds=30)
# Venues differ by some hundredths of a percent; an older quote may be off by what happened since.
TOLERANCE = Decimal(1)
TOLERANCE_PER_MINUTE = Decimal("0.5")
# A move this large between two rounds needs two witnesses and no dissent.
JUMP = Decimal(20)
REFERENCE_AGE = timedelta(minutes=10)
# Cents for dollars, or one digit too many: nothing moves by exactly a power of ten.
SLIP_TOLERANCE = Decimal(6)
SLIP_REFERENCE_AGE = timedelta(days=1)
SLIPS = tuple(Decimal(10) ** power for power in (-8, -6, -3, -2, -1, 1, 2, 3, 6, 8))
QUORUM = 2
HALF_WEIGHT_AGE = 20.0
# Digits of a converted price: enough for the cheapest asset, no more than the quote had.
SIGNIFICANT = 7


@dataclass(frozen=True, slots=True)
class Reference:
    """The last price that was agreed on."""

    price: Decimal
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Exclusion:
    quote: Quote
    reason: str


@dataclass(frozen=True, slots=True)
class Agreement:
    """One price and everything that led to it."""

    symbol: str
    price: Decimal
    observed_at: datetime
    contributors: tuple[Quote, ...]
    excluded: tuple[Exclusion, ...]
    spread_percent: Decimal

    @property
    def below_quorum(self) -> bool:
        return len(self.contributors) < QUORUM


@dataclass(frozen=True, slots=True)
class Disagreement:
    """No price, and why not."""

    symbol: str
    reason: str
    excluded: tuple[Exclusion, ...]


def in_dollars(quotes: Sequence[Quote], rates: dict[str, Decimal]) -> list[Quote]:
    """Return the quotes in USD; one in a currency without a rate cannot take part."""
    converted = []
    for quote in quotes:
        if quote.currency == "USD":
            converted.append(quote)
        elif (rate := rates.get(quote.currency)) is not None:
            price = times(quote.price, rate, places=_places(quote.price))
            if price > 0:
                converted.append(replace(quote, price=price, currency="USD"))
    return converted


def agree(
    symbol: str, quotes: Sequence[Quote], *, now: datetime, reference: Reference | None = None
) -> Agreement | Disagreement:
    """Return the price that the quotes agree on, or why they do not."""
    usable, excluded = _usable(quotes, now, reference)
    if not usable:
        return Disagreement(symbol, "no fresh quote", tuple(excluded))
    recent = None if _is_older(reference, now, REFERENCE_AGE) else reference
    believable, far = _believable(usable, recent)
    excluded += [Exclusion(quote, "jump") for quote in far]
    group = _largest_group(believable, now, recent)
    outside = [quote for quote in believable if quote not in group]
    if doubt := _doubt(group, outside, now, recent):
        excluded += [Exclusion(quote, doubt) for quote in believable]
        return Disagreement(symbol, doubt, tuple(excluded))
    chosen = _weighted_median(group, now)
    return Agreement(
        symbol=symbol,
        price=chosen.price,
        observed_at=chosen.observed_at,
        contributors=tuple(sorted(group, key=lambda quote: quote.source)),
        excluded=(*excluded, *(Exclusion(quote, "outlier") for quote in outside)),
        spread_percent=_spread(group),
    )


def _usable(
    quotes: Sequence[Quote], now: datetime, reference: Reference | None
) -> tuple[list[Quote], list[Exclusion]]:
    fresh: list[Quote] = []
    excluded: list[Exclusion] = []
    for quote in quotes:
        if now - quote.observed_at > MAX_AGE:
            excluded.append(Exclusion(quote, "stale"))
        elif quote.observed_at - now > MAX_LEAD:
            excluded.append(Exclusion(quote, "from the future"))
        elif _has_slipped(quote, now, reference):
            excluded.append(Exclusion(quote, "unit slip"))
        else:
            fresh.append(quote)
    return fresh, excluded


def _has_slipped(quote: Quote, now: datetime, reference: Reference | None) -> bool:
    if reference is None or _is_older(reference, now, SLIP_REFERENCE_AGE):
        return False
    return _is_power_of_ten_apart(quote.price, reference.price)


def _believable(
    quotes: Sequence[Quote], reference: Reference | None
) -> tuple[Sequence[Quote], Sequence[Quote]]:
    """Part those near the last price from those far away; when all are far, all may be right."""
    if reference is None:
        return quotes, ()
    near = [quote for quote in quotes if not _is_jump(quote.price, reference)]
    if not near:
        return quotes, ()
    return near, [quote for quote in quotes if quote not in near]


def _largest_group(
    quotes: Sequence[Quote], now: datetime, reference: Reference | None
) -> list[Quote]:
    """Return the most quotes that agree with one of them; a tie goes to the last known price."""
    groups = [[other for other in quotes if _agree(one, other, now)] for one in quotes]
    most = max(len(group) for group in groups)
    largest = [group for group in groups if len(group) == most]
    if reference is not None:
        return min(largest, key=lambda group: _distance(group, reference, now))
    return min(largest, key=_spread)


def _doubt(
    group: Sequence[Quote], outside: Sequence[Quote], now: datetime, reference: Reference | None
) -> str:
    """Say why the largest group must not be believed, or nothing."""
    middle = _weighted_median(group, now).price
    if reference is not None:
        lonely = len(group) < QUORUM and _is_jump(middle, reference)
        return "a jump that nobody confirms" if lonely else ""
    # Nothing to hold it against: whoever is alone, or off by a power of ten, may be the wrong one.
    if len(outside) >= len(group):
        return "the sources disagree"
    slipped = any(_is_power_of_ten_apart(quote.price, middle) for quote in outside)
    return "the sources differ by a power of ten" if slipped and len(group) <= QUORUM else ""


def _is_older(reference: Reference | None, now: datetime, age: timedelta) -> bool:
    return reference is None or now - reference.observed_at > age


def _is_jump(price: Decimal, reference: Reference) -> bool:
    return percent_apart(price, reference.price) > JUMP


def _is_power_of_ten_apart(price: Decimal, other: Decimal) -> bool:
    return any(percent_apart(price, other * slip) <= SLIP_TOLERANCE for slip in SLIPS)


def _agree(one: Quote, other: Quote, now: datetime) -> bool:
    age = max(now - one.observed_at, now - other.observed_at, timedelta())
    allowed = TOLERANCE + TOLERANCE_PER_MINUTE * Decimal(str(age.total_seconds() / 60))
    return percent_apart(one.price, other.price) <= allowed


def _weighted_median(group: Sequence[Quote], now: datetime) -> Quote:
    """Return the quote in the middle when each counts by its freshness."""
    ordered = sorted(group, key=lambda quote: (quote.price, quote.source))
    weights = [_weight(quote, now) for quote in ordered]
    half, passed = sum(weights) / 2, 0.0
    for quote, weight in zip(ordered, weights, strict=True):
        passed += weight
        if passed >= half:
            return quote
    return ordered[-1]


def _weight(quote: Quote, now: datetime) -> float:
    age = max(0.0, (now - quote.observed_at).total_seconds())
    return HALF_WEIGHT_AGE / (HALF_WEIGHT_AGE + age)


def _distance(group: Sequence[Quote], reference: Reference, now: datetime) -> Decimal:
    return percent_apart(_weighted_median(group, now).price, reference.price)


def _spread(group: Sequence[Quote]) -> Decimal:
    prices = [quote.price for quote in group]
    return percent_apart(max(prices), min(prices)).quantize(Decimal("0.0001"))


def _places(price: Decimal) -> int:
    written = decimals(Decimal(spell(price)))
    return max(written, SIGNIFICANT - 1 - price.adjusted())
