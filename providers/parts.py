"""Taking a decoded answer apart: objects, texts, addresses, and rows that become quotes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from urllib.parse import quote as quoted

from providers.exceptions import BadPayload, NotOffered
from providers.parse import amount, from_iso, from_milliseconds, known, percentage, rank
from providers.types import HistoryPoint, Instrument, Quote

Fields = Mapping[str, Any]
Row = TypeVar("Row")
Read = TypeVar("Read")


def symbols_of(instruments: Sequence[Instrument], provider: str) -> dict[str, str]:
    """Return our symbol for each of the provider's own names; it is asked for no others."""
    symbols = {one.ids[provider]: one.symbol for one in instruments if one.ids.get(provider)}
    if instruments and not symbols:
        raise NotOffered("knows none of these assets by a name of its own")
    return symbols


def path_of(instrument: Instrument, provider: str) -> str:
    """Return the provider's name for an asset as it stands in a path."""
    if not instrument.ids.get(provider):
        raise NotOffered(f"knows no {instrument.symbol} by a name of its own")
    return quoted(instrument.ids[provider], safe="")


def part(value: object, *way: str) -> Fields:
    """Return the object that stands at the end of the way, an empty one if none does."""
    for name in way:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def text(row: Fields, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def texts(row: Fields, name: str) -> tuple[str, ...]:
    """Return the texts of a list, without its gaps."""
    values = row.get(name)
    found = values if isinstance(values, list) else ()
    return tuple(value for value in found if isinstance(value, str) and value)


def address(*candidates: str) -> str:
    """Return the first web address; whatever else a browser would follow is none."""
    return next((one for one in candidates if one.startswith(("https://", "http://"))), "")


def by_id(rows: object, wanted: Collection[str]) -> dict[str, Fields]:
    """Return the wanted rows of a list: one that came twice is still one provider's word."""
    if not isinstance(rows, list):
        raise BadPayload("answered without a list")
    found: dict[str, Fields] = {}
    for row in rows:
        if not isinstance(row, dict):
            raise BadPayload("a row of the list is not an object")
        one = row.get("id")
        # Some upstreams number their assets.
        name = str(one) if type(one) is int else one
        if isinstance(name, str) and name in wanted:
            found[name] = row
    return found


def sound(
    rows: Sequence[Row], read: Callable[[Row], Read], key: Callable[[Read], str]
) -> list[Read]:
    """Return what the rows make, one of each key; odd rows are left out, unless half are odd."""
    found: dict[str, Read] = {}
    problem = "rows are repeated"
    for row in rows:
        try:
            one = read(row)
        except BadPayload as error:
            problem = str(error)
        else:
            found.setdefault(key(one), one)
    if rows and 2 * len(found) <= len(rows):
        odd = len(rows) - len(found)
        raise BadPayload(f"{odd} of {len(rows)} rows make no sense: {problem}")
    return list(found.values())


def chart(body: Fields, *, source: str) -> list[HistoryPoint]:
    """Return the points of a chart, oldest first; its three columns share their times."""
    names = ("prices", "market_caps", "total_volumes")
    prices, caps, volumes = (column(body, name) for name in names)
    return [
        HistoryPoint(
            at=from_milliseconds(at),
            price=price,
            market_cap=known(caps, at),
            volume_24h=known(volumes, at),
            source=source,
        )
        for at in sorted(prices, key=int)
        if (price := known(prices, at)) is not None
    ]


def column(body: Fields, name: str) -> dict[str, Any]:
    """Return what the pairs of a chart hold by their milliseconds."""
    pairs = body.get(name)
    if not isinstance(pairs, list):
        raise BadPayload(f"answered without {name}")
    if not all(isinstance(one, list) and len(one) > 1 and type(one[0]) is int for one in pairs):
        raise BadPayload(f"one of the {name} is not a time and a number")
    return {str(one[0]): one[1] for one in pairs}


def updated(row: Fields) -> datetime:
    return from_iso(row.get("last_updated"))


def quotes_of(
    rows: Mapping[str, Fields],
    symbols: Mapping[str, str],
    names: Mapping[str, str],
    at: Callable[[Fields], datetime],
    *,
    source: str,
) -> list[Quote]:
    """Return the quotes that rows make, read by the upstream's names for our fields."""
    quotes = (_quote(row, symbols[one], names, at, source=source) for one, row in rows.items())
    return [one for one in quotes if one is not None]


def _quote(
    row: Fields,
    symbol: str,
    names: Mapping[str, str],
    at: Callable[[Fields], datetime],
    *,
    source: str,
) -> Quote | None:
    if names["price"] not in row:
        raise BadPayload(f"a row of the answer has no {names['price']}")
    price = known(row, names["price"])
    if price is None:
        # A dead asset has no price; that is an answer, not a mistake.
        return None
    return Quote(
        symbol=symbol,
        price=price,
        currency="USD",
        source=source,
        observed_at=at(row),
        **figures_of(row, names),
    )


def figures_of(row: Fields, names: Mapping[str, str]) -> dict[str, Any]:
    """Return what a row holds beside its price, under our names."""
    return {ours: READERS[ours](row, theirs) for ours, theirs in names.items() if ours in READERS}


def _place(row: Fields, name: str) -> int | None:
    # An asset without a rank has the rank 0.
    return rank(row, name) if amount(row, name) else None


READERS: Mapping[str, Callable[[Fields, str], Any]] = {
    "change_1h": percentage,
    "change_24h": percentage,
    "change_7d": percentage,
    "volume_24h": amount,
    "market_cap": known,
    "rank": _place,
}


def total_of(row: Fields, name: str) -> Decimal:
    """Return the figure without which there is no answer."""
    value = known(row, name)
    if value is None:
        raise BadPayload(f"answered without a {name}")
    return value
