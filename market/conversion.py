"""Prices in other money: what a unit of it costs decides, and nothing is taken to be a dollar."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from cryptodt.common.money import PRECISION, percent_apart
from providers.types import Rate

DOLLAR = "USD"
# A converted value is no sharper than the rate that made it.
SIGNIFICANT = 12
# Rates of fiat stand still over a weekend; those of anything else do not stand still.
FIAT_AGE = 24 * 3600
OTHER_AGE = 1800


@dataclass(frozen=True, slots=True)
class Conversion:
    """What one unit of a currency costs in US dollars, who said so, and when."""

    currency: str
    usd: Decimal
    sources: tuple[str, ...] = ()
    observed_ms: int | None = None
    fresh_seconds: int = 0

    def is_stale(self, now_ms: int) -> bool:
        if self.observed_ms is None:
            # A dollar is a dollar.
            return False
        return (now_ms - self.observed_ms) // 1000 > self.fresh_seconds

    def into(self, dollars: Decimal) -> Decimal:
        """Return how many units so many dollars are, rounded to twelve significant digits."""
        if self.currency == DOLLAR:
            return dollars
        with localcontext(prec=PRECISION):
            exact = dollars / self.usd
        with localcontext(prec=SIGNIFICANT):
            return +exact


DOLLARS = Conversion(DOLLAR, Decimal(1))

# Sources of a rate differ by less than this, in percent.
RATE_TOLERANCE = 1
# A move this large since the last rate, in percent, needs two witnesses.
RATE_JUMP = 20


def agreed_rate(said: Sequence[Rate], last: Decimal | None) -> tuple[Rate, list[str]] | None:
    """Return the middle one of the rates that agree, and who says so; nothing when sources are
    at odds, and the last rate does not tell who is right."""
    groups = [
        [one for one in said if percent_apart(one.usd, other.usd) <= RATE_TOLERANCE]
        for other in said
        if other.usd > 0
    ]
    most = max(map(len, groups), default=0)
    largest = [group for group in groups if len(group) == most]
    if last is not None and most == 1:
        largest = [group for group in largest if percent_apart(group[0].usd, last) <= RATE_JUMP]
    # Two camps of one size: nobody can say which is right.
    if not largest or any(not set(group) & set(largest[0]) for group in largest):
        return None
    group = sorted(largest[0], key=lambda one: (one.usd, one.source))
    return group[(len(group) - 1) // 2], sorted({one.source for one in group})
