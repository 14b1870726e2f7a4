"""Who is calling over HTTP: a key, a token, a person with a session, or nobody in particular."""

import time
from collections.abc import Callable
from typing import Any

from django.utils.functional import SimpleLazyObject
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from accounts import counter, selectors
from accounts.callers import BOOK, Caller, network_of
from accounts.places import address_of
from cryptodt.common.errors import Refusal, Unauthorized

BEARER = "bearer"
WRONG_PER_MINUTE = 60
# Names under which keys are put into addresses, from where they end up in logs.
IN_QUERY = {"api_key", "apikey", "api-key", "x-api-key", "key", "token", "access_token"}


class KeyInQuery(Refusal):
    kind = "INVALID_REQUEST"


class TooManyGuesses(Refusal):
    kind = "RATE_LIMITED"


class NotFromThere(Refusal):
    kind = "FORBIDDEN"


class KeyAuthentication(BaseAuthentication):
    """`X-API-Key`, or `Authorization: Bearer` with a key or a token."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        if any(name.lower() in IN_QUERY for name in request.query_params):
            raise KeyInQuery(
                "A key never belongs into an address, where logs keep it. Send it as X-API-Key or"
                " Authorization: Bearer, and revoke this one."
            )
        caller = caller_shown(request)
        if caller is None:
            return None
        _refuse_elsewhere(caller, request)
        # Few views want to know more of the person, and a warm read asks the database nothing.
        return SimpleLazyObject(lambda: selectors.person(caller)), caller

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class PersonAuthentication(SessionAuthentication):
    """Somebody who is logged in to the pages."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        found = super().authenticate(request)
        return None if found is None else (found[0], selectors.caller_of_person(found[0]))

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def caller_shown(request: Request) -> Caller | None:
    """Return whose key or token a request shows, if it shows one."""
    if shown := request.headers.get("X-API-Key", ""):
        return _known(selectors.known_by_key, shown, request)
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != BEARER:
        return None
    return _known(selectors.known_by_bearer, shown.strip(), request)


def caller_with(key: str, request: Request) -> Caller:
    """Return whose key this is, which came by another way than a header; no rule is milder."""
    caller = _known(selectors.known_by_key, key, request)
    _refuse_elsewhere(caller, request)
    return caller


def _known(look_up: Callable[[str], Caller], shown: str, request: Request) -> Caller:
    try:
        return look_up(shown)
    except Unauthorized:
        _slow_down_guessing(request)
        raise


def caller_of(request: Request) -> Caller:
    """Return who is calling; without a key or a session it is an address."""
    if isinstance(request.auth, Caller):
        return request.auth
    return BOOK.find_address(address_of(request))


def _slow_down_guessing(request: Request) -> None:
    """Nobody guesses a key; but whoever tries is told to stop. A right one is not kept waiting:
    others may have the same address."""
    name = f"wrong:{network_of(address_of(request))}"
    if counter.take(name, WRONG_PER_MINUTE, 60, time.time()) is None:
        raise TooManyGuesses("Too many wrong keys from your address.", retry_after=60)


def _refuse_elsewhere(caller: Caller, request: Request) -> None:
    if not caller.may_come_from(address_of(request)):
        raise NotFromThere("This key may not be used from your address.")
    origin = request.headers.get("Origin", "")
    if caller.origins and origin not in caller.origins:
        raise NotFromThere("This key may be used by its own pages only.")
