"""The list that every aggregator has: large assets and small coins, the largest first."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from providers.simulator.assets import BY_SYMBOL, Asset
from providers.simulator.coins import Coin
from providers.simulator.market import DAY, HOUR
from providers.simulator.venue import View
from providers.simulator.wire.aggregator_names import Told, of_asset
from providers.simulator.wire.coingecko_rows import market_cap, updated_at

# Small coins are refreshed one after the other, each as often as a large one.
_REFRESH, _DELAY = 20, 4


class Entry(NamedTuple):
    """One line of the list: cheap to make, so that only those that are asked for are told of."""

    rank: int
    id: str
    one: Asset | Coin


def entries(view: View, names: Mapping[str, str], name: Callable[[Coin], str]) -> list[Entry]:
    """Return the whole list; `names` are the upstream's ids of assets, `name` that of a coin."""
    found: list[tuple[float, str, Asset | Coin]] = []
    for symbol, one in names.items():
        asset = BY_SYMBOL[symbol]
        found.append((market_cap(view, asset, "usd", updated_at(view, asset)), one, asset))
    for coin in view.coins:
        cap = view.usd_of(coin, refreshed_at(view, coin)) * coin.supply
        found.append((cap, name(coin), coin))
    found.sort(key=lambda line: -line[0])
    return [Entry(rank, one, asset) for rank, (_, one, asset) in enumerate(found, 1)]


def chosen(lines: Sequence[Entry], ids: Collection[str]) -> list[Entry]:
    return [line for line in lines if line.id in ids]


def tell(view: View, line: Entry) -> Told:
    if isinstance(line.one, Asset):
        return of_asset(view, line.id, line.one, line.rank)
    return _of_coin(view, line.id, line.one, line.rank)


def refreshed_at(view: View, coin: Coin) -> float:
    """Return when a coin was last refreshed, as seen by the market."""
    phase = coin.number % _REFRESH
    return (view.until - _DELAY - phase) // _REFRESH * _REFRESH + phase


def _of_coin(view: View, name: str, coin: Coin, rank: int) -> Told:
    at = refreshed_at(view, coin)
    price = view.usd_of(coin, at)
    cap = price * coin.supply
    return Told(
        id=name,
        asset=coin,
        rank=rank,
        at=at + view.lag,
        price=price,
        volume=cap * coin.turnover,
        cap=cap,
        change_1h=change(view, coin, HOUR),
        change_24h=change(view, coin, DAY),
        change_7d=change(view, coin, 7 * DAY),
        exact=coin.exact if view.factor_of(coin.symbol) == 1 else None,
    )


def change(view: View, coin: Coin, period: int) -> float:
    """Return by how many percent a coin costs more than it did."""
    at = refreshed_at(view, coin)
    return 100 * (view.usd_of(coin, at) / view.usd_of(coin, at - period) - 1)
