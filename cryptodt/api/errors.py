"""One envelope for every error under /api/; the one place that turns a kind into a status."""

import logging
import time
from math import ceil
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django_ratelimit.exceptions import Ratelimited
from rest_framework import exceptions, status
from rest_framework.response import Response

from cryptodt.common.broadcast import UNREACHABLE
from cryptodt.common.errors import Refusal
from cryptodt.common.logs import trace_id
from providers.selectors import provider_states

logger = logging.getLogger(__name__)

PROBLEM = "application/problem+json"

KINDS = {
    "INVALID_REQUEST": 400,
    "INVALID_SYMBOL": 400,
    "INVALID_INTERVAL": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "UNKNOWN_TOPIC": 404,
    "METHOD_NOT_ALLOWED": 405,
    "NOT_ACCEPTABLE": 406,
    "REQUEST_TIMEOUT": 408,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "RATE_LIMITED": 429,
    "INTERNAL_ERROR": 500,
    "PROVIDER_ERROR": 503,
    "TOO_OLD": 503,
    "UNAVAILABLE": 503,
    "NOT_YET": 202,
}
OF_STATUS = {code: kind for kind, code in reversed(KINDS.items()) if kind != "INVALID_INTERVAL"}
# What Django raises; the first match wins, so the narrow classes stand before the wide ones.
PLAIN: tuple[tuple[type[Exception], str], ...] = (
    (Http404, "NOT_FOUND"),
    (Ratelimited, "RATE_LIMITED"),
    (PermissionDenied, "FORBIDDEN"),
    (RequestDataTooBig, "PAYLOAD_TOO_LARGE"),
    (SuspiciousOperation, "INVALID_REQUEST"),
    (BadRequest, "INVALID_REQUEST"),
)
MESSAGES = {
    400: "The request cannot be understood.",
    403: "You may not do this.",
    404: "There is nothing at this address.",
    429: "Too many tries in a short time.",
    413: "That is more than one request may carry.",
    500: "Something went wrong here; it has been logged.",
}
# A provider may answer at the next round, so there is no point in asking sooner.
RETRY_AFTER = 5


def envelope(
    kind: str, message: str, details: dict[str, Any], retry_after: int | None
) -> dict[str, Any]:
    error: dict[str, Any] = {"code": kind, "message": message, "details": details}
    if retry_after is not None:
        error["retryAfter"] = retry_after
    body = {
        "success": False,
        "error": error,
        "timestamp": time.time_ns() // 1_000_000,
        "requestId": trace_id(),
    }
    if kind == "RATE_LIMITED":
        # Three generations of clients look for it in three places.
        body |= {"detail": message, "retry_after": retry_after, "rate_limit_info": details}
    return body


def as_problem(body: dict[str, Any], code: int, path: str) -> dict[str, Any]:
    """Return the same error in the shape of RFC 9457."""
    error = body["error"]
    problem = {
        "type": f"urn:cryptodt:error:{error['code'].lower().replace('_', '-')}",
        "title": error["code"].replace("_", " ").capitalize(),
        "status": code,
        "detail": error["message"],
        "instance": path,
        **{name: value for name, value in error.items() if name != "message"},
    }
    return {**problem, "timestamp": body["timestamp"], "requestId": body["requestId"]}


def wants_problem(request: Any) -> bool:
    return PROBLEM in request.META.get("HTTP_ACCEPT", "").lower()


def answer_error(error: Exception, context: dict[str, Any]) -> Response:
    """Turn anything raised in an API view into the envelope (DRF's exception handler)."""
    kind, message, details, retry_after = _told(error)
    if kind == "INTERNAL_ERROR":
        logger.error("An API view failed", exc_info=error)
    if kind == "PROVIDER_ERROR" and not details:
        details = {state.slug: state.error or state.status for state in provider_states()}
    code = KINDS[kind]
    response = Response(envelope(kind, message, details, retry_after), status=code)
    for name, value in _headers(error, retry_after).items():
        response[name] = value
    request = context["request"]
    if wants_problem(request):
        response.data = as_problem(response.data, code, request.path)
        response.content_type = PROBLEM
    response.exception = True
    # Django would log every 503 as an error of its own; what needs a log line has one above.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _told(error: Exception) -> tuple[str, str, dict[str, Any], int | None]:
    """Return kind, message, details and the seconds after which to try again."""
    if isinstance(error, Refusal):
        retry_after = error.retry_after
        if retry_after is None and KINDS[error.kind] == status.HTTP_503_SERVICE_UNAVAILABLE:
            retry_after = RETRY_AFTER
        return error.kind, error.message, error.details, retry_after
    if isinstance(error, exceptions.APIException):
        return _told_by_drf(error)
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("The database does not answer", exc_info=error)
        return "UNAVAILABLE", "The database does not answer.", {}, RETRY_AFTER
    if isinstance(error, UNREACHABLE):
        logger.error("Redis does not answer", exc_info=error)
        return "UNAVAILABLE", "The shared cache does not answer.", {}, RETRY_AFTER
    kind = next((kind for cls, kind in PLAIN if isinstance(error, cls)), "INTERNAL_ERROR")
    return kind, MESSAGES[KINDS[kind]], {}, getattr(error, "retry_after", None)


def _told_by_drf(error: exceptions.APIException) -> tuple[str, str, dict[str, Any], int | None]:
    kind = OF_STATUS.get(error.status_code, "INVALID_REQUEST")
    wait = getattr(error, "wait", None)
    if isinstance(error.detail, str):
        return kind, str(error.detail), {}, None if wait is None else max(1, ceil(wait))
    return kind, "Some of what was sent is not valid.", {"fields": error.detail}, None


def _headers(error: Exception, retry_after: int | None) -> dict[str, str]:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    elif getattr(error, "kind", "") == "UNAUTHORIZED":
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def _page(request: HttpRequest, code: int) -> HttpResponse:
    """Answer an error outside of DRF: the envelope under /api/, a page elsewhere."""
    if not f"{request.path}/".startswith("/api/"):
        return render(request, f"errors/{code}.html", status=code)
    body = envelope(OF_STATUS[code], MESSAGES[code], {}, None)
    content_type = "application/json"
    if wants_problem(request):
        body, content_type = as_problem(body, code, request.path), PROBLEM
    if settings.SIMULATED:
        body["simulated"] = True
    return HttpResponse(orjson.dumps(body), content_type=content_type, status=code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not isinstance(exception, Ratelimited):
        return _page(request, 403)
    response = _page(request, 429)
    response["Retry-After"] = str(getattr(exception, "retry_after", RETRY_AFTER))
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    logger.info("A form was refused: %s", reason)
    if request.path.startswith("/api/"):
        return _page(request, 403)
    return render(request, "errors/csrf.html", status=403)
