"""Etherscan: what gas costs on Ethereum."""

from collections.abc import Mapping
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.parse import known, read_json
from providers.types import ChainFigures

FIGURES = {
    "height_blocks": "LastBlock",
    "gas_safe_gwei": "SafeGasPrice",
    "gas_proposed_gwei": "ProposeGasPrice",
    "gas_fast_gwei": "FastGasPrice",
}


class Etherscan:
    # https://docs.etherscan.io/api-endpoints/gas-tracker
    def chain_figures(self, tap: Tap) -> ChainFigures:
        answer = tap.get(
            "/v2/api",
            {
                "chainid": "1",
                "module": "gastracker",
                "action": "gasoracle",
                # The only place where this upstream takes it.
                "apikey": tap.key,
            },
        )
        body = read_json(answer.text)
        result = body.get("result") if isinstance(body, dict) else body
        if not isinstance(body, dict) or body.get("status") != "1" or not isinstance(result, dict):
            raise refusal(result, tap.key)
        figures = {name: known(result, field) for name, field in FIGURES.items()}
        missing = [FIGURES[name] for name, value in figures.items() if value is None]
        if missing:
            raise BadPayload(f"{missing[0]} is missing")
        # Only the newer answers have it.
        figures["gas_base_gwei"] = known(result, "suggestBaseFee")
        return ChainFigures(
            chain="ethereum",
            figures={name: value for name, value in figures.items() if value is not None},
            observed_at=tap.now(),
            source="etherscan",
        )


# https://docs.etherscan.io/support/common-error-messages
MEANINGS: Mapping[str, type[ProviderError]] = {
    "rate limit": RateLimited,
    "api key": Blocked,
    "deprecated": Blocked,
    "not supported": Blocked,
    "access": Blocked,
}


def refusal(said: Any, key: str) -> ProviderError:
    """Name the error that came with a good status; on errors the result is a sentence."""
    sentence = str(said)[:200]
    if key:
        sentence = sentence.replace(key, "...")
    for words, kind in MEANINGS.items():
        if words in sentence.lower():
            return kind(f"refused: {sentence}")
    return BadPayload(f"answered with an error: {sentence}")
