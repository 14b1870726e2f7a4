"""Reading parameters of the market's addresses, or refusing them with what is accepted."""

import re
from collections.abc import Collection

from rest_framework.request import Request

from cryptodt.common.errors import InvalidRequest

_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
LONGEST = 40


def whole(request: Request, name: str, *, default: int, most: int, least: int = 1) -> int:
    """Return a whole number from `least` to `most`, the default where none was typed."""
    typed = request.query_params.get(name)
    if typed is None:
        return default
    word = typed.strip()
    if not _WHOLE.fullmatch(word) or not least <= int(word) <= most:
        raise InvalidRequest(
            f"`{name}` is a whole number from {least} to {most}.",
            details={name: typed[:20], "accepted": {"least": least, "most": most}},
        )
    return int(word)


def choice(request: Request, name: str, *, default: str, accepted: Collection[str]) -> str:
    """Return one of a few words."""
    typed = request.query_params.get(name)
    if typed is None:
        return default
    word = typed.strip().lower() if len(typed) <= LONGEST else ""
    if word in accepted:
        return word
    raise InvalidRequest(
        f"`{name}` is one of {', '.join(accepted)}.",
        details={name: typed[:LONGEST], "accepted": list(accepted)},
    )


def symbols(request: Request) -> str | None:
    # Clients that ask for one often leave the plural out; everything is not what they want.
    typed: str | None = request.query_params.get("symbols", request.query_params.get("symbol"))
    return typed


class CountsSymbols:
    """A view that names symbols: how many, because a caller's tier may allow only so many."""

    def asked_symbols(self, request: Request) -> int:
        words = (request.query_params.get(name, "") for name in ("symbols", "symbol", "pairs"))
        return max(sum(bool(word.strip()) for word in typed.split(",")) for typed in words)
