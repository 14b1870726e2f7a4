"""Reading parameters of the market's addresses, or refusing them with what is accepted."""

import re

from rest_framework.request import Request

from cryptodt.common.errors import InvalidRequest

_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


def whole(request: Request, name: str, *, default: int, most: int) -> int:
    """Return a whole number from 1 to `most`, the default where none was typed."""
    typed = request.query_params.get(name)
    if typed is None:
        return default
    word = typed.strip()
    if not _WHOLE.fullmatch(word) or not 1 <= int(word) <= most:
        raise InvalidRequest(
            f"`{name}` is a whole number from 1 to {most}.",
            details={name: typed[:20], "accepted": {"least": 1, "most": most}},
        )
    return int(word)
