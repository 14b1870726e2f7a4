"""Where a call comes from, and where one may come from: addresses, networks and origins."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from accounts.callers import network_of


def address_of(request: Any) -> str:
    # The server put it there, and believes a proxy's word only if it was told to.
    return str(request.META.get("REMOTE_ADDR", ""))


def counted_address(request: Any) -> str | None:
    """Return the address that guesses are counted by: a network, where one has many."""
    found = network_of(address_of(request))
    return None if found == "unknown" else found


def network(text: str) -> str:
    """Return an address or a network as it is kept; a ValueError says what is wrong with it."""
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise ValueError(
            f"{text[:50]} is not an address or a network such as 203.0.113.0/24."
        ) from None


def origin(text: str) -> str:
    """Return a browser's origin as it is kept; a ValueError says what is wrong with it."""
    text = text.strip().lower()
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(f"{text[:50]} is not an origin.") from None
    if parts.scheme not in ("http", "https") or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"{text[:50]} is not an origin such as https://example.com.")
    return text
