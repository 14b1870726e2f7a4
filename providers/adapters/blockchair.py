"""Blockchair: how a chain does, in the same words for many chains."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.parse import amount, from_iso, known, read_json
from providers.types import ChainFigures

# https://blockchair.com/api/docs#link_001
GOOD = 200
TOO_MANY = (402, 429, 435)
BANNED = (430, 434, 436, 437)

# What zero means in these is that nobody knows.
KNOWN = {
    "height_blocks": "best_block_height",
    "difficulty": "difficulty",
    "hash_rate_per_second": "hashrate_24h",
    "fee_suggested_sat_per_byte": "suggested_transaction_fee_per_byte_sat",
    "fee_average_24h_usd": "average_transaction_fee_usd_24h",
    "fee_median_24h_usd": "median_transaction_fee_usd_24h",
}
COUNTED = {
    "blocks_24h": "blocks_24h",
    "transactions_24h": "transactions_24h",
    "mempool_transactions": "mempool_transactions",
    "mempool_bytes": "mempool_size",
}


class Blockchair:
    def __init__(self, chain: str = "bitcoin", *, source: str = "blockchair") -> None:
        self.chain = chain
        self.source = source

    # https://blockchair.com/api/docs#link_M0
    def chain_figures(self, tap: Tap) -> ChainFigures:
        params = {"key": tap.key} if tap.key else None
        body = read_json(tap.get(f"/{self.chain}/stats", params).text)
        context = body.get("context") if isinstance(body, dict) else None
        code = context.get("code") if isinstance(context, dict) else None
        if code != GOOD or not isinstance(body.get("data"), dict):
            raise refusal(code, context)
        found = figures(body["data"])
        if "height_blocks" not in found:
            raise BadPayload("does not say how high the chain is")
        return ChainFigures(
            chain=self.chain,
            figures=found,
            observed_at=from_iso(body["data"].get("best_block_time")),
            source=self.source,
        )


def figures(data: Mapping[str, Any]) -> Mapping[str, Decimal]:
    """Return what there is: not every chain has every figure."""
    found = {name: known(data, field) for name, field in KNOWN.items()}
    found |= {name: amount(data, field) for name, field in COUNTED.items()}
    return {name: value for name, value in found.items() if value is not None}


def refusal(code: Any, context: Any) -> ProviderError:
    said = context.get("error", "no stats") if isinstance(context, dict) else "no stats"
    message = f"answered with an error ({str(code)[:20]}): {str(said)[:200]}"
    if code in TOO_MANY:
        return RateLimited(message)
    return Blocked(message) if code in BANNED else BadPayload(message)
