"""Coin Metrics: what an asset cost at each midnight, from the free community data."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload, NotOffered, ProviderError, RateLimited
from providers.parse import from_iso, known, read_json
from providers.types import HistoryPoint, Instrument

SOURCE = "coinmetrics"
METRIC = "PriceUSD"


class CoinMetrics:
    # https://docs.coinmetrics.io/api/v4/#operation/getTimeseriesAssetMetrics
    def history(self, instrument: Instrument, days: int, tap: Tap) -> list[HistoryPoint]:
        one = instrument.ids.get(SOURCE)
        if one is None:
            raise NotOffered(f"does not know {instrument.symbol}")
        since = tap.now() - timedelta(days=days)
        params = {
            "assets": one,
            "metrics": METRIC,
            "frequency": "1d",
            "start_time": since.date().isoformat(),
            # The most there can be: a second page is never needed.
            "page_size": "10000",
            # A price that is not free would otherwise look like a refusal of us.
            "ignore_forbidden_errors": "true",
            "ignore_unsupported_errors": "true",
        }
        body = read_json(tap.get("/v4/timeseries/asset-metrics", params).text)
        rows = body.get("data") if isinstance(body, dict) else None
        if not isinstance(rows, list):
            raise refusal(body)
        if not rows:
            raise NotOffered(f"has no prices of {instrument.symbol}")
        found = (_point(row, one) for row in rows)
        points = {point.at: point for point in found if point is not None}
        return [points[at] for at in sorted(points)]


def _point(row: Any, asset: str) -> HistoryPoint | None:
    if not isinstance(row, dict) or row.get("asset") != asset or METRIC not in row:
        raise BadPayload(f"a row of the list is no price of {asset}")
    price = known(row, METRIC)
    if price is None:
        return None
    return HistoryPoint(
        # Each day is named by its beginning, and its price is that of its end.
        at=from_iso(row.get("time")) + timedelta(days=1),
        price=price,
        market_cap=None,
        volume_24h=None,
        source=SOURCE,
    )


def refusal(body: Any) -> ProviderError:
    error = body.get("error") if isinstance(body, dict) else None
    details: Mapping[str, Any] = error if isinstance(error, dict) else {}
    kind = str(details.get("type"))
    text = str(details.get("message") or "answered without a list")[:200]
    if kind == "too_many_requests":
        return RateLimited(text)
    if kind in ("bad_parameter", "bad_parameters", "forbidden", "not_found"):
        return NotOffered(text)
    return BadPayload(text)
