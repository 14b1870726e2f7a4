"""Blockchair: one answer about each chain."""

from datetime import UTC, datetime
from typing import Any

from providers.simulator.assets import BY_SYMBOL
from providers.simulator.market import DAY
from providers.simulator.venue import View
from providers.simulator.wire import chain_facts
from providers.simulator.wire.answer import Answer, Query

_BYTES = 250
_SMALLEST = 10**8


def answer(view: View, path: str, query: Query) -> Answer:
    _, chain, *rest = path.split("/")
    if chain not in chain_facts.CHAINS or rest != ["stats"]:
        return Answer(404, {"data": None, "context": {"code": 404, "error": "Not found"}})
    return Answer(200, {"data": _stats(view, chain), "context": _context(view)})


def _stats(view: View, chain: str) -> dict[str, Any]:
    at, facts = view.until, chain_facts.CHAINS[chain]
    day, height = int(at // DAY), chain_facts.height(chain, at)
    price, fee = view.usd(facts.symbol, at), chain_facts.fee(view, chain, at)
    work = chain_facts.hash_rate(view, chain, day)
    found = datetime.fromtimestamp(chain_facts.found_at(chain, at), UTC)
    stats: dict[str, Any] = {
        "blocks": height + 1,
        "blocks_24h": int(DAY / facts.pace),
        "transactions_24h": chain_facts.transactions(view, chain, day),
        "mempool_transactions": int(fee * 900),
        "mempool_size": int(fee * 900 * _BYTES),
        "best_block_height": height,
        "best_block_time": found.strftime("%Y-%m-%d %H:%M:%S"),
        "circulation": int(BY_SYMBOL[facts.symbol].supply * _SMALLEST),
        "average_transaction_fee_usd_24h": fee * _BYTES / _SMALLEST * price * 1.4,
        "median_transaction_fee_usd_24h": fee * _BYTES / _SMALLEST * price,
        "market_price_usd": price,
        "difficulty": chain_facts.difficulty(view, chain, at),
        # Text, because it is longer than what many readers hold.
        "hashrate_24h": str(int(work)),
    }
    if not work:
        del stats["difficulty"], stats["hashrate_24h"]
        return stats
    return {**stats, "suggested_transaction_fee_per_byte_sat": max(1, round(fee))}


def _context(view: View) -> dict[str, Any]:
    since = datetime.fromtimestamp(view.now // 60 * 60, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "code": 200,
        "source": "A",
        "state": chain_facts.height("bitcoin", view.until),
        "cache": {"live": False, "duration": "Ignore", "since": since, "time": None},
        "api": {"version": "2.0.95-ie", "notice": "Simulated."},
        "servers": "SIM1",
        "time": 0.01,
        "render_time": 0.001,
        "full_time": 0.011,
        "request_cost": 1,
    }
