"""What is true of a simulated chain, whoever is asked: its height, its work, its traffic."""

import math
from dataclasses import dataclass

from providers.simulator.market import DAY
from providers.simulator.noise import uniform
from providers.simulator.venue import View

_EXAHASH = 10**18


@dataclass(frozen=True, slots=True)
class Chain:
    symbol: str
    # A block and the moment it was found at, and the seconds that one takes.
    height: int
    since: int
    pace: float
    # Hashes a second, or nothing where no work guards the chain.
    hash_rate: float
    transactions: int


CHAINS = {
    "bitcoin": Chain("BTC", 840000, 1713571767, 600, 900 * _EXAHASH, 420000),
    "litecoin": Chain("LTC", 2700000, 1718000000, 150, 2.1e15, 190000),
    "dogecoin": Chain("DOGE", 5240000, 1717000000, 60, 2.6e15, 45000),
    "bitcoin-cash": Chain("BCH", 845000, 1715000000, 600, 4.4e18, 28000),
    "ethereum": Chain("ETH", 20000000, 1717281407, 12, 0, 1300000),
    # Not in this market: it goes with Litecoin.
    "dash": Chain("LTC", 2080000, 1717000000, 158, 2.4e15, 14000),
    "zcash": Chain("ZEC", 2520000, 1717000000, 75, 9.5e9, 9000),
}


def height(chain: str, at: float) -> int:
    facts = CHAINS[chain]
    return facts.height + int((at - facts.since) // facts.pace)


def found_at(chain: str, at: float) -> int:
    """Return when the last block was found."""
    facts = CHAINS[chain]
    return int(facts.since + (height(chain, at) - facts.height) * facts.pace)


def hash_rate(view: View, chain: str, day: int) -> float:
    """Return the work of a day: it follows the price slowly, and luck every day."""
    facts = CHAINS[chain]
    luck = 0.9 + 0.2 * uniform(f"{view.market.seed}/{chain}/luck/{day}")
    usual = view.market.day_open(facts.symbol, (day - 30) * DAY)
    return facts.hash_rate * luck * math.exp(0.1 * (usual - math.log(_price(facts.symbol, view))))


def difficulty(view: View, chain: str, at: float) -> float:
    # Bitcoin's rule, near enough for all: two weeks hold, then the work of the last day counts.
    period = int(at // (14 * DAY)) * 14
    return hash_rate(view, chain, period) * CHAINS[chain].pace / 2**32


def transactions(view: View, chain: str, day: int) -> int:
    busy = 0.8 + 0.4 * uniform(f"{view.market.seed}/{chain}/busy/{day}")
    return int(CHAINS[chain].transactions * busy)


def fee(view: View, chain: str, at: float) -> float:
    """Return what a byte costs now, in the smallest amounts."""
    hour = int(at // 3600)
    crowd = uniform(f"{view.market.seed}/{chain}/fee/{hour}")
    return 1.2 + 60 * crowd**6


def _price(symbol: str, view: View) -> float:
    return next(asset.price for asset in view.market.assets if asset.symbol == symbol)
