"""How the exchanges beside Binance and Kraken say no."""

from collections.abc import Mapping
from typing import Any


def _bybit(code: int, message: str) -> dict[str, Any]:
    return {"retCode": code, "retMsg": message, "result": {}, "retExtInfo": {}, "time": 0}


def _okx(code: str, message: str) -> dict[str, Any]:
    return {"code": code, "msg": message, "data": []}


LIMITS: Mapping[str, Any] = {
    "coinbaseexchange": {"message": "Public rate limit exceeded"},
    "okx": _okx("50011", "Too Many Requests"),
    "bybit": _bybit(10006, "Too many visits. Exceeded the API Rate Limit."),
    "kucoin": {"code": "429000", "msg": "Too Many Requests"},
    "gate": {"label": "TOO_MANY_REQUESTS", "message": "Request Rate Limit Exceeded"},
    "bitfinex": ["error", 11010, "ratelimit: error"],
}
REGIONS: Mapping[str, Any] = {
    "coinbaseexchange": {"message": "Forbidden"},
    "okx": _okx("51155", "Not available due to local compliance restrictions."),
    "bybit": {
        "error": "The Amazon CloudFront distribution is configured to block access "
        "from your country"
    },
    "kucoin": {"code": "400302", "msg": "Our services are unavailable in your region."},
    "gate": {"label": "FORBIDDEN", "message": "Access denied in your region"},
    "bitfinex": ["error", 10020, "country: restricted"],
}
BROKEN: Mapping[str, Any] = {
    "coinbaseexchange": {"message": "Internal server error"},
    "okx": _okx("50001", "Service temporarily unavailable. Try again later"),
    "bybit": _bybit(10016, "Internal server error."),
    "kucoin": {"code": "500000", "msg": "Internal Server Error"},
    "gate": {"label": "SERVER_ERROR", "message": "Internal server error"},
    "bitfinex": ["error", 20060, "maintenance"],
}
