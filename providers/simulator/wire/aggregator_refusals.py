"""How the other aggregators say no."""

from collections.abc import Mapping
from typing import Any

_GECKO_PRO_LIMIT = {
    "status": {
        "error_code": 429,
        "error_message": "You've exceeded the Rate Limit. Please visit "
        "https://www.coingecko.com/en/api/pricing to subscribe to our API plans "
        "for higher rate limits.",
    }
}


def _status(code: int, message: str) -> dict[str, Any]:
    status = {"timestamp": "2025-11-21T08:05:45.678Z", "error_code": code}
    return {"status": {**status, "error_message": message, "elapsed": 0, "credit_count": 0}}


def _data(kind: int, message: str) -> dict[str, Any]:
    return {"Data": {}, "Err": {"type": kind, "message": message, "other_info": {}}}


LIMITS: Mapping[str, Any] = {
    "coingecko-pro": _GECKO_PRO_LIMIT,
    "coinpaprika": {"error": "too many requests"},
    "coincap": {"error": "You exceeded your rate limit"},
    "coinmarketcap": _status(1008, "You've exceeded your API Key's HTTP request rate limit."),
    "cryptocompare": _data(99, "You are over your rate limit please upgrade your account!"),
    "coinmetrics": {"error": {"type": "too_many_requests", "message": "Too many requests."}},
}
REGIONS: Mapping[str, Any] = {
    "coingecko-pro": {"status": {"error_code": 1020, "error_message": "Access denied"}},
    "coincap": {"error": "Invalid API key"},
    "coinmarketcap": _status(1001, "This API Key is invalid."),
    "cryptocompare": _data(1, "Auth key is required: add your API key to the request."),
    "coinmetrics": {"error": {"type": "forbidden", "message": "Not available to you."}},
}
BROKEN: Mapping[str, Any] = {
    "coingecko-pro": {"status": 500, "error": "Internal Server Error"},
    "coinpaprika": {"error": "internal server error"},
    "coincap": {"error": "internal server error"},
    "coinmarketcap": _status(500, "An internal server error occurred"),
    "cryptocompare": _data(2, "Something broke on our side"),
    "coinmetrics": {"error": {"type": "internal_error", "message": "Internal error."}},
}
