"""What the caller typed -> symbols, or a refusal that says what is accepted."""

import re
from collections.abc import Collection

from cryptodt.common.errors import InvalidSymbol

# Renamed by their makers, or spelled otherwise by old venues.
ALIASES = {"MATIC": "POL", "XBT": "BTC", "XDG": "DOGE"}
# An API answer for more is a download, and has no place in one request.
MOST_SYMBOLS = 250
_WORD = re.compile(r"[A-Za-z0-9]{1,20}([-/_]?(USDT|USDC|USD))?", re.ASCII | re.IGNORECASE)
_QUOTED = re.compile(r"[-/_]?(USDT|USDC|USD)$")


def symbol_of(typed: str, known: Collection[str]) -> str:
    """Return the one symbol meant by `BTC`, `btc`, `BTCUSDT`, `BTC/USDT`, `XBT` or `MATIC`."""
    word = typed.strip()
    if not _WORD.fullmatch(word):
        raise InvalidSymbol(
            "A symbol is 1 to 20 letters and digits, such as BTC or BTC/USDT.",
            details={"symbol": word[:40], "accepted": sorted(known)},
        )
    for candidate in (word.upper(), _QUOTED.sub("", word.upper())):
        symbol = ALIASES.get(candidate, candidate)
        if symbol in known:
            return symbol
    raise InvalidSymbol(
        f"{word.upper()} is not an asset that is collected here.",
        details={"symbol": word, "accepted": sorted(known)},
    )


def symbols_of(typed: str, known: Collection[str]) -> list[str]:
    """Return the symbols of a comma-separated list, each once, in the order they were typed."""
    words = [word for word in typed.split(",") if word.strip()]
    if len(words) > MOST_SYMBOLS:
        raise InvalidSymbol(
            f"At most {MOST_SYMBOLS} symbols fit into one request; this one has {len(words)}."
        )
    if not words:
        raise InvalidSymbol("`symbols` is empty.", details={"accepted": sorted(known)})
    return list(dict.fromkeys(symbol_of(word, known) for word in words))
