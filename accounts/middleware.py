"""Holds back who owes a password or a second factor, tells callers their limits, follows operators."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import admission, second_factor, selectors, usage
from accounts.audit import acting_from, record
from accounts.callers import BOOK
from accounts.places import address_of
from accounts.tiers import ADMIN
from accounts.usage import Call

NOT_MODIFIED, REFUSED = 304, 400
READING = ("GET", "HEAD", "OPTIONS")
ALWAYS_OPEN = ("accounts-password", "accounts-logout")


class CallerLimits:
    """Writes on every answer of the API how its caller's limits stand, and counts what was used.

    The throttle left word of its verdict on the request; where none did, nothing was counted.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith("/api/"):
            return response
        address = address_of(request)
        caller = getattr(request, "caller", None) or BOOK.find_address(address)
        verdict = getattr(request, "verdict", None)
        is_spent = getattr(request, "is_counted", False)
        if verdict is None:
            verdict = admission.standing(caller, request.path)
        elif response.status_code == NOT_MODIFIED and is_spent:
            verdict, is_spent = admission.take_back(verdict), False
        for line in verdict.told().decode().splitlines():
            name, _, value = line.partition(": ")
            response[name] = value
        if caller.user_id is not None:
            match = request.resolver_match
            endpoint = match.route if match is not None else "unknown"
            status = response.status_code
            call = Call(caller.user_id, caller.key_id, endpoint, status, address, is_spent)
            usage.note(call, time.time())
        return response


class AuditTrail:
    """Says in the audit where people were, and what operators have the API do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with acting_from(address_of(request)):
            response = self.get_response(request)
            if self.is_worth_a_line(request, response):
                self.write(request, response)
        return response

    def is_worth_a_line(self, request: HttpRequest, response: HttpResponse) -> bool:
        if request.method in READING or response.status_code >= REFUSED:
            return False
        match = request.resolver_match
        view = getattr(match.func, "cls", None) if match is not None else None
        return getattr(view, "scope", None) == ADMIN

    def write(self, request: HttpRequest, response: HttpResponse) -> None:
        caller = request.caller  # type: ignore[attr-defined]
        key = {} if caller.key_id is None else {"key": caller.key_id}
        record(
            "operator call",
            actor=selectors.person(caller),
            target=f"{request.method} {request.path}",
            status=response.status_code,
            **key,
        )


class PasswordChangeRequired:
    """Keeps a person with a one-time password on the password page."""

    page = "accounts-password"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.is_open(request) or not self.is_owed(request):
            return self.get_response(request)
        return redirect(self.page)

    def is_open(self, request: HttpRequest) -> bool:
        # The path comes first: an API call must not load a session only to be let through.
        if request.path.startswith(("/api/", settings.STATIC_URL)):
            return True
        return request.path in {reverse(self.page), *map(reverse, ALWAYS_OPEN)}

    def is_owed(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.must_change_password


class SecondFactorRequired(PasswordChangeRequired):
    """Leads staff without a second factor to the page that sets it up, where it is required."""

    page = "accounts-second-factor"

    def is_owed(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and second_factor.is_owed(request.user)
