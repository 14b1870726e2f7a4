"""Keeps a person with a one-time password on the password page until it is changed."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


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
