"""What the caller typed -> assets, or a refusal that says what is accepted. Pure: it is given the
index of all that is known, and never guesses between two that share a name."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from cryptodt.common.errors import InvalidSymbol

# Renamed by their makers, or spelled otherwise by old venues.
ALIASES = {"MATIC": "POL", "XBT": "BTC", "XDG": "DOGE"}
# An API answer for more is a download, and has no place in one request.
MOST_SYMBOLS = 250
# What a pair may be quoted in, and what it is when nothing was said.
QUOTES = ("USDT", "USDC", "USD")
QUOTE = "USDT"
# Enough to choose from; a ticker with more namesakes is better asked for by its id.
MOST_CANDIDATES = 20
LONGEST = 100
# Whose ids are words that people type; the numbers of others mean nothing by themselves.
SLUGS = ("coingecko", "coinpaprika", "coincap")
_WORD = re.compile(r"[a-z0-9][a-z0-9._:-]*(/[a-z0-9]{1,10})?", re.ASCII)
_PAIR = re.compile(r"(.+?)[-/_]?(usdt|usdc|usd)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """An asset with every name that leads to it."""

    symbol: str
    ticker: str
    name: str
    ids: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    # Collected for everybody: the operator said what its ticker means.
    is_tracked: bool = False
    # Not shown by itself, but as well known as what is tracked.
    is_settled: bool = False
    # No upstream lists it any more.
    is_gone: bool = False
    # Its row in the store.
    key: int = 0

    @property
    def all_aliases(self) -> set[str]:
        return {
            *self.aliases,
            *(word for word, symbol in ALIASES.items() if symbol == self.symbol),
        }

    def known_as(self, aliases: Iterable[str]) -> "Entry":
        return replace(self, aliases=tuple(aliases))


@dataclass(frozen=True, slots=True)
class Pair:
    symbol: str
    currency: str


class Index:
    """All names of all assets. Built when the assets change, and only read after that."""

    def __init__(self, entries: Iterable[Entry], version: int = 0) -> None:
        self.version = version
        self.entries = {entry.symbol: entry for entry in entries}
        self.tracked = [entry.symbol for entry in self.entries.values() if entry.is_tracked]
        self.settled = frozenset(e.symbol for e in self.entries.values() if e.is_settled)
        self._words: dict[str, tuple[str, ...]] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        for entry in self.entries.values():
            for word in {word.lower() for word in _words(entry)}:
                self._words[word] = (*self._words.get(word, ()), entry.symbol)
            name = re.sub("[^a-z0-9]+", "-", entry.name.lower()).strip("-")
            self._names[name] = (*self._names.get(name, ()), entry.symbol)

    @property
    def accepted(self) -> list[str]:
        return sorted(self.settled)

    def meanings(self, word: str) -> tuple[str, ...]:
        """Return the assets that a lower-case word may mean; a name counts where nothing else
        does, and the operator's word for what a ticker means counts before all."""
        found = self._words.get(word) or self._names.get(word, ())
        return tuple(one for one in found if one in self.settled) or found


def symbol_of(typed: str, index: Index) -> str:
    """Return the one asset meant by `BTC`, `btc`, `bitcoin`, `BTC/USDT`, `XBT` or `MATIC`."""
    return pair_of(typed, index).symbol


def pair_of(typed: str, index: Index) -> Pair:
    """Return the asset, and the currency that was typed behind it."""
    word = typed.strip().lower() if len(typed) <= LONGEST else ""
    # Lower case folds some letters of other scripts into ours.
    if not typed.isascii() or not _WORD.fullmatch(word.replace("_", "-")):
        raise InvalidSymbol(
            "A symbol is a ticker, a pair or an id, such as BTC, BTC/USDT or bitcoin.",
            details={"symbol": typed.strip()[:40], "accepted": index.accepted},
        )
    as_pair = _PAIR.fullmatch(word)
    base, currency = (as_pair[1], as_pair[2].upper()) if as_pair else ("", QUOTE)
    whole, before = index.meanings(word), index.meanings(base)
    if whole and (whole[0] in index.settled or not before or before[0] not in index.settled):
        return Pair(_only(typed, whole, index), QUOTE)
    if before:
        return Pair(_only(typed, before, index), currency)
    raise InvalidSymbol(
        f"{typed.strip()[:40].upper()} is not an asset that is known here.",
        details={"symbol": typed.strip()[:40], "accepted": index.accepted},
    )


def symbols_of(typed: str, index: Index, *, among: Collection[str] | None = None) -> list[str]:
    """Return the symbols of a comma-separated list, each once, in the order they were typed."""
    words = [word for word in typed.split(",") if word.strip()]
    if len(words) > MOST_SYMBOLS:
        raise InvalidSymbol(
            f"At most {MOST_SYMBOLS} symbols fit into one request; this one has {len(words)}."
        )
    if not words:
        raise InvalidSymbol("`symbols` is empty.", details={"accepted": index.accepted})
    found = list(dict.fromkeys(symbol_of(word, index) for word in words))
    for symbol in found:
        if among is not None and symbol not in among:
            raise InvalidSymbol(
                f"{symbol} is not an asset that is collected here.",
                details={"symbol": symbol, "accepted": sorted(among)},
            )
    return found


def _words(entry: Entry) -> list[str]:
    ids = [(source, one) for source, one in entry.ids.items() if one]
    return [
        entry.symbol,
        entry.ticker,
        *entry.all_aliases,
        *(one for source, one in ids if source in SLUGS),
        # Whose id it is can always be said, so there is a word for each asset that is its own.
        *(f"{source}:{one}" for source, one in ids),
    ]


def _only(typed: str, found: tuple[str, ...], index: Index) -> str:
    if len(found) == 1:
        return found[0]
    raise InvalidSymbol(
        f"{typed.strip()} is the name of {len(found)} assets: say which by its id.",
        details={
            "symbol": typed.strip(),
            "candidates": [_candidate(index.entries[one]) for one in found[:MOST_CANDIDATES]],
        },
    )


def _candidate(entry: Entry) -> dict[str, str]:
    source = next((one for one in (*SLUGS, *entry.ids) if entry.ids.get(one)), "")
    own = f"{source}:{entry.ids[source]}" if source else entry.symbol
    return {"symbol": entry.symbol, "name": entry.name, "id": own}
