"""CoinMarketCap: a status block beside the data, which is keyed by id.

https://coinmarketcap.com/api/documentation/v1/
"""

from datetime import UTC, datetime
from typing import Any

from providers.simulator.venue import View
from providers.simulator.wire.aggregator_names import COINMARKETCAP, Told, told, whole_market
from providers.simulator.wire.answer import Answer, Query, whole


def answer(view: View, path: str, query: Query) -> Answer:
    match path:
        case "/v2/cryptocurrency/quotes/latest":
            if not query.get("id"):
                return _refused(view, 400, '"value" must contain at least one of [id, slug]')
            wanted = query["id"].split(",")
            rows = [one for one in told(view, COINMARKETCAP) if one.id in wanted]
            return _answered(view, {one.id: _row(one) for one in rows})
        case "/v1/cryptocurrency/listings/latest":
            limit = whole(query.get("limit", "")) or 100
            return _answered(view, [_row(one) for one in told(view, COINMARKETCAP)[:limit]])
        case "/v1/global-metrics/quotes/latest":
            return _answered(view, _global(view))
    body = {"statusCode": 404, "error": "Not Found", "message": "Not Found"}
    return Answer(404, body)


def _iso(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _status(view: View, code: int, message: str | None) -> dict[str, Any]:
    return {
        "timestamp": _iso(view.now),
        "error_code": code,
        "error_message": message,
        "elapsed": 12,
        "credit_count": 1,
        "notice": None,
    }


def _answered(view: View, data: Any) -> Answer:
    return Answer(200, {"status": _status(view, 0, None), "data": data})


def _refused(view: View, status: int, message: str) -> Answer:
    return Answer(status, {"status": _status(view, status, message)})


def _row(one: Told) -> dict[str, Any]:
    return {
        "id": int(one.id),
        "name": one.asset.name,
        "symbol": one.asset.symbol,
        "slug": one.asset.gecko_id,
        "num_market_pairs": 3,
        "date_added": "2013-04-28T00:00:00.000Z",
        "tags": [],
        "max_supply": one.asset.max_supply,
        "circulating_supply": one.asset.supply,
        "total_supply": one.asset.supply,
        "is_active": 1,
        "platform": None,
        "cmc_rank": one.rank,
        "is_fiat": 0,
        "last_updated": _iso(one.at),
        "quote": {
            "USD": {
                "price": one.price,
                "volume_24h": one.volume,
                "volume_change_24h": 0.0,
                "percent_change_1h": one.change_1h,
                "percent_change_24h": one.change_24h,
                "percent_change_7d": one.change_7d,
                "market_cap": one.cap,
                "market_cap_dominance": 0.0,
                "fully_diluted_market_cap": one.cap,
                "tvl": None,
                "last_updated": _iso(one.at),
            }
        },
    }


def _global(view: View) -> dict[str, Any]:
    market = whole_market(view, COINMARKETCAP)
    return {
        "active_cryptocurrencies": market.count,
        "total_cryptocurrencies": market.count,
        "active_market_pairs": 3 * market.count,
        "active_exchanges": 3,
        "eth_dominance": market.eth,
        "btc_dominance": market.btc,
        "last_updated": _iso(view.now),
        "quote": {
            "USD": {
                "total_market_cap": market.cap,
                "total_volume_24h": market.volume,
                "total_market_cap_yesterday_percentage_change": market.change_24h,
                "last_updated": _iso(view.now),
            }
        },
    }
