"""CoinLore: most numbers as text, volumes as numbers, and one time for the whole list.

https://www.coinlore.com/cryptocurrency-data-api
"""

from typing import Any

from providers.simulator.venue import View
from providers.simulator.wire.aggregator_names import COINLORE, Told, told, whole_market
from providers.simulator.wire.answer import Answer, Query, whole

_MOST_ROWS = 100
_CENTS_FROM = 1


def answer(view: View, path: str, query: Query) -> Answer:
    match path.strip("/"):
        case "api/tickers":
            return Answer(200, _tickers(view, query))
        case "api/ticker":
            wanted = query.get("id", "").split(",")
            return Answer(200, [_row(one) for one in told(view, COINLORE) if one.id in wanted])
        case "api/global":
            return Answer(200, [_global(view)])
    return Answer(404, "<html><head><title>404 Not Found</title></head></html>")


def _tickers(view: View, query: Query) -> dict[str, Any]:
    rows = told(view, COINLORE)
    start = whole(query.get("start", "")) or 0
    limit = min(whole(query.get("limit", "")) or _MOST_ROWS, _MOST_ROWS)
    return {
        "data": [_row(one) for one in rows[start : start + limit]],
        "info": {"coins_num": len(rows), "time": int(view.now)},
    }


def _row(one: Told) -> dict[str, Any]:
    most = one.asset.max_supply
    return {
        "id": one.id,
        "symbol": one.asset.symbol,
        "name": one.asset.name,
        "nameid": one.asset.gecko_id,
        "rank": one.rank,
        "price_usd": f"{one.price:.2f}" if one.price >= _CENTS_FROM else f"{one.price:.6f}",
        "percent_change_24h": f"{one.change_24h:.2f}",
        "percent_change_1h": f"{one.change_1h:.2f}",
        "percent_change_7d": f"{one.change_7d:.2f}",
        "price_btc": "1.00",
        "market_cap_usd": f"{one.cap:.2f}",
        "volume24": one.volume,
        "volume24a": one.volume * 0.9,
        "csupply": f"{one.asset.supply:.2f}",
        "tsupply": f"{one.asset.supply:.0f}",
        "msupply": "" if most is None else f"{most:.0f}",
    }


def _global(view: View) -> dict[str, Any]:
    market = whole_market(view, COINLORE)
    return {
        "coins_count": market.count,
        "active_markets": 3 * market.count,
        "total_mcap": market.cap,
        "total_volume": market.volume,
        "btc_d": f"{market.btc:.2f}",
        "eth_d": f"{market.eth:.2f}",
        "mcap_change": f"{market.change_24h:.2f}",
        "volume_change": "0.00",
        "avg_change_percent": "0.00",
        "volume_ath": 3992741953593.48,
        "mcap_ath": 4200000000000.5,
    }
