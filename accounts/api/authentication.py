"""Who is calling over HTTP: a key, a token, a person with a session, or nobody in particular."""

from typing import Any

from django.utils.functional import SimpleLazyObject
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.request import Request

from accounts import selectors
from accounts.callers import BOOK, Caller
from accounts.places import address_of
from accounts.proofs import caller_of_person
from accounts.recognition import Shown, recognize, recognized, refuse_elsewhere
from cryptodt.common.errors import Refusal

# Names under which keys are put into addresses, from where they end up in logs.
IN_QUERY = {"api_key", "apikey", "api-key", "x-api-key", "key", "token", "access_token"}


class KeyInQuery(Refusal):
    kind = "INVALID_REQUEST"


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
        refuse_elsewhere(caller, address_of(request), request.headers.get("Origin", ""))
        # Few views want to know more of the person, and a warm read asks the database nothing.
        return SimpleLazyObject(lambda: selectors.person(caller)), caller

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class PersonAuthentication(SessionAuthentication):
    """Somebody who is logged in to the pages."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        found = super().authenticate(request)
        return None if found is None else (found[0], caller_of_person(found[0]))

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def caller_shown(request: Request) -> Caller | None:
    """Return whose key or token a request shows, if it shows one."""
    authorization = request.headers.get("Authorization", "")
    shown = Shown.of(key=request.headers.get("X-API-Key", ""), authorization=authorization)
    return recognize(shown, address_of(request))


def caller_with(key: str, request: Request) -> Caller:
    """Return whose key this is, which came by another way than a header; no rule is milder."""
    caller = recognized(Shown(key=key), address_of(request))
    refuse_elsewhere(caller, address_of(request), request.headers.get("Origin", ""))
    return caller


def caller_of(request: Request) -> Caller:
    """Return who is calling; without a key or a session it is an address."""
    if isinstance(request.auth, Caller):
        return request.auth
    return BOOK.find_address(address_of(request))
