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
# A move this large since the last price needs two witnesses and no dissent.
JUMP = Decimal(5)
JUMP_PER_MINUTE = Decimal(1)
# For so long the last price decides between sources; for a day it is still a guard.
REFERENCE_AGE = timedelta(minutes=10)
GUARD_AGE = timedelta(days=1)
# Cents for dollars, or one digit too many: nothing moves by a power of ten. The tolerance is
# what an asset may have moved by itself while the unit slipped.
SLIP_TOLERANCE = Decimal(35)
SLIPS = tuple(Decimal(10) ** power for power in range(-9, 10) if power)
QUORUM = 2
# Who was heard longer ago than this does not stand for a price any more.
HEARD = timedelta(seconds=90)
HALF_WEIGHT_AGE = 20.0
TOGETHER = timedelta(seconds=10)
# What says that a source was wrong, and not only late.
WRONG = frozenset({"outlier", "jump", "unit slip", "wrong on others"})
# A price as old as this is worth half as much trust.
HALF_TRUST_AGE = 60
# Digits of a converted price: enough for the cheapest asset, no more than the quote had.
SIGNIFICANT = 7


@dataclass(frozen=True, slots=True)
class Reference:
    """The last price that was agreed on."""

    price: Decimal
    observed_at: datetime
    below_quorum: bool = False


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
    agreeing: tuple[Quote, ...]
    excluded: tuple[Exclusion, ...]
    spread_percent: Decimal

    @property
    def below_quorum(self) -> bool:
        return len(self.contributors) < QUORUM

    def confidence(self, now: datetime) -> Decimal:
        """Return from 0 to 1 how far the price can be trusted: the product of four shares.

        Witnesses: 1 - 1/2^n for n contributors. Closeness: 1 / (1 + spread in percent). Consent:
        the agreeing among them and those found wrong. Freshness: 60 / (60 + age in seconds).
        """
        witnesses = 1 - Decimal(1) / 2 ** len(self.contributors)
        closeness = 1 / (1 + self.spread_percent)
        wrong = {one.quote.source for one in self.excluded if one.reason in WRONG}
        consent = Decimal(len(self.agreeing)) / (len(self.agreeing) + len(wrong))
        age = Decimal(str(max(now - self.observed_at, timedelta()).total_seconds()))
        freshness = HALF_TRUST_AGE / (HALF_TRUST_AGE + age)
        product: Decimal = witnesses * closeness * consent * freshness
        return product.quantize(Decimal("0.01"))


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
    fresh, excluded = _fresh(quotes, now)
    guard = _guard(fresh, now, reference)
    usable = [quote for quote in fresh if not _has_slipped(quote, guard)]
    excluded += [Exclusion(quote, "unit slip") for quote in fresh if quote not in usable]
    if not usable:
        return Disagreement(symbol, "no fresh quote", tuple(excluded))
    recent = None if _is_older(guard, now, REFERENCE_AGE) else guard
    believable, unlikely = _believable(usable, now, recent)
    excluded += [Exclusion(quote, "jump") for quote in unlikely]
    group = _largest_group(believable, now, recent)
    outside = [quote for quote in believable if quote not in group]
    if doubt := _doubt(group, outside, now, guard):
        excluded += [Exclusion(quote, doubt) for quote in believable]
        return Disagreement(symbol, doubt, tuple(excluded))
    chosen = _weighted_median(_newest(group, reference), now)
    # Older quotes agree as well, but nobody could say that they were asked about this price.
    heard = [quote for quote in group if now - quote.observed_at <= HEARD] or [chosen]
    return Agreement(
        symbol=symbol,
        price=chosen.price,
        observed_at=chosen.observed_at,
        contributors=tuple(sorted(heard, key=lambda quote: quote.source)),
        agreeing=tuple(group),
        excluded=(*excluded, *(Exclusion(quote, "outlier") for quote in outside)),
        spread_percent=_spread(group),
    )


def _fresh(quotes: Sequence[Quote], now: datetime) -> tuple[list[Quote], list[Exclusion]]:
    """Return one current quote per source, in an order that does not depend on theirs."""
    fresh: dict[str, Quote] = {}
    excluded: list[Exclusion] = []
    newest_first = sorted(
        quotes, key=lambda quote: (quote.observed_at, quote.price, quote.source), reverse=True
    )
    for quote in newest_first:
        if quote.price <= 0:
            excluded.append(Exclusion(quote, "not a price"))
        elif now - quote.observed_at > MAX_AGE:
            excluded.append(Exclusion(quote, "stale"))
        elif quote.observed_at - now > MAX_LEAD:
            excluded.append(Exclusion(quote, "from the future"))
        elif quote.source in fresh:
            excluded.append(Exclusion(quote, "said twice"))
        else:
            # A clock that is ahead earns its quote no precedence.
            observed_at = min(quote.observed_at, now)
            fresh[quote.source] = replace(quote, observed_at=observed_at)
    return list(fresh.values()), excluded


def _guard(
    quotes: Sequence[Quote], now: datetime, reference: Reference | None
) -> Reference | None:
    """Return the last price if it is good enough to hold quotes against.

    One that a single source stood for gives way to several that agree without dissent: else a
    wrong first price would keep the right ones out for a day.
    """
    if reference is None or _is_older(reference, now, GUARD_AGE):
        return None
    if reference.below_quorum and len(quotes) >= QUORUM:
        unanimous = len(_largest_group(quotes, now, None)) == len(quotes)
        return None if unanimous else reference
    return reference


def _has_slipped(quote: Quote, guard: Reference | None) -> bool:
    return guard is not None and _is_power_of_ten_apart(quote.price, guard.price)


def _believable(
    quotes: Sequence[Quote], now: datetime, recent: Reference | None
) -> tuple[Sequence[Quote], Sequence[Quote]]:
    """Part those near the last price from those far away; when all are far, all may be right."""
    if recent is None:
        return quotes, ()
    far = [quote for quote in quotes if _is_jump(quote.price, now, recent)]
    near = [quote for quote in quotes if quote not in far]
    if not near or not far:
        return quotes, ()
    witnesses = _largest_group(far, now, recent)
    # Who looked before the move cannot deny it.
    last_look = min(quote.observed_at for quote in witnesses) - TOGETHER
    if len(witnesses) >= QUORUM and all(quote.observed_at < last_look for quote in near):
        return far, near
    return near, far


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
    group: Sequence[Quote], outside: Sequence[Quote], now: datetime, guard: Reference | None
) -> str:
    """Say why the largest group must not be believed, or nothing."""
    middle = _weighted_median(group, now).price
    if guard is not None and len(group) < QUORUM and _is_jump(middle, now, guard):
        return "a jump that nobody confirms"
    if not _is_older(guard, now, REFERENCE_AGE):
        return ""
    # Nothing to hold it against: whoever is alone, or off by a power of ten, may be the wrong one.
    if len(outside) >= len(group):
        return "the sources disagree"
    slipped = [quote for quote in outside if _is_power_of_ten_apart(quote.price, middle)]
    few = len(group) <= QUORUM * len(slipped)
    return "the sources differ by a power of ten" if few else ""


def _is_older(reference: Reference | None, now: datetime, age: timedelta) -> bool:
    return reference is None or now - reference.observed_at > age


def _is_jump(price: Decimal, now: datetime, reference: Reference) -> bool:
    minutes = max(now - reference.observed_at, timedelta()) / timedelta(minutes=1)
    allowed = JUMP + JUMP_PER_MINUTE * Decimal(str(minutes))
    return percent_apart(price, reference.price) > allowed


def _is_power_of_ten_apart(price: Decimal, other: Decimal) -> bool:
    return any(percent_apart(price, other * slip) <= SLIP_TOLERANCE for slip in SLIPS)


def _agree(one: Quote, other: Quote, now: datetime) -> bool:
    age = max(now - one.observed_at, now - other.observed_at, timedelta())
    allowed = TOLERANCE + TOLERANCE_PER_MINUTE * Decimal(str(age.total_seconds() / 60))
    return percent_apart(one.price, other.price) <= allowed


def _weighted_median(group: Sequence[Quote], now: datetime) -> Quote:
    """Return the quote in the middle when each counts by its freshness."""
    ordered = sorted(group, key=lambda quote: (quote.price, quote.source))
    weights = [weight(quote, now) for quote in ordered]
    half, passed = sum(weights) / 2, 0.0
    for quote, share in zip(ordered, weights, strict=True):
        passed += share
        if passed >= half:
            return quote
    return ordered[-1]


def _newest(group: Sequence[Quote], reference: Reference | None) -> list[Quote]:
    """Return those observed together with the newest, and since the last price.

    Older ones confirm what is shown, but are not shown themselves.
    """
    newest = max(quote.observed_at for quote in group)
    together = [quote for quote in group if newest - quote.observed_at <= TOGETHER]
    if reference is None:
        return together
    return [quote for quote in together if quote.observed_at > reference.observed_at] or together


def weight(quote: Quote, now: datetime) -> float:
    """Return how much a quote counts: half as much at twenty seconds as at once."""
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
