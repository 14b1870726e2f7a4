"""Which assets there are, what they are called, and which of them are collected."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from market import snapshot
from market.catalog import STABLE
from market.models import Asset
from market.resolver import Entry, Index, symbols_of
from providers.types import Instrument

# Collected for so long after somebody asked, and no more of them at a time.
ASKED_AGE = timedelta(days=1)
MOST_ASKED = 200


@dataclass(frozen=True, slots=True)
class AssetPage:
    """Some of the assets that were searched for, and the symbol behind which the next ones are."""

    entries: list[Entry]
    total: int
    next: str | None


def index() -> Index:
    """Return all names of all assets; warm, it costs one small look-up."""
    return snapshot.warm_index(stored_entries)


def symbols_typed(typed: str | None) -> tuple[str, ...] | None:
    """Return what a caller typed as symbols; nothing typed is everything tracked."""
    return None if typed is None else tuple(symbols_of(typed, index()))


def names() -> Mapping[str, str]:
    known = index()
    return {symbol: known.entries[symbol].name for symbol in known.tracked}


def stored_entries() -> list[Entry]:
    """Return every asset with its names, in the operator's order."""
    rows = Asset.objects.order_by("position", "symbol").values_list(
        "symbol", "ticker", "name", "ids", "is_listed", "gone_at", "pk", "aliases__word"
    )
    found: dict[str, Entry] = {}
    aliases: dict[str, list[str]] = {}
    for symbol, ticker, name, ids, is_listed, gone_at, key, alias in rows:
        aliases.setdefault(symbol, []).extend([alias] if alias else [])
        found[symbol] = Entry(
            symbol,
            ticker,
            name,
            ids,
            is_tracked=is_listed,
            is_settled=is_listed or symbol in STABLE,
            is_gone=gone_at is not None,
            key=key,
        )
    return [entry.known_as(aliases[entry.symbol]) for entry in found.values()]


def instruments() -> list[Instrument]:
    """Return what the collection asks for: what is listed, what converts its prices, and what
    somebody asked for lately."""
    since = timezone.now() - ASKED_AGE
    asked = Asset.objects.filter(asked_at__gt=since).order_by("-asked_at")
    wanted = Asset.objects.filter(
        Q(is_listed=True) | Q(symbol__in=STABLE) | Q(pk__in=asked.values("pk")[:MOST_ASKED])
    )
    return [Instrument(asset.symbol, asset.ids) for asset in wanted]


def asset_page(query: str, *, limit: int, after: str | None) -> AssetPage:
    """Return the assets whose names hold the text, the closest first, behind a given symbol."""
    wanted, known = query.strip().lower(), index().entries
    found = sorted(_matches(known.values(), wanted), key=lambda pair: pair[0])
    # A symbol is never given up, so behind it is always a place.
    distance = _distance(known[after], wanted) if after in known else None
    behind = [pair for pair in found if after is None or pair[0] > (distance or 0, after)]
    entries = [entry for _, entry in behind[:limit]]
    return AssetPage(entries, len(found), entries[-1].symbol if len(behind) > limit else None)


def _matches(entries: Iterable[Entry], wanted: str) -> list[tuple[tuple[int, str], Entry]]:
    apart = ((_distance(entry, wanted), entry) for entry in entries)
    return [((one, entry.symbol), entry) for one, entry in apart if one is not None]


def _distance(entry: Entry, wanted: str) -> int | None:
    """Return 0 for the very name, 1 for its beginning, 2 for a part of it, None for neither."""
    words = [one.lower() for one in (entry.symbol, entry.ticker, entry.name, *entry.aliases)]
    if wanted in words:
        return 0
    if any(word.startswith(wanted) for word in words):
        return 1
    return 2 if any(wanted in word for word in words) else None
