"""Lists of assets from several upstreams, joined: what is one asset, and what only shares its
name. Pure. An id is a proof; a ticker is none, so it takes the name and the price as well."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from cryptodt.common.money import percent_apart
from providers.types import Listed

# Whose lists make the catalog, the one whose word counts most first.
FOUNDERS = ("coingecko", "coinpaprika", "coincap")
# Who adds its ids to what those list; by its own numbers nobody would find anything.
LISTERS = (*FOUNDERS, "coinlore")
# Two addresses of one service share its ids.
NAMESPACES = {"coingecko-pro": "coingecko"}
# Upstreams that mean one asset differ in its price by no more than this, in percent.
SAME_PRICE = 5
LONGEST_SYMBOL = 64
_TICKER = re.compile(r"[A-Z0-9]{1,20}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


@dataclass(slots=True)
class Known:
    """An asset that is being put together: what is stored of it, and what the lists add."""

    symbol: str
    ticker: str
    name: str
    ids: dict[str, str] = field(default_factory=dict)
    prices: list[Decimal] = field(default_factory=list)
    # What the lists of this time say of it, by lister.
    listed: dict[str, Listed] = field(default_factory=dict)

    @property
    def told(self) -> Iterable[Listed]:
        return self.listed.values()

    @property
    def tickers(self) -> set[str]:
        """Return how it is called here, and how it is called today."""
        return {self.ticker.upper(), *(one.symbol for one in self.told)}

    @property
    def words(self) -> set[str]:
        return {self.ticker.lower(), *(one.lower() for one in self.ids.values())}

    def add(self, lister: str, one: Listed) -> None:
        self.ids[lister] = one.upstream_id
        self.listed[lister] = one
        if one.price is not None:
            self.prices.append(one.price)

    def is_same(self, lister: str, one: Listed) -> bool:
        """Say whether a row of another lister means this: nothing less than ticker, name and
        price proves it, and a lister never calls one asset by two ids."""
        return (
            lister not in self.ids
            and one.symbol in self.tickers
            and _plain(one.name) in {_plain(self.name), *(_plain(x.name) for x in self.told)}
            and one.price is not None
            and bool(self.prices)
            and all(percent_apart(one.price, price) <= SAME_PRICE for price in self.prices)
        )


def joined(lists: Mapping[str, Sequence[Listed]], known: Iterable[Known]) -> list[Known]:
    """Return the known assets with what the lists say of them, and the new ones, without symbols.

    Whoever is known by its id is found first, so that a newcomer is compared with today's prices.
    """
    assets = list(known)
    by_id = {(lister, one): asset for asset in assets for lister, one in asset.ids.items()}
    unknown: list[tuple[str, Listed]] = []
    for lister, one in _rows(lists):
        asset = by_id.get((lister, one.upstream_id))
        if asset is not None:
            asset.add(lister, one)
        elif one.price is not None:
            unknown.append((lister, one))
    return assets + _newcomers(assets, unknown)


def _newcomers(assets: Sequence[Known], unknown: Sequence[tuple[str, Listed]]) -> list[Known]:
    """Add to the assets what is provably theirs, and return one of its own for each of the rest."""
    by_ticker: dict[str, list[Known]] = {}
    for asset in assets:
        for ticker in asset.tickers:
            by_ticker.setdefault(ticker, []).append(asset)
    newcomers = []
    for lister, one in unknown:
        same = [each for each in by_ticker.get(one.symbol, ()) if each.is_same(lister, one)]
        if len(same) == 1:
            same[0].add(lister, one)
        elif lister in FOUNDERS:
            newcomer = Known("", one.symbol, one.name)
            newcomer.add(lister, one)
            newcomers.append(newcomer)
            by_ticker.setdefault(one.symbol, []).append(newcomer)
    return newcomers


def _rows(lists: Mapping[str, Sequence[Listed]]) -> Iterable[tuple[str, Listed]]:
    by_lister = {NAMESPACES.get(source, source): rows for source, rows in lists.items()}
    for lister in LISTERS:
        for one in by_lister.get(lister, ()):
            if one.currency == "USD":
                yield lister, one


def give_symbols(assets: Sequence[Known], taken: Iterable[str]) -> list[Known]:
    """Name the new ones, and return those that could be named: by the ticker where nothing else
    has it, else by an id. What is taken, as a symbol, a ticker or an id, stays its owner's."""
    newcomers = [asset for asset in assets if not asset.symbol]
    words = Counter(word.lower() for asset in newcomers for word in asset.words)
    words.update({word.lower() for word in taken})
    symbols = {asset.symbol.lower() for asset in assets if asset.symbol}
    for asset in newcomers:
        free = (name for name in _names(asset, words) if name.lower() not in symbols)
        asset.symbol = next(free, "")
        symbols.add(asset.symbol.lower())
    return [asset for asset in newcomers if asset.symbol]


def _names(asset: Known, words: Mapping[str, int]) -> Iterable[str]:
    # A word that leads to others as well would not lead back to this asset.
    if _TICKER.fullmatch(asset.ticker) and words[asset.ticker.lower()] == 1:
        yield asset.ticker
    ids = [(lister, asset.ids[lister]) for lister in FOUNDERS if lister in asset.ids]
    yield from (one for _, one in ids if _SLUG.fullmatch(one) and words[one.lower()] == 1)
    spelled = (f"{lister}:{one}" for lister, one in ids if _SLUG.fullmatch(one))
    yield from (one for one in spelled if len(one) <= LONGEST_SYMBOL)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
