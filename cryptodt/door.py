"""Who opens a connection to the feed: the key, the token or the session that it shows."""

import asyncio
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, TypeVar
from urllib.parse import parse_qs

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from accounts.callers import BOOK, Caller
from accounts.proofs import Proof, caller_now
from accounts.recognition import Shown, proof_of, recognize, refuse_elsewhere
from accounts.tiers import READ
from cryptodt.common.broadcast import UNREACHABLE
from cryptodt.common.errors import Refusal, Unavailable

logger = logging.getLogger(__name__)

DOES_NOT_ANSWER: tuple[type[Exception], ...] = (OperationalError, InterfaceError, *UNREACHABLE)
OUT_OF_REACH = "The live feed cannot be reached now."
RETRY_SECONDS = 5
PROTOCOL = "cryptodt.v1"
# What is none of ours need not be looked up, and may be a text that no database takes.
SESSION = re.compile(r"[a-z0-9]{1,64}")
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
    """Run what may ask the database where it holds nobody up. Raises a refusal where that, or
    Redis, does not answer: whoever asks is told so, and stays."""

    def run() -> Found:
        try:
            return work()
        except DOES_NOT_ANSWER as error:
            # Others log it once for as long as it lasts; here it is told to each who asks.
            logger.debug("The live feed cannot read what it needs: %r", error)
            raise Unavailable(OUT_OF_REACH, retry_after=RETRY_SECONDS) from error
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


def announces_proof(scope: Scope) -> bool:
    """Say whether the first message is to show a key."""
    return parse_qs(scope.get("query_string", b"")).get(b"auth") == [b"message"]


def brings_proof(scope: Scope) -> bool:
    """Say whether a connection says by itself who opens it, or is about to."""
    words: list[str] = scope.get("subprotocols", [])
    return announces_proof(scope) or any(word.startswith(BEARER_WORD) for word in words)


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
    return found.value if found is not None and SESSION.fullmatch(found.value) else ""
