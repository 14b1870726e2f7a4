"""How each provider says no: the real bodies of its limits, bans and outages."""

from collections.abc import Callable, Mapping
from typing import Any

from providers.simulator.wire import aggregator_refusals, exchange_refusals, other_refusals
from providers.simulator.wire.answer import HTML, JSON, Answer

Options = Mapping[str, Any]

_GECKO_LIMIT = {
    "status": {
        "error_code": 429,
        "error_message": "You've exceeded the Rate Limit. Please visit "
        "https://www.coingecko.com/en/api/pricing to subscribe to our API plans "
        "for higher rate limits.",
    }
}
_GECKO_DENIED = {"status": {"error_code": 1020, "error_message": "Access denied"}}
_BINANCE_LIMIT = {
    "code": -1003,
    "msg": "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. "
    "Please use WebSocket Streams for live updates to avoid polling the API.",
}
_BINANCE_REGION = {
    "code": 0,
    "msg": "Service unavailable from a restricted location according to 'b. Eligibility' in "
    "https://www.binance.com/en/terms. Please contact customer service if you believe you "
    "received this message in error.",
}
_BINANCE_BROKEN = {
    "code": -1001,
    "msg": "Internal error; unable to process your request. Please try again.",
}

_LIMITS: Mapping[str, Any] = {
    **other_refusals.LIMITS,
    **exchange_refusals.LIMITS,
    **aggregator_refusals.LIMITS,
    "coingecko": _GECKO_LIMIT,
    "binance": _BINANCE_LIMIT,
    "kraken": {"error": ["EGeneral:Too many requests"]},
}
_REGIONS: Mapping[str, Any] = {
    **other_refusals.REGIONS,
    **exchange_refusals.REGIONS,
    **aggregator_refusals.REGIONS,
    "coingecko": _GECKO_DENIED,
    "binance": _BINANCE_REGION,
    "kraken": {"error": ["EGeneral:Permission denied"]},
}
_BROKEN: Mapping[str, Any] = {
    **other_refusals.BROKEN,
    **exchange_refusals.BROKEN,
    **aggregator_refusals.BROKEN,
    "coingecko": {"status": 500, "error": "Internal Server Error"},
    "binance": _BINANCE_BROKEN,
    "kraken": {"error": ["EService:Unavailable"]},
}
# The envelope each uses when the HTTP status says that all is well.
_ENVELOPES: Mapping[str, Any] = {**_BROKEN, "coingecko": _GECKO_LIMIT}

_FORBIDDEN_PAGE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">
<HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE></HEAD>
<BODY><H1>403 ERROR</H1><H2>The request could not be satisfied.</H2><HR>
Request blocked. We can't connect to the server for this app or website at this time.
</BODY></HTML>"""
_LIMIT_PAGE = "<html><head><title>429 Too Many Requests</title></head></html>"
_BROKEN_PAGE = "<html><head><title>500 Internal Server Error</title></head></html>"
_PORTAL_PAGE = """<!doctype html>
<html><head><title>Welcome to the guest network</title></head>
<body><h1>Sign in to continue</h1><form action="/login"><input name="room"></form></body></html>"""


def _rate_limited(provider: str, options: Options, now: float) -> Answer:
    headers = dict(JSON)
    if options["retry_after"] is not None:
        headers["Retry-After"] = str(options["retry_after"])
    return Answer(429, _LIMITS.get(provider, _LIMIT_PAGE), headers)


def _banned(provider: str, options: Options, now: float) -> Answer:
    seconds = options["retry_after"]
    if provider == "binance":
        until = int((now + seconds) * 1000)
        message = (
            f"Way too much request weight used; IP banned until {until}. "
            "Please use WebSocket Streams for live updates to avoid bans."
        )
        headers = {**JSON, "Retry-After": str(seconds)}
        return Answer(418, {"code": -1003, "msg": message}, headers)
    if provider == "kraken":
        return Answer(200, {"error": ["EGeneral:Temporary lockout"]})
    return Answer(403, _REGIONS.get(provider, _FORBIDDEN_PAGE))


def _geo_blocked(provider: str, options: Options, now: float) -> Answer:
    return Answer(451, _REGIONS.get(provider, _FORBIDDEN_PAGE))


def _forbidden(provider: str, options: Options, now: float) -> Answer:
    return Answer(403, _FORBIDDEN_PAGE, HTML)


def _server_error(provider: str, options: Options, now: float) -> Answer:
    status = options["status"]
    reasons = {502: "Bad Gateway", 503: "Service Temporarily Unavailable"}
    if status not in reasons:
        return Answer(status, _BROKEN.get(provider, _BROKEN_PAGE))
    title = f"{status} {reasons[status]}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, page, HTML)


def _html(provider: str, options: Options, now: float) -> Answer:
    return Answer(200, _PORTAL_PAGE, HTML)


def _error_body(provider: str, options: Options, now: float) -> Answer:
    return Answer(200, _ENVELOPES.get(provider, _BROKEN_PAGE))


REFUSALS: Mapping[str, Callable[[str, Options, float], Answer]] = {
    "rate_limited": _rate_limited,
    "banned": _banned,
    "geo_blocked": _geo_blocked,
    "forbidden": _forbidden,
    "server_error": _server_error,
    "html": _html,
    "error_body": _error_body,
}
