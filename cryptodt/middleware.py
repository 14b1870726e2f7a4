"""What every answer gets: an id, a log line, and the headers that keep a page to itself."""

import logging
import re
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from cryptodt.common.logs import request_id, traced

logger = logging.getLogger("cryptodt.access")

Next = Callable[[HttpRequest], HttpResponse]
# Longer ones are logged in part; nothing of ours has such an address.
LONGEST_PATH = 500
# A link in a letter is as good as a password until it is used; a log need not have it.
LINK_OF_LETTER = re.compile(r"^(/password/reset/[^/]+|/account/email)/[^/]+")


class RequestLog:
    """Gives a request its id (the caller's own, if it is a sane one) and logs one line for it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        its_id = request_id(request.headers.get("X-Request-ID", ""))
        started = time.perf_counter()
        with traced(its_id):
            response = self.get_response(request)
            response["X-Request-ID"] = its_id
            logger.info(
                "%s %s %s",
                response.status_code,
                request.method,
                LINK_OF_LETTER.sub(r"\1/***", request.path)[:LONGEST_PATH],
                extra={"fields": {"ms": round((time.perf_counter() - started) * 1000, 1)}},
            )
        return response


# What a browser is told about a page means nothing for data, and would only make it longer.
OF_PAGES = ("Cross-Origin-Opener-Policy", "Referrer-Policy", "X-Frame-Options")


class PageHeaders:
    """Says which market this is, and lets a page load nothing from elsewhere."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["X-CryptoDT-Market"] = settings.MARKET
        if request.path.startswith("/api/"):
            response.setdefault("Cache-Control", "no-cache")
        if response.get("Content-Type", "").startswith("application/json"):
            for name in OF_PAGES:
                del response[name]
            return response
        # A view that needs another policy has set it, and says why.
        response.setdefault("Content-Security-Policy", policy(settings.CONTENT_SECURITY_POLICY))
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        return response


def policy(sources: dict[str, str]) -> str:
    return "; ".join(f"{directive} {value}" for directive, value in sources.items())
