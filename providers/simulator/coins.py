"""The small coins of the simulated market: many, cheap to ask for, and as untidy as real ones.

Tickers repeat among them, names hold emoji, prices span twenty orders of magnitude. Their prices
swing around a level instead of walking, so that any moment is one sine away.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from providers.simulator.noise import uniform

COUNT = 1200
# Reckoned in hours, and shorter than a day: the range of a day is then the whole swing.
_SHORTEST, _PERIODS = 13, 9
_SWING, _RIPPLE = 0.04, 0.002
_RIPPLE_SECONDS = 97.0
# No two coins swing together.
_ANGLE = math.pi * (3 - math.sqrt(5))
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Coin:
    """`exact` is the price of one that never moves; any other swings around `price`."""

    number: int
    symbol: str
    name: str
    gecko_id: str
    paprika_id: str
    price: float
    supply: float
    # The part of its market cap that is traded in a day.
    turnover: float
    exact: Decimal | None = None
    max_supply: float | None = None

    @property
    def reach(self) -> float:
        """Return how far its price swings either way, as a fraction."""
        return 0 if self.exact else _SWING + _RIPPLE

    def price_at(self, at: float, seed: int) -> float:
        if self.exact:
            return self.price
        phase = (self.number + seed) * _ANGLE
        period = (_SHORTEST + self.number % _PERIODS) * _HOUR / math.tau
        swing = _SWING * math.sin(at / period + phase)
        return self.price * (1 + swing + _RIPPLE * math.sin(at / _RIPPLE_SECONDS + phase))


_CONSONANTS, _VOWELS = "bcdfghklmnprstv", "aeiou"
_SYLLABLES = [first + second for first in _CONSONANTS for second in _VOWELS]
_ENDINGS = ("", " Protocol", " Network", " Finance", " Swap", " Token", " Chain", "nova")
# Every so many coins, one lends its ticker to one or two others that cost far more or less.
_LENDS_EVERY, _BORROWS_AFTER, _OTHER_PRICE = 40, (7, 19), (1000.0, 0.001)
# A few have the ticker of an asset that everybody knows: these two on purpose.
_IMPOSTORS = {333: "UNI", 777: "PEPE"}


def _ticker(number: int) -> str:
    count = len(_SYLLABLES)
    return _SYLLABLES[number % count] + _SYLLABLES[(7 * number + number // count) % count]


def _level(number: int) -> float:
    return float(f"{10 ** (7 * uniform(f'coin/{number}/price') - 5):.4g}")


def _lender(number: int) -> tuple[int, float]:
    """Return whose ticker a coin has, its own mostly, and by how much their prices differ."""
    place, rest = number // _LENDS_EVERY, number % _LENDS_EVERY
    for borrower, factor in zip(_BORROWS_AFTER, _OTHER_PRICE, strict=True):
        # Every other lender has a single borrower.
        if rest == borrower and (borrower == _BORROWS_AFTER[0] or place % 2):
            return number - rest, factor
    return number, 1.0


def _coin(number: int) -> Coin:
    lender, factor = _lender(number)
    name = _ticker(number).capitalize() + _ENDINGS[number % len(_ENDINGS)]
    slug = name.lower().replace(" ", "-")
    symbol = _IMPOSTORS.get(number, _ticker(lender).upper())
    price = _level(lender) * factor
    cap = 2.8e8 / (1 + number / 6) ** 1.2
    return Coin(
        number=number,
        symbol=symbol,
        name=name,
        gecko_id=slug,
        paprika_id=f"{symbol.lower()}-{slug}",
        price=price,
        supply=float(f"{cap / price:.6g}"),
        turnover=0.01 + 0.1 * uniform(f"coin/{number}/turnover"),
    )


def _coins() -> Iterator[Coin]:
    yield from (_coin(number) for number in range(COUNT))
    yield Coin(1200, "MOON", "🚀 Moonshot 🌕", "moonshot", "moon-moonshot", 0.0042, 3e9, 0.2)
    yield Coin(1201, "DUST", "Dust", "dust", "dust-dust", 1e-12, 8e18, 0.05, Decimal("1E-12"))
    rarest = Decimal("123456789.123456789012")
    yield Coin(1202, "RARE", "Rarest", "rarest", "rare-rarest", float(rarest), 1.5, 0.01, rarest)


COINS = tuple(_coins())


class Register:
    """Which small coins there are now, and under which tickers; their ids never change."""

    def __init__(self) -> None:
        self.coins = COINS

    def knows(self, coin: str) -> bool:
        return any(one.gecko_id == coin for one in COINS)

    def rename(self, coin: str, symbol: str) -> None:
        self.coins = tuple(
            replace(one, symbol=symbol) if one.gecko_id == coin else one for one in self.coins
        )

    def delist(self, coin: str) -> None:
        self.coins = tuple(one for one in self.coins if one.gecko_id != coin)

    def restore(self) -> None:
        self.coins = COINS

    def changes(self) -> dict[str, str | None]:
        """Return the ticker that each changed coin has now, or None for one that is delisted."""
        now = {one.gecko_id: one.symbol for one in self.coins}
        return {
            one.gecko_id: now.get(one.gecko_id)
            for one in COINS
            if now.get(one.gecko_id) != one.symbol
        }
