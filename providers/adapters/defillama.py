"""DefiLlama: the value locked in DeFi, by protocol and by day, and what its pools pay."""

from collections.abc import Mapping
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload, ProviderError, RateLimited
from providers.parse import amount, from_seconds, known, number, objects, read_json, text
from providers.types import Protocol, TvlPoint, Yield

SOURCE = "defillama"


class DefiLlama:
    # https://api-docs.defillama.com/#tag/tvl/get/protocols
    def protocols(self, tap: Tap) -> list[Protocol]:
        rows = listed(read_json(tap.get("/protocols").text))
        # By slug, because a row that came twice is still one protocol.
        found = {row["slug"]: protocol(row) for row in rows if text(row, "slug")}
        return [one for one in found.values() if one is not None]

    # https://api-docs.defillama.com/#tag/tvl/get/v2/historicalChainTvl
    def tvl_chart(self, tap: Tap) -> list[TvlPoint]:
        rows = listed(read_json(tap.get("/v2/historicalChainTvl").text))
        points = {one.at: one for one in map(tvl_point, rows)}
        return [points[at] for at in sorted(points)]

    # https://api-docs.defillama.com/#tag/yields/get/pools
    def yields(self, tap: Tap) -> list[Yield]:
        body = read_json(tap.get("https://yields.llama.fi/pools").text)
        if not isinstance(body, dict) or body.get("status") != "success":
            raise refusal(body)
        found = {row["pool"]: pool(row) for row in listed(body.get("data")) if text(row, "pool")}
        return [one for one in found.values() if one is not None]


def listed(body: Any) -> list[Mapping[str, Any]]:
    if not isinstance(body, list):
        raise refusal(body)
    return objects(body)


def protocol(row: Mapping[str, Any]) -> Protocol | None:
    tvl = number(row, "tvl")
    # Null is not counted yet, below zero is a mistake of its own, and zero holds nothing.
    if tvl is None or tvl <= 0:
        return None
    chains = row.get("chains") or []
    if not isinstance(chains, list) or not all(isinstance(chain, str) for chain in chains):
        raise BadPayload("chains is not a list of names")
    symbol = text(row, "symbol")
    return Protocol(
        slug=text(row, "slug"),
        name=text(row, "name") or text(row, "slug"),
        # A dash stands for a protocol without an asset of its own.
        symbol="" if symbol == "-" else symbol.upper(),
        chain=text(row, "chain"),
        chains=tuple(chains),
        category=text(row, "category"),
        tvl=tvl,
        change_1d=number(row, "change_1d"),
        change_7d=number(row, "change_7d"),
        market_cap=known(row, "mcap"),
        source=SOURCE,
    )


def tvl_point(row: Mapping[str, Any]) -> TvlPoint:
    # The older chart, which mirrors still answer with, has another name for the same number.
    tvl = amount(row, "tvl" if "tvl" in row else "totalLiquidityUSD")
    if tvl is None:
        raise BadPayload("a day of the chart has no tvl")
    return TvlPoint(at=from_seconds(row.get("date")), tvl=tvl, source=SOURCE)


def pool(row: Mapping[str, Any]) -> Yield | None:
    tvl, apy = known(row, "tvlUsd"), number(row, "apy")
    if tvl is None or apy is None:
        return None
    if not isinstance(row.get("stablecoin"), bool):
        raise BadPayload("stablecoin is neither true nor false")
    return Yield(
        pool=text(row, "pool"),
        project=text(row, "project"),
        chain=text(row, "chain"),
        symbol=text(row, "symbol"),
        tvl=tvl,
        apy=apy,
        apy_base=number(row, "apyBase"),
        apy_reward=number(row, "apyReward"),
        is_stable=row["stablecoin"],
        source=SOURCE,
    )


def refusal(body: Any) -> ProviderError:
    said = body.get("message", "no list") if isinstance(body, dict) else body
    message = f"answered with an error: {str(said)[:200]}"
    return RateLimited(message) if "too many" in message.lower() else BadPayload(message)
