"""Who opens a connection to the feed: the key, the token or the session that it shows."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar

from django.conf import settings
from django.db import close_old_connections

from accounts.callers import BOOK, Caller
from accounts.proofs import Proof, caller_now
from accounts.recognition import Shown, proof_of, recognize, refuse_elsewhere
from accounts.tiers import READ
from cryptodt.common.errors import Refusal

PROTOCOL = "cryptodt.v1"
# A browser can set no header on a socket; what it can choose are these words.
BEARER_WORD = "bearer."

Scope = dict[str, Any]
Found = TypeVar("Found")


class Forbidden(Refusal):
    kind = "FORBIDDEN"


@dataclass(frozen=True, slots=True)
class Guest:
    """Who opened a connection, from where, and what showed it; an address shows itself."""

    caller: Caller
    address: str
    origin: str = ""
    proof: Proof | None = None


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


async def guest_at(scope: Scope) -> Guest:
    """Return who is there. Raises a refusal for what is wrong, and never for nothing at all."""
    told = {name.lower(): value.decode("latin1") for name, value in scope["headers"]}
    shown = Shown.of(key=told.get(b"x-api-key", ""), authorization=told.get(b"authorization", ""))
    for word in scope.get("subprotocols", ()):
        if word.startswith(BEARER_WORD):
            shown = Shown(bearer=word.removeprefix(BEARER_WORD))
    return await guest_showing(shown, scope, session=_session(told.get(b"cookie", "")))


async def guest_showing(shown: Shown, scope: Scope, *, session: str = "") -> Guest:
    address = address_of(scope)
    origin = dict(scope["headers"]).get(b"origin", b"").decode("latin1")
    nobody = Guest(BOOK.find_address(address), address, origin)
    if not shown.key and shown.bearer is None and not session:
        return nobody

    def look_up() -> Guest:
        caller = recognize(shown, address)
        if caller is not None:
            refuse_unfit(caller, address, origin)
            return Guest(caller, address, origin, proof_of(shown, caller))
        person = caller_now(Proof(session=session))
        return Guest(person, address, origin, Proof(session=session)) if person else nobody

    return await in_thread(look_up)


def refuse_unfit(caller: Caller, address: str, origin: str) -> None:
    """Raise why this key is not good for listening from there, if it is not."""
    refuse_elsewhere(caller, address, origin)
    if READ not in caller.scopes:
        raise Forbidden("This needs a key with the scope `read`.")


def _session(cookies: str) -> str:
    if settings.SESSION_COOKIE_NAME not in cookies:
        return ""
    try:
        found = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found is not None else ""
