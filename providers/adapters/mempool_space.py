"""mempool.space: what Bitcoin's block space costs, and how much work guards it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload
from providers.parse import from_seconds, known, objects, read_json
from providers.types import ChainFigures

FEES = {
    "fee_fastest_sat_per_vbyte": "fastestFee",
    "fee_half_hour_sat_per_vbyte": "halfHourFee",
    "fee_hour_sat_per_vbyte": "hourFee",
    "fee_economy_sat_per_vbyte": "economyFee",
    "fee_minimum_sat_per_vbyte": "minimumFee",
}


class MempoolSpace:
    def chain_figures(self, tap: Tap) -> ChainFigures:
        # https://mempool.space/docs/api/rest#get-recommended-fees
        fees = an_object(read_json(tap.get("/api/v1/fees/recommended").text))
        # https://mempool.space/docs/api/rest#get-block-tip-height
        height = read_json(tap.get("/api/blocks/tip/height").text)
        # https://mempool.space/docs/api/rest#get-hashrate
        mining = an_object(read_json(tap.get("/api/v1/mining/hashrate/1m").text))
        figures = {name: stated(fees, field) for name, field in FEES.items()}
        figures["height_blocks"] = whole(stated({"height": height}, "height"))
        figures["hash_rate_per_second"] = (
            stated(mining, "currentHashrate")
            if "currentHashrate" in mining
            else stated(newest(mining, "hashrates", "timestamp"), "avgHashrate")
        )
        figures["difficulty"] = (
            stated(mining, "currentDifficulty")
            if "currentDifficulty" in mining
            else stated(newest(mining, "difficulty", "time"), "difficulty")
        )
        return ChainFigures(
            chain="bitcoin", figures=figures, observed_at=tap.now(), source="mempool-space"
        )


def an_object(body: Any) -> Mapping[str, Any]:
    return objects([body])[0]


def stated(row: Mapping[str, Any], name: str) -> Decimal:
    value = known(row, name)
    if value is None:
        raise BadPayload(f"{name} is missing")
    return value


def whole(value: Decimal) -> Decimal:
    if value != value.to_integral_value():
        raise BadPayload(f"{value} is not a whole number of blocks")
    return value


def newest(mining: Mapping[str, Any], name: str, time: str) -> Mapping[str, Any]:
    """Return the last point of a chart: not every mirror adds the current value to it."""
    rows = mining.get(name)
    if not rows or not isinstance(rows, list):
        raise BadPayload(f"has neither a current value nor {name}")
    return max(objects(rows), key=lambda row: from_seconds(row.get(time)))
