"""How the upstreams of chains, DeFi, mood and news say no; feeds answer with pages instead."""

from collections.abc import Mapping
from typing import Any

from providers.simulator.wire.chain_facts import CHAINS

_BLOCKCHAIRS = ("blockchair", *(f"blockchair-{chain}" for chain in CHAINS))


def _blockchair(code: int, error: str) -> Any:
    return {"data": None, "context": {"code": code, "error": error}}


def _etherscan(result: str) -> Any:
    return {"status": "0", "message": "NOTOK", "result": result}


def _mood(error: str) -> Any:
    return {"name": "Fear and Greed Index", "data": [], "metadata": {"error": error}}


LIMITS: Mapping[str, Any] = {
    "alternative-me": _mood("Rate limit exceeded"),
    "blockchain-info": "Too many requests",
    "cryptopanic": {"status": "api_error", "info": "API monthly quota exceeded"},
    "defillama": {"message": "Too many requests"},
    "etherscan": _etherscan("Max calls per sec rate limit reached (3/sec)"),
    "mempool-space": "Too Many Requests",
    **{name: _blockchair(402, "The limit of requests is exceeded") for name in _BLOCKCHAIRS},
}
REGIONS: Mapping[str, Any] = {
    "alternative-me": _mood("Access denied"),
    "blockchain-info": {"status": "error", "error": "Access denied"},
    "cryptopanic": {"status": "api_error", "info": "Access denied for this token"},
    "defillama": {"message": "Access denied"},
    "etherscan": _etherscan("Free API access is not supported for this chain"),
    "mempool-space": "Access denied",
    **{name: _blockchair(430, "This address is blocked") for name in _BLOCKCHAIRS},
}
BROKEN: Mapping[str, Any] = {
    "alternative-me": _mood("Internal error"),
    "blockchain-info": {"status": "error", "error": "Internal error"},
    "cryptopanic": {"status": "api_error", "info": "Internal error"},
    "defillama": {"message": "Internal server error"},
    "etherscan": _etherscan("Error! Server too busy"),
    "mempool-space": "Internal server error",
    **{name: _blockchair(500, "Internal error") for name in _BLOCKCHAIRS},
}
