"""The figures CoinGecko gives of one asset, and the digits it gives them with."""

import math
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from providers.simulator.assets import Asset
from providers.simulator.market import DAY, HOUR, OPENED
from providers.simulator.noise import uniform
from providers.simulator.venue import View
from providers.simulator.wire.answer import Query
from providers.simulator.wire.coingecko_rates import rate

# Each asset is refreshed this often, and the figures then need a moment to reach the cache.
_REFRESH, _DELAY = 20.0, 4.0

PERIODS = {
    "1h": HOUR,
    "24h": DAY,
    "7d": 7 * DAY,
    "14d": 14 * DAY,
    "30d": 30 * DAY,
    "200d": 200 * DAY,
    "1y": 365 * DAY,
}
_WHOLE_FROM, _CENTS_FROM, _MILLS_FROM = 10000, 1.05, 1


def number(value: float) -> float:
    """Round as CoinGecko does: whole dollars, cents, or six digits below a dollar."""
    if value >= _WHOLE_FROM:
        return round(value)
    if value >= _CENTS_FROM:
        return round(value, 2)
    if value >= _MILLS_FROM:
        return round(value, 3)
    return float(f"{value:.6g}")


@lru_cache(1024)
def _phase(seed: int, symbol: str) -> float:
    return uniform(f"{seed}/coingecko/{symbol}/refresh") * _REFRESH


def updated_at(view: View, asset: Asset) -> float:
    """Return when the asset was last refreshed, as seen by the market."""
    phase = _phase(view.market.seed, asset.symbol)
    return (view.until - _DELAY - phase) // _REFRESH * _REFRESH + phase


def market_cap(view: View, asset: Asset, currency: str, at: float) -> float:
    return view.usd(asset.symbol, at) * rate(view, currency, at) * asset.supply


def turnover(view: View, asset: Asset, currency: str, at: float) -> float:
    low, high, volume = _day(view, asset, at)
    return volume * (low + high) / 2 * rate(view, currency, at)


def _day(view: View, asset: Asset, at: float) -> tuple[float, float, float]:
    second = int(min(at, view.until))
    span = view.market.span(asset.symbol, max(second + 1 - DAY, OPENED), second + 1)
    low, high = (view.usd_at_log(asset.symbol, y) for y in (span.low, span.high))
    return low, high, span.lots * view.share / 10**asset.lot_decimals


def _price(view: View, asset: Asset, currency: str, at: float) -> float:
    return view.usd(asset.symbol, at) * rate(view, currency, at)


def change_percentage(view: View, asset: Asset, currency: str, period: int) -> float:
    at = updated_at(view, asset)
    now = _price(view, asset, currency, at)
    return 100 * (now / _price(view, asset, currency, at - period) - 1)


def market_row(view: View, asset: Asset, rank: int, currency: str, query: Query) -> dict[str, Any]:
    at = updated_at(view, asset)
    factor = rate(view, currency, at)
    price = _price(view, asset, currency, at)
    before = _price(view, asset, currency, at - DAY)
    low, high, volume = _day(view, asset, at)
    cap = price * asset.supply
    image = f"https://coin-images.coingecko.com/coins/images/{asset.gecko_number}/large"
    row: dict[str, Any] = {
        "id": asset.gecko_id,
        "symbol": asset.symbol.lower(),
        "name": asset.name,
        "image": f"{image}/{asset.gecko_id}.png",
        "current_price": number(price),
        "market_cap": round(cap),
        "market_cap_rank": rank,
        "fully_diluted_valuation": round(price * (asset.max_supply or asset.supply)),
        "total_volume": round(volume * (low + high) / 2 * factor),
        "high_24h": number(high * factor),
        "low_24h": number(low * factor),
        "price_change_24h": price - before,
        "price_change_percentage_24h": round(100 * (price / before - 1), 5),
        "market_cap_change_24h": (price - before) * asset.supply,
        "market_cap_change_percentage_24h": round(100 * (price / before - 1), 5),
        "circulating_supply": asset.supply,
        "total_supply": asset.supply,
        "max_supply": asset.max_supply,
        **_records(asset, price, high * factor, factor),
        "roi": None,
        "last_updated": iso(at + view.lag),
    }
    if query.get("sparkline", "false").lower() == "true":
        hours = range(7 * 24 - 1, -1, -1)
        full = at // HOUR * HOUR
        points = [_price(view, asset, currency, full - HOUR * back) for back in hours]
        row["sparkline_in_7d"] = {"price": points}
    for name in query.get("price_change_percentage", "").split(","):
        if name in PERIODS:
            change = change_percentage(view, asset, currency, PERIODS[name])
            row[f"price_change_percentage_{name}_in_currency"] = change
    return row


def _records(asset: Asset, price: float, high: float, factor: float) -> dict[str, Any]:
    # Four times the spread of the walk's slow part: rarely reached, and then it is today's high.
    reach = math.exp(32 * asset.volatility)
    ath = max(asset.price * reach * factor, high)
    atl = min(asset.price / reach * factor / 10, price)
    return {
        "ath": number(ath),
        "ath_change_percentage": round(100 * (price / ath - 1), 5),
        "ath_date": "2021-11-10T14:24:11.849Z",
        "atl": number(atl),
        "atl_change_percentage": round(100 * (price / atl - 1), 5),
        "atl_date": "2018-12-15T00:00:00.000Z",
    }


def iso(at: float) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
