"""Etherscan: the price of gas, and its errors that come with a good status."""

from typing import Any

from providers.simulator.venue import View
from providers.simulator.wire import chain_facts
from providers.simulator.wire.answer import Answer, Query

_BLOCKS = 5


def _said(status: str, message: str, result: Any) -> Answer:
    return Answer(200, {"status": status, "message": message, "result": result})


def answer(view: View, path: str, query: Query) -> Answer:
    if path != "/v2/api":
        old = "You are using a deprecated V1 endpoint, switch to Etherscan API V2"
        return _said("0", "NOTOK", old)
    if not query.get("apikey"):
        return _said("0", "NOTOK", "Missing/Invalid API Key")
    if query.get("chainid") != "1":
        return _said("0", "NOTOK", "Free API access is not supported for this chain")
    if (query.get("module"), query.get("action")) != ("gastracker", "gasoracle"):
        return _said("0", "NOTOK", "Error! Missing Or invalid Action name")
    return _said("1", "OK", _gas(view))


def _gas(view: View) -> dict[str, str]:
    base = chain_facts.fee(view, "ethereum", view.until) / 3
    used = [0.35 + (view.second // 12 + back) % 7 / 20 for back in range(_BLOCKS)]
    return {
        "LastBlock": str(chain_facts.height("ethereum", view.until)),
        "SafeGasPrice": f"{base:.9f}",
        "ProposeGasPrice": f"{base * 1.02:.9f}",
        "FastGasPrice": f"{base * 1.15:.9f}",
        "suggestBaseFee": f"{base * 0.98:.9f}",
        "gasUsedRatio": ",".join(f"{one:.9f}" for one in used),
    }
