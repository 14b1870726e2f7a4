"""CoinPaprika: one long list, numbers as JSON numbers, zero where it does not know.

https://docs.coinpaprika.com
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from providers.simulator.venue import View
from providers.simulator.wire.aggregator_names import PAPRIKA, Told, whole_market
from providers.simulator.wire.answer import Answer, Query
from providers.simulator.wire.listing import Entry, chosen, entries, tell

HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "public, max-age=60, s-maxage=60, stale-while-revalidate=10",
}


def answer(view: View, path: str, query: Query) -> Answer:
    match path.removeprefix("/v1/").split("/"):
        case ["tickers"]:
            body: Any = [_ticker(tell(view, line)) for line in _list(view)]
        case ["tickers", name]:
            body = _first(view, name, _ticker)
        case ["coins", name]:
            body = _first(view, name, _coin)
        case ["global"]:
            body = _global(view)
        case [*_, ""]:
            place = f'<a href="{path.rstrip("/")}">Moved Permanently</a>.\n\n'
            return Answer(301, place, {"Location": path.rstrip("/"), "Content-Type": "text/html"})
        case _:
            return Answer(404, "404 page not found\n", {"Content-Type": "text/plain"})
    return Answer(404, {"error": "id not found"}) if body is None else Answer(200, body, HEADERS)


def _list(view: View) -> list[Entry]:
    return entries(view, PAPRIKA, lambda coin: coin.paprika_id)


def _first(view: View, name: str, show: Callable[[Told], dict[str, Any]]) -> Any:
    return next((show(tell(view, line)) for line in chosen(_list(view), [name])), None)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ticker(one: Told) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.asset.name,
        "symbol": one.asset.symbol,
        "rank": one.rank,
        "total_supply": round(one.asset.supply),
        "max_supply": round(one.asset.max_supply or 0),
        "beta_value": 1.0,
        "first_data_at": "2010-07-17T00:00:00Z",
        "last_updated": _iso(one.at),
        "quotes": {"USD": _figures(one)},
    }


def _figures(one: Told) -> dict[str, Any]:
    highest = max(one.asset.price * 3, one.price)
    return {
        "price": one.said,
        "volume_24h": one.volume,
        "volume_24h_change_24h": 0,
        "market_cap": round(one.cap),
        "market_cap_change_24h": round(one.change_24h, 2),
        "percent_change_15m": 0,
        "percent_change_30m": 0,
        "percent_change_1h": round(one.change_1h, 2),
        "percent_change_6h": 0,
        "percent_change_12h": 0,
        "percent_change_24h": round(one.change_24h, 2),
        "percent_change_7d": round(one.change_7d, 2),
        "percent_change_30d": 0,
        "percent_change_1y": 0,
        "ath_price": highest,
        "ath_date": "2025-10-06T16:51:15Z",
        "percent_from_price_ath": round(100 * (one.price / highest - 1), 2),
    }


def _coin(one: Told) -> dict[str, Any]:
    slug = one.id.partition("-")[2]
    return {
        "id": one.id,
        "name": one.asset.name,
        "symbol": one.asset.symbol,
        "rank": one.rank,
        "is_new": False,
        "is_active": True,
        "type": "coin",
        "logo": f"https://static.coinpaprika.com/coin/{one.id}/logo.png",
        "tags": [{"id": "simulated", "name": "Simulated", "coin_counter": 1}],
        "team": [],
        "description": f"{one.asset.name} as this market simulates it.",
        "message": "",
        "links": {"website": [f"https://{slug}.example/"]},
        "last_data_at": _iso(one.at),
    }


def _global(view: View) -> dict[str, Any]:
    whole = whole_market(view, PAPRIKA)
    return {
        "market_cap_usd": round(whole.cap),
        "volume_24h_usd": round(whole.volume),
        "bitcoin_dominance_percentage": round(whole.btc, 2),
        "cryptocurrencies_number": whole.count,
        "market_cap_ath_value": round(whole.cap * 2),
        "market_cap_ath_date": "2025-10-05T10:10:00Z",
        "volume_24h_ath_value": round(whole.volume * 4),
        "volume_24h_ath_date": "2021-05-19T21:05:00Z",
        "volume_24h_percent_from_ath": -75,
        "volume_24h_percent_to_ath": 300,
        "market_cap_change_24h": round(whole.change_24h, 2),
        "volume_24h_change_24h": 0,
        "last_updated": int(view.now),
    }
