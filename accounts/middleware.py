"""Keeps a person with a one-time password on the password page, and tells callers their limits."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import admission, usage
from accounts.api.authentication import address_of
from accounts.callers import BOOK

NOT_MODIFIED = 304


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
        if verdict is None:
            verdict = admission.standing(caller, request.path)
        elif response.status_code == NOT_MODIFIED and getattr(request, "is_counted", False):
            verdict = admission.take_back(verdict)
        for name, value in verdict.headers():
            response[name.decode()] = value.decode()
        if caller.user_id is not None:
            match = request.resolver_match
            endpoint = match.route if match is not None else "unknown"
            usage.note(caller.user_id, caller.key_id, endpoint, response.status_code, address)
        return response


class PasswordChangeRequired:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.is_held_back(request):
            return redirect("accounts-password")
        return self.get_response(request)

    def is_held_back(self, request: HttpRequest) -> bool:
        # The path comes first: an API call must not load a session only to be let through.
        if request.path.startswith(("/api/", settings.STATIC_URL)):
            return False
        if request.path in {reverse("accounts-password"), reverse("accounts-logout")}:
            return False
        return request.user.is_authenticated and request.user.must_change_password
