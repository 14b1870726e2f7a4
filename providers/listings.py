"""Reading an aggregator's list of assets: page by page, and without the rows that make no sense."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from providers.exceptions import BadPayload, OverBudget
from providers.parse import known, storable
from providers.parts import Fields, figures_of, sound, text
from providers.types import Listed

# Longer than any that is real. A cut name is still a name; a cut id or symbol is another asset's.
LONGEST_ID = 100
LONGEST_SYMBOL = 40
LONGEST_NAME = 100
# What holds the parts of one emoji together.
JOINER = "\u200d"
# Stands behind all that have a rank.
LAST = 10**9


def paged(page: Callable[[int], list[Any]], count: int, size: int) -> list[Any]:
    """Return the rows of as many pages as `count` takes, counted from 0.

    Where our budget ends between two pages, those that came before it are an answer.
    """
    rows: list[Any] = []
    for place in range(-(-count // size)):
        try:
            more = page(place)
        except OverBudget:
            if not rows:
                raise
            break
        rows += more
        if len(more) < size:
            break
    return rows


def listed_of(
    rows: Sequence[Any],
    names: Mapping[str, str],
    at: Callable[[Fields], datetime],
    *,
    source: str,
) -> list[Listed]:
    """Return the assets that the rows tell of, best rank first, read by the upstream's names."""
    read = partial(_listed, names=names, at=at, source=source)
    found = sound(rows, read, lambda one: one.upstream_id)
    priced = sum(one.is_active for one in found)
    if rows and 2 * priced <= len(rows):
        raise BadPayload(f"{len(rows) - priced} of {len(rows)} assets in its list have no price")
    return sorted(found, key=lambda one: one.rank or LAST)


def _listed(
    row: Any, *, names: Mapping[str, str], at: Callable[[Fields], datetime], source: str
) -> Listed:
    if not isinstance(row, dict):
        raise BadPayload("a row of the list is not an object")
    if names["price"] not in row:
        raise BadPayload(f"a row of the list has no {names['price']}")
    price = known(row, names["price"])
    return Listed(
        upstream_id=_id(row),
        symbol=_symbol(row),
        name=_name(row),
        price=price,
        observed_at=at(row),
        # Who is listed without a price is not traded any more, or not yet.
        is_active=price is not None,
        source=source,
        **figures_of(row, names),
    )


def _id(row: Fields) -> str:
    one = row.get("id")
    # Some upstreams number their assets.
    name = str(one) if type(one) is int else one
    if not isinstance(name, str) or len(name) > LONGEST_ID or not name.isprintable():
        raise BadPayload("a row of the list has no id")
    if not any(letter.isalnum() for letter in name):
        raise BadPayload(f"{name!r} is no id")
    return name


def _symbol(row: Fields) -> str:
    symbol = _plain(text(row, "symbol")).replace(JOINER, "").upper()
    if not symbol or len(symbol) > LONGEST_SYMBOL:
        raise BadPayload(f"{symbol[:60]!r} is no symbol")
    return symbol


def _name(row: Fields) -> str:
    name = _plain(text(row, "name"))
    if not name:
        raise BadPayload("a row of the list has no name")
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _plain(value: str) -> str:
    """Return a text in one line, and without what would turn or hide the text beside it."""
    kept = (sign if sign.isprintable() or sign == JOINER else " " for sign in storable(value))
    return " ".join("".join(kept).split())
