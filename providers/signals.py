"""What upstreams say about our use of them in headers: how long to hold back, if at all."""

from collections.abc import Mapping

# https://developers.binance.com/docs/binance-spot-api-docs/rest-api/limits
BINANCE_WEIGHT = 6000
# Others behind the same address spend from the same account, so some of it is left to them.
ENOUGH = 0.8
MINUTE = 60.0
MOST_DIGITS = 15


def pause_for(headers: Mapping[str, str], *, now: float) -> float:
    """Return for how many seconds an answer's headers ask us to hold back, or zero."""
    return max(_used_weight(headers, now), _remaining(headers))


def _used_weight(headers: Mapping[str, str], now: float) -> float:
    used = _number(headers, "x-mbx-used-weight-1m")
    if used is None or used < BINANCE_WEIGHT * ENOUGH:
        return 0.0
    return MINUTE - now % MINUTE


def _remaining(headers: Mapping[str, str]) -> float:
    # KuCoin tells milliseconds, the draft standard tells seconds.
    if _number(headers, "gw-ratelimit-remaining") == 0:
        return (_number(headers, "gw-ratelimit-reset") or 1000) / 1000
    if _number(headers, "ratelimit-remaining") == 0:
        return _number(headers, "ratelimit-reset") or 1
    return 0.0


def _number(headers: Mapping[str, str], name: str) -> float | None:
    value = headers.get(name, "")
    return (
        float(value) if value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS else None
    )
