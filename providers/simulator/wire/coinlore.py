"""CoinLore: most numbers as text, volumes as numbers, and one time for the whole list.

https://www.coinlore.com/cryptocurrency-data-api
"""

from decimal import Decimal
from typing import Any

from providers.simulator.venue import View
from providers.simulator.wire.aggregator_names import COINLORE, Told, whole_market
from providers.simulator.wire.answer import Answer, Query, whole
from providers.simulator.wire.listing import Entry, chosen, entries, tell

_MOST_ROWS = 100
# Below, cents are too coarse: six digits are told of, wherever they begin.
_CENTS_FROM = 10
# No asset has a number as high.
_FIRST_COIN = 100_000


def answer(view: View, path: str, query: Query) -> Answer:
    match path.strip("/"):
        case "api/tickers":
            return Answer(200, _tickers(view, query))
        case "api/ticker":
            lines = chosen(_list(view), query.get("id", "").split(","))
            return Answer(200, [_row(tell(view, line)) for line in lines])
        case "api/global":
            return Answer(200, [_global(view)])
    return Answer(404, "<html><head><title>404 Not Found</title></head></html>")


def _list(view: View) -> list[Entry]:
    return entries(view, COINLORE, lambda coin: str(_FIRST_COIN + coin.number))


def _tickers(view: View, query: Query) -> dict[str, Any]:
    lines = _list(view)
    start = whole(query.get("start", "")) or 0
    limit = min(whole(query.get("limit", "")) or _MOST_ROWS, _MOST_ROWS)
    return {
        "data": [_row(tell(view, line)) for line in lines[start : start + limit]],
        "info": {"coins_num": len(lines), "time": int(view.now)},
    }


def _row(one: Told) -> dict[str, Any]:
    most = one.asset.max_supply
    return {
        "id": one.id,
        "symbol": one.asset.symbol,
        "name": one.asset.name,
        "nameid": one.asset.gecko_id,
        "rank": one.rank,
        "price_usd": _price(one.said),
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


def _price(price: float | Decimal) -> str:
    if isinstance(price, Decimal):
        return f"{price:f}"
    return f"{price:.2f}" if price >= _CENTS_FROM else f"{Decimal(f'{price:.6g}'):f}"


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
