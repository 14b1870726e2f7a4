"""A row of CoinGecko's list: of a large asset as it always was, of a small coin by its swing."""

from typing import Any

from providers.simulator.assets import Asset
from providers.simulator.coins import Coin
from providers.simulator.market import DAY, HOUR
from providers.simulator.venue import View
from providers.simulator.wire.answer import Query
from providers.simulator.wire.coingecko_rates import rate
from providers.simulator.wire.coingecko_rows import PERIODS, iso, market_row
from providers.simulator.wire.listing import Entry, change, refreshed_at


def listed_row(view: View, line: Entry, currency: str, query: Query) -> dict[str, Any]:
    if isinstance(line.one, Asset):
        return market_row(view, line.one, line.rank, currency, query)
    return _coin_row(view, line.one, line.rank, currency, query)


def _six(price: float) -> float:
    return float(f"{price:.6g}")


def _coin_row(view: View, coin: Coin, rank: int, currency: str, query: Query) -> dict[str, Any]:
    at = refreshed_at(view, coin)
    factor = rate(view, currency, at)
    price = view.usd_of(coin, at) * factor
    before = view.usd_of(coin, at - DAY) * factor
    middle = coin.price * view.factor_of(coin.symbol) * factor
    high, low = max(price, middle * (1 + coin.reach)), min(price, middle * (1 - coin.reach))
    day = change(view, coin, DAY)
    is_exact = coin.exact is not None and factor == view.factor_of(coin.symbol) == 1
    image = f"https://coin-images.coingecko.com/coins/images/{100_000 + coin.number}/large"
    row: dict[str, Any] = {
        "id": coin.gecko_id,
        "symbol": coin.symbol.lower(),
        "name": coin.name,
        "image": f"{image}/{coin.gecko_id}.png",
        "current_price": coin.exact if is_exact else _six(price),
        "market_cap": round(price * coin.supply),
        "market_cap_rank": rank,
        "fully_diluted_valuation": round(price * coin.supply),
        "total_volume": round(price * coin.supply * coin.turnover),
        "high_24h": coin.exact if is_exact else _six(high),
        "low_24h": coin.exact if is_exact else _six(low),
        "price_change_24h": price - before,
        "price_change_percentage_24h": round(day, 5),
        "market_cap_change_24h": (price - before) * coin.supply,
        "market_cap_change_percentage_24h": round(day, 5),
        "circulating_supply": coin.supply,
        "total_supply": coin.supply,
        "max_supply": None,
        "ath": _six(2 * high),
        "ath_change_percentage": round(100 * (price / (2 * high) - 1), 5),
        "ath_date": "2024-03-14T07:10:36.635Z",
        "atl": _six(low / 2),
        "atl_change_percentage": round(100 * (2 * price / low - 1), 5),
        "atl_date": "2022-11-21T15:50:40.000Z",
        "roi": None,
        "last_updated": iso(at + view.lag),
    }
    if query.get("sparkline", "false").lower() == "true":
        full = at // HOUR * HOUR
        hours = range(7 * 24 - 1, -1, -1)
        points = [view.usd_of(coin, full - HOUR * back) * factor for back in hours]
        row["sparkline_in_7d"] = {"price": points}
    for name in query.get("price_change_percentage", "").split(","):
        if name in PERIODS:
            row[f"price_change_percentage_{name}_in_currency"] = change(view, coin, PERIODS[name])
    return row
