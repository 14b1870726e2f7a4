"""What an operator adds without code: one more instance of a format that the code can read."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import ccxt

from providers.adapter import CAPABILITIES
from providers.adapters.ccxt_exchange import CcxtExchange
from providers.adapters.coingecko import CoinGecko
from providers.adapters.rss import Rss
from providers.row import Row

LONGEST_ADDRESS = 300
HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")
# What ends like this is an address in numbers: decimal, octal, hexadecimal, with parts left out.
NUMBERS = re.compile(r"(\d+|0x[0-9a-f]*)")
# Names that never leave a network, or that lead back to this machine.
INSIDE = ("localhost", "local", "internal", "lan", "home", "corp", "intranet", "private", "arpa")
SECRETS = re.compile(
    r"(api|access|auth|client)?[-_]?(key|token|secret|password|passwd|pwd|auth)", re.I
)
API_PATH = "/api/v3"


class BadAddress(ValueError):
    """Nothing that may be asked, and why."""


class Renamed:
    """An adapter whose answers name the provider that an operator added, and not their format."""

    def __init__(self, adapter: Any, source: str) -> None:
        self.adapter = adapter
        for method in CAPABILITIES.values():
            if hasattr(adapter, method):
                setattr(self, method, partial(_renamed, getattr(adapter, method), source))


def _renamed(method: Any, source: str, *question: Any) -> Any:
    answered = method(*question)
    if isinstance(answered, list):
        return [replace(item, source=source) for item in answered]
    return replace(answered, source=source)


def row_for(slug: str, name: str, kind: str, address: str) -> Row | None:
    """Return the row of an added provider, or nothing if its format is not known (any more)."""
    if kind == "rss":
        return feed(slug, name, address)
    if kind == "coingecko":
        return _aggregator(slug, name, address)
    if kind == "ccxt" and address in ccxt.exchanges:
        return _exchange(slug, name, address)
    return None


def feed(slug: str, name: str, address: str) -> Row:
    parts = urlsplit(address)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Row(
        slug=slug,
        name=name,
        kind="news",
        adapter=Rss(slug, path),
        origin=f"{parts.scheme}://{parts.netloc}",
        budget=2,
        every=900,
    )


def _aggregator(slug: str, name: str, address: str) -> Row:
    return Row(
        slug=slug,
        name=name,
        kind="aggregator",
        adapter=CoinGecko(slug),
        origin=address,
        # What CoinGecko itself gives away; a mirror that allows more does not say so.
        budget=5,
        every=30,
        needs_key="optional",
    )


def _exchange(slug: str, name: str, exchange_id: str) -> Row:
    return Row(
        slug=slug,
        name=name,
        kind="exchange",
        adapter=Renamed(CcxtExchange(exchange_id, states_time=None), slug),
        origin=exchange_origin(exchange_id),
        budget=30,
        every=10,
    )


def exchange_origin(exchange_id: str) -> str:
    """Return where ccxt asks an exchange; it has several hosts for some, and asks them all."""
    exchange = getattr(ccxt, exchange_id)()
    for url in _texts(exchange.urls.get("api")):
        parts = urlsplit(url.replace("{hostname}", str(exchange.hostname)))
        if parts.scheme == "https":
            return f"https://{parts.netloc}"
    return ""


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, dict):
        for branch in tree.values():
            yield from _texts(branch)


# -- What may be typed as an address ---------------------------------------------------


def checked_address(kind: str, text: str) -> str:
    """Return an address as it will be asked, or raise BadAddress."""
    text = text.strip()
    if kind == "ccxt":
        if text.lower() not in ccxt.exchanges:
            raise BadAddress("ccxt knows no exchange of this id (such as bitstamp or mexc).")
        return text.lower()
    address = _checked_url(text)
    if kind == "coingecko":
        if "?" in address:
            raise BadAddress("Give the address of the API alone, without a question.")
        return address.rstrip("/").removesuffix(API_PATH)
    return address


def _checked_url(text: str) -> str:
    if len(text) > LONGEST_ADDRESS:
        raise BadAddress(f"An address has {LONGEST_ADDRESS} characters at most.")
    # Python's parser drops some of these without a word; others read them as something else.
    if "\\" in text or not text.isprintable() or any(letter.isspace() for letter in text):
        raise BadAddress("An address holds no spaces, backslashes or control characters.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadAddress("This is not an address.") from None
    if parts.scheme != "https":
        raise BadAddress("Only https:// addresses can be added: others could be read or changed.")
    if "@" in parts.netloc:
        raise BadAddress("No name or password in an address: it is shown on pages and in logs.")
    if any(SECRETS.fullmatch(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise BadAddress("No key in an address: it is shown on pages and in logs.")
    place = checked_host(host) + (f":{port}" if port else "")
    return parts._replace(netloc=place, fragment="").geturl()


def checked_host(host: str) -> str:
    """Return a public name in its plain spelling, or raise BadAddress.

    Where a name really leads is checked at each connection; this is for what shows by itself.
    """
    if not host:
        raise BadAddress("This is not the name of a host.")
    try:
        # Also turns other scripts' digits and dots into plain ones.
        plain = host.encode("idna").decode().lower().removesuffix(".")
    except UnicodeError:
        raise BadAddress("This is not the name of a host.") from None
    last = plain.rpartition(".")[2]
    if ":" in plain or NUMBERS.fullmatch(last):
        raise BadAddress("Give a name, not an address in numbers.")
    if last in INSIDE or "." not in plain:
        raise BadAddress("This name leads into your own network.")
    if not HOST.fullmatch(plain):
        raise BadAddress("This is not the name of a host.")
    return plain
