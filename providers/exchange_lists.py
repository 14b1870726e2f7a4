"""Exchanges: those that ccxt knows and no row speaks for, and what the lists of others say."""

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import urlsplit

import ccxt

from providers import asking, parse, registry, roster
from providers.adapter import Tap
from providers.adapters.ccxt_exchange import CcxtExchange
from providers.exceptions import ProviderError
from providers.roster import Member
from providers.row import Row
from providers.validation import Found

logger = logging.getLogger(__name__)

# What lists hang on to a name, and what is no letter of it.
TRIMMINGS = re.compile(r"\(.*?\)|\.(?:io|com)\b|\b(?:exchange|global|spot|pro|cex)\b|[^a-z0-9]")
LONGEST_NAME = 100
# `kraken.com`; of three where the second is no name, as in `bit2c.co.il`.
NAME_AND_ENDING = 2
# Endings under which everybody has a name.
SECOND_LEVEL = {"co", "com", "net", "org"}
PLACES = {"CEX", "Dexs", "Derivatives"}


class Listed(NamedTuple):
    """An exchange as somebody else's list has it."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Exchanges:
    """Who might be added, how many nobody can speak to, and which lists could not be read."""

    found: tuple[Found, ...]
    unspoken: int
    trouble: tuple[str, ...]


def exchanges() -> Exchanges:
    fresh = [one for one in ccxt.exchanges if one not in _spoken_ids()]
    speakers = _speakers(fresh)
    listed_by: dict[str, list[str]] = defaultdict(list)
    unspoken: set[str] = set()
    trouble = []
    for slug, name, capability, read in LISTS:
        try:
            listed = _ask(slug, capability, read)
        except ProviderError as error:
            trouble.append(f"the list of {name}: {error}")
            continue
        for one in listed:
            speaker = speakers.get(trimmed(one.name)) or speakers.get(site_of(one.url))
            if speaker is None:
                unspoken.add(trimmed(one.name))
            elif name not in listed_by[speaker]:
                listed_by[speaker].append(name)
    # Those that others list are alive, so they come first.
    fresh.sort(key=lambda one: (-len(listed_by[one]), one))
    return Exchanges(
        tuple(_found(one, listed_by[one]) for one in fresh), len(unspoken), tuple(trouble)
    )


def trimmed(name: str) -> str:
    """Return what two spellings of one name have in common.

    >>> trimmed("Gate.io") == trimmed("GATE (Spot)")
    True
    """
    return TRIMMINGS.sub("", name[:LONGEST_NAME].lower())


def site_of(url: str) -> str:
    """Return the name that a site was registered under."""
    try:
        labels = (urlsplit(url).hostname or "").split(".")
    except ValueError:
        return ""
    is_longer = len(labels) > NAME_AND_ENDING and labels[-2] in SECOND_LEVEL
    return ".".join(labels[-NAME_AND_ENDING - is_longer :])


def _spoken_ids() -> set[str]:
    adapters = (row.adapter for row in registry.ROWS)
    return {adapter.id for adapter in adapters if isinstance(adapter, CcxtExchange)}


def _speakers(fresh: Iterable[str]) -> dict[str, str]:
    """Return who is told by which name or site; a slug says more than a name, and that than a
    site, which several branches of one house may share."""
    known = [(row.slug, row.name, row.origin) for row in registry.ROWS if row.kind == "exchange"]
    for one in fresh:
        exchange = getattr(ccxt, one)()
        known.append((one, str(exchange.name), str(exchange.urls.get("www") or "")))
    found: dict[str, str] = {}
    for slug, _, _ in known:
        found.setdefault(trimmed(slug), slug)
    for slug, name, _ in known:
        found.setdefault(trimmed(name), slug)
    for slug, _, url in known:
        found.setdefault(site_of(url), slug)
    found.pop("", None)
    return found


def _found(exchange_id: str, listed_by: Iterable[str]) -> Found:
    others = ", ".join(listed_by)
    return Found(
        format="ccxt",
        address=exchange_id,
        name=str(getattr(ccxt, exchange_id)().name)[:80],
        found_by="known to ccxt" + (f", listed by {others}" if others else ""),
    )


# -- The lists of others ---------------------------------------------------------------


def _ask(slug: str, capability: str, read: Callable[[Row, Tap], list[Listed]]) -> list[Listed]:
    member = next((one for one in roster.current().all_members() if one.slug == slug), None)
    if member is None or not member.is_usable:
        return []
    asked: Member = replace(member, capability=capability)
    return asking.ask(asked, lambda tap: read(member.row, tap))


# https://docs.coingecko.com/reference/exchanges
def _of_coingecko(row: Row, tap: Tap) -> list[Listed]:
    headers = {row.adapter.header: tap.key} if tap.key else None
    answer = tap.get("/api/v3/exchanges", {"per_page": "250", "page": "1"}, headers)
    rows = parse.objects(parse.read_json(answer.text))
    return [_listed(one) for one in rows if parse.text(one, "name")]


def _listed(row: Mapping[str, object]) -> Listed:
    return Listed(parse.text(row, "name"), parse.text(row, "url"))


# https://api-docs.defillama.com/#tag/tvl/get/protocols
def _of_defillama(row: Row, tap: Tap) -> list[Listed]:
    protocols = row.adapter.protocols(tap)
    return [Listed(one.name, "") for one in protocols if one.category in PLACES]


LISTS = (
    ("coingecko", "CoinGecko", "exchanges", _of_coingecko),
    ("defillama", "DefiLlama", "defi", _of_defillama),
)
