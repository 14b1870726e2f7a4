"""blockchain.info: Bitcoin's daily charts."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload
from providers.parse import amount, from_seconds, objects, read_json
from providers.types import ChainFigures

# The chart, and the unit that it must say it is in.
CHARTS = {
    "transactions_per_day": ("n-transactions", "Transactions"),
    "supply_btc": ("total-bitcoins", "BTC"),
}


class BlockchainInfo:
    # https://www.blockchain.com/explorer/api/charts_api
    def chain_figures(self, tap: Tap) -> ChainFigures:
        figures, moments = {}, []
        for name, (chart, unit) in CHARTS.items():
            answer = tap.get(f"/charts/{chart}", {"timespan": "30days", "format": "json"})
            at, figures[name] = last_point(read_json(answer.text), unit)
            moments.append(at)
        return ChainFigures(
            chain="bitcoin",
            figures=figures,
            # As old as the oldest of them.
            observed_at=min(moments),
            source="blockchain-info",
        )


def last_point(body: Any, unit: str) -> tuple[datetime, Decimal]:
    if not isinstance(body, dict) or body.get("status") != "ok":
        said = body.get("error", body.get("status")) if isinstance(body, dict) else body
        raise BadPayload(f"answered with an error: {str(said)[:200]}")
    if body.get("unit") != unit:
        raise BadPayload(f"counts in {str(body.get('unit'))[:60]!r} and not in {unit}")
    points = {}
    for row in objects(body.get("values")):
        value = amount(row, "y")
        # A day that is not counted yet has no value.
        if value is not None:
            points[from_seconds(row.get("x"))] = value
    if not points:
        raise BadPayload("has no values in its chart")
    return max(points.items())
