"""Limits over HTTP: counted before a view runs, told on every answer."""

from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts import admission, selectors
from accounts.admission import Verdict
from accounts.api.authentication import caller_of
from cryptodt.common.errors import Refusal


class TooMany(Refusal):
    kind = "RATE_LIMITED"


MESSAGES = {
    "minute": "The limit of calls in a minute is reached.",
    "day": "The limit of calls in a day is reached.",
    "symbols": "Your tier allows {most} symbols in one request; this one names {asked}.",
    "window": "Your tier reaches {most} days back; this request asks for more.",
}


class Limits(BaseThrottle):
    """Lets a call through if its caller has one left. A view with `is_free` costs nothing."""

    def allow_request(self, request: Request, view: Any) -> bool:
        caller = caller_of(request)
        path = request.path
        if getattr(view, "is_free", False):
            verdict = admission.standing(caller, path)
        else:
            verdict = admission.admit(
                caller, path, used_today=lambda: selectors.used_today(caller)
            )
            request._request.is_counted = verdict.is_allowed  # type: ignore[attr-defined]
        # The middleware writes it on the answer, whatever that will be.
        request._request.verdict = verdict  # type: ignore[attr-defined]
        request._request.caller = caller  # type: ignore[attr-defined]
        if not verdict.is_allowed:
            raise refusal(verdict)
        return True


def refusal(verdict: Verdict) -> TooMany:
    window = verdict.refused_by
    if window is None:
        raise ValueError("this call was not refused")
    return TooMany(
        MESSAGES[window.name],
        details={"limit": window.name, "allowed": window.limit, "seconds": window.seconds},
        retry_after=max(1, verdict.retry_after),
    )
