"""Who opens a connection to the feed: the key, the token or the session that it shows."""

import asyncio
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar

from django.conf import settings
from django.db import close_old_connections

from accounts.callers import BOOK, Caller
from accounts.recognition import Shown, recognize, refuse_elsewhere
from accounts.selectors import known_by_session
from accounts.tiers import READ
from cryptodt.common.errors import Refusal

PROTOCOL = "cryptodt.v1"
# A browser can set no header on a socket; what it can choose are these words.
BEARER_WORD = "bearer."

Scope = dict[str, Any]
Found = TypeVar("Found")


class Forbidden(Refusal):
    kind = "FORBIDDEN"


async def in_thread(work: Callable[[], Found]) -> Found:
    """Run what may ask the database where it holds nobody up."""

    def run() -> Found:
        try:
            return work()
        finally:
            close_old_connections()

    return await asyncio.to_thread(run)


def address_of(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


async def caller_at(scope: Scope) -> Caller:
    """Return who is there. Raises a refusal for what is wrong, and never for nothing at all."""
    told = {name.lower(): value.decode("latin1") for name, value in scope["headers"]}
    shown = Shown.of(key=told.get(b"x-api-key", ""), authorization=told.get(b"authorization", ""))
    for word in scope.get("subprotocols", ()):
        if word.startswith(BEARER_WORD):
            shown = Shown(bearer=word.removeprefix(BEARER_WORD))
    return await caller_showing(shown, scope, session=_session(told.get(b"cookie", "")))


async def caller_showing(shown: Shown, scope: Scope, *, session: str = "") -> Caller:
    address = address_of(scope)
    if not shown.key and shown.bearer is None and not session:
        return BOOK.find_address(address)
    origin = dict(scope["headers"]).get(b"origin", b"").decode("latin1")

    def look_up() -> Caller:
        caller = recognize(shown, address)
        if caller is None:
            return known_by_session(session) or BOOK.find_address(address)
        refuse_elsewhere(caller, address, origin)
        if READ not in caller.scopes:
            raise Forbidden("This needs a key with the scope `read`.")
        return caller

    return await in_thread(look_up)


def _session(cookies: str) -> str:
    if settings.SESSION_COOKIE_NAME not in cookies:
        return ""
    try:
        found = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found is not None else ""
