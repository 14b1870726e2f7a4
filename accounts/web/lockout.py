"""What somebody sees after too many wrong passwords."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def answer(request: HttpRequest, response: HttpResponse, credentials: Any = None) -> HttpResponse:
    """Return a page that does not say whether it is the account or the address that rests.

    The API's own answer stays: it is the same 401 as for any wrong password.
    """
    if request.path.startswith("/api/"):
        return response
    page = render(request, "errors/locked.html", status=429)
    page["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return page
