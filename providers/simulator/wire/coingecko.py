"""CoinGecko: plain JSON numbers, prices some seconds old, unknown ids silently left out.

https://docs.coingecko.com/v3.0.1/reference/endpoint-overview
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from providers.simulator.assets import ASSETS, BY_GECKO_ID, Asset
from providers.simulator.coins import Coin
from providers.simulator.market import DAY, HOUR, MINUTE
from providers.simulator.venue import View
from providers.simulator.wire.answer import Answer, Query, Refused, whole
from providers.simulator.wire.coingecko_details import details
from providers.simulator.wire.coingecko_exchanges import rows as exchange_rows
from providers.simulator.wire.coingecko_list import listed_row
from providers.simulator.wire.coingecko_rates import CURRENCIES, exchange_rates, rate
from providers.simulator.wire.coingecko_rows import (
    change_percentage,
    market_cap,
    number,
    turnover,
    updated_at,
)
from providers.simulator.wire.listing import Entry, chosen, entries

HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "max-age=30, public, must-revalidate, s-maxage=60",
}

_MOST_ROWS = 250
_IDS = {asset.symbol: asset.gecko_id for asset in ASSETS}
_YEAR = 365
# Longer charts have a point a day, and candles of four days.
_HOURLY_DAYS, _MONTH = 90, 30
_ORDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "market_cap_asc": lambda row: row["market_cap"],
    "volume_desc": lambda row: -row["total_volume"],
    "volume_asc": lambda row: row["total_volume"],
    "id_asc": lambda row: row["id"],
}


def refused(status: int, error: str) -> Refused:
    return Refused(Answer(status, {"error": error}, HEADERS))


def _required(query: Query, name: str) -> str:
    if not query.get(name):
        raise refused(422, f"Missing parameter {name}")
    return query[name]


def _currency(query: Query) -> str:
    currency = _required(query, "vs_currency").lower()
    if currency not in CURRENCIES:
        raise refused(422, "invalid vs_currency")
    return currency


def _chosen(ids: str) -> list[Asset]:
    # Exact matches only: the id after ", " starts with a space and is left out too.
    wanted = set(ids.split(","))
    return [asset for key, asset in sorted(BY_GECKO_ID.items()) if key in wanted]


def _is_on(query: Query, name: str) -> bool:
    return query.get(name, "false").lower() == "true"


def _ping(view: View, query: Query) -> Any:
    return {"gecko_says": "(V3) To the Moon!"}


def _currencies(view: View, query: Query) -> Any:
    return list(CURRENCIES)


def _simple_price(view: View, query: Query) -> Any:
    assets = _chosen(_required(query, "ids"))
    currencies = _required(query, "vs_currencies").lower().split(",")
    known = [currency for currency in currencies if currency in CURRENCIES]
    return {asset.gecko_id: _simple_row(view, query, asset, known) for asset in assets}


def _simple_row(view: View, query: Query, asset: Asset, currencies: list[str]) -> dict[str, Any]:
    at = updated_at(view, asset)
    row: dict[str, Any] = {}
    for currency in currencies:
        price = view.usd(asset.symbol, at) * rate(view, currency, at)
        digits = whole(query.get("precision", ""))
        if digits is not None:
            row[currency] = round(price, digits)
        else:
            row[currency] = price if query.get("precision") else number(price)
        if _is_on(query, "include_market_cap"):
            row[f"{currency}_market_cap"] = market_cap(view, asset, currency, at)
        if _is_on(query, "include_24hr_vol"):
            row[f"{currency}_24h_vol"] = turnover(view, asset, currency, at)
        if _is_on(query, "include_24hr_change"):
            row[f"{currency}_24h_change"] = change_percentage(view, asset, currency, DAY)
    if currencies and _is_on(query, "include_last_updated_at"):
        row["last_updated_at"] = int(at + view.lag)
    return row


def _markets(view: View, query: Query) -> Any:
    currency = _currency(query)
    lines = _lines(view, query)
    per_page, page = _paging(query)
    start, end = (page - 1) * per_page, page * per_page
    order = _ORDERS.get(query.get("order", ""))
    if order is None:
        # They are in this order already; no other row has to be made.
        return [listed_row(view, line, currency, query) for line in lines[start:end]]
    rows = [listed_row(view, line, currency, query) for line in lines]
    return sorted(rows, key=order)[start:end]


def _lines(view: View, query: Query) -> list[Entry]:
    lines = entries(view, _IDS, lambda coin: coin.gecko_id)
    return chosen(lines, query["ids"].split(",")) if query.get("ids") else lines


def _total(view: View, query: Query) -> int:
    known = {*BY_GECKO_ID, *(coin.gecko_id for coin in view.coins)}
    return len(known.intersection(query["ids"].split(","))) if query.get("ids") else len(known)


def _details(view: View, query: Query, asset: Asset) -> Any:
    (row,) = _markets(view, {"vs_currency": "usd", "ids": asset.gecko_id})
    return details(asset, row, query)


def _paging(query: Query) -> tuple[int, int]:
    per_page = whole(query.get("per_page", "")) or 100
    page = whole(query.get("page", "")) or 1
    return min(per_page, _MOST_ROWS), page


def _global(view: View, query: Query) -> Any:
    at = view.until
    caps = {a.symbol.lower(): market_cap(view, a, "usd", at) for a in ASSETS}
    volume = sum(turnover(view, asset, "usd", at) for asset in ASSETS)
    total = sum(caps.values())
    before = sum(market_cap(view, asset, "usd", at - DAY) for asset in ASSETS)
    top = sorted(caps, key=lambda symbol: -caps[symbol])[:10]
    return {
        "data": {
            "active_cryptocurrencies": len(ASSETS),
            "upcoming_icos": 0,
            "ongoing_icos": 49,
            "ended_icos": 3376,
            "markets": 3,
            "total_market_cap": {c: total * rate(view, c, at) for c in CURRENCIES},
            "total_volume": {c: volume * rate(view, c, at) for c in CURRENCIES},
            "market_cap_percentage": {symbol: 100 * caps[symbol] / total for symbol in top},
            "market_cap_change_percentage_24h_usd": 100 * (total / before - 1),
            "volume_change_percentage_24h_usd": 0.0,
            "updated_at": int(view.now),
        }
    }


def _trending(view: View, query: Query) -> Any:
    moved = sorted(ASSETS, key=lambda a: -abs(change_percentage(view, a, "usd", DAY)))[:15]
    ranked = sorted(ASSETS, key=lambda a: -a.supply * a.price)
    return {
        "coins": [
            {"item": _trending_item(view, asset, ranked.index(asset) + 1, score)}
            for score, asset in enumerate(moved)
        ],
        "nfts": [],
        "categories": [],
    }


def _trending_item(view: View, asset: Asset, rank: int, score: int) -> dict[str, Any]:
    at = updated_at(view, asset)
    usd = view.usd(asset.symbol, at)
    in_btc = usd * rate(view, "btc", at)
    image = f"https://coin-images.coingecko.com/coins/images/{asset.gecko_number}"
    return {
        "id": asset.gecko_id,
        "coin_id": asset.gecko_number,
        "name": asset.name,
        "symbol": asset.symbol,
        "market_cap_rank": rank,
        "thumb": f"{image}/standard/{asset.gecko_id}.png",
        "small": f"{image}/small/{asset.gecko_id}.png",
        "large": f"{image}/large/{asset.gecko_id}.png",
        "slug": asset.gecko_id,
        "price_btc": in_btc,
        "score": score,
        "data": {
            "price": usd,
            "price_btc": f"{in_btc:.18f}".rstrip("0"),
            "price_change_percentage_24h": {
                currency: change_percentage(view, asset, currency, DAY) for currency in CURRENCIES
            },
            "market_cap": f"${market_cap(view, asset, 'usd', at):,.0f}",
            "market_cap_btc": str(market_cap(view, asset, "btc", at)),
            "total_volume": f"${turnover(view, asset, 'usd', at):,.0f}",
            "total_volume_btc": str(turnover(view, asset, "btc", at)),
            "sparkline": f"https://www.coingecko.com/coins/{asset.gecko_number}/sparkline.svg",
            "content": None,
        },
    }


def _list(view: View, query: Query) -> Any:
    everything: list[Asset | Coin] = [*ASSETS, *view.coins]
    extra: dict[str, Any] = {"platforms": {}} if _is_on(query, "include_platform") else {}
    return [
        {"id": one.gecko_id, "symbol": one.symbol.lower(), "name": one.name, **extra}
        for one in sorted(everything, key=lambda one: one.gecko_id)
    ]


def _exchanges(view: View, query: Query) -> Any:
    return exchange_rows(*_paging(query))


def _days(view: View, query: Query) -> int:
    text = _required(query, "days")
    days = whole(text)
    if text != "max" and (days is None or days == 0):
        raise refused(422, "invalid days")
    if days is None or days > _YEAR:
        message = (
            "Your request exceeds the allowed time range. Public API users are limited to "
            "querying historical data within the past 365 days. Upgrade to a paid plan to "
            "enjoy full historical data access: https://www.coingecko.com/en/api/pricing. "
        )
        stamp = datetime.fromtimestamp(view.now, UTC).isoformat(timespec="milliseconds")
        status = {"timestamp": stamp, "error_code": 10012, "error_message": message}
        raise Refused(Answer(401, {"error": {"status": status}}, HEADERS))
    return days


def _market_chart(view: View, query: Query, asset: Asset) -> Any:
    currency, days = _currency(query), _days(view, query)
    moments = _moments(view, days, query.get("interval") == "daily")
    columns: dict[str, list[list[float]]] = {"prices": [], "market_caps": [], "total_volumes": []}
    for at in moments:
        price = view.usd(asset.symbol, at) * rate(view, currency, at)
        stamp = int(at * 1000)
        columns["prices"].append([stamp, price])
        columns["market_caps"].append([stamp, price * asset.supply])
        # The days it spans change little from one point to the next, and cost the most.
        volume = turnover(view, asset, "usd", at // HOUR * HOUR) * rate(view, currency, at)
        columns["total_volumes"].append([stamp, volume])
    return columns


def _moments(view: View, days: int, daily: bool) -> list[float]:
    if daily or days > _HOURLY_DAYS:
        step, shift = DAY, 0.0
    elif days == 1:
        step, shift = 5 * MINUTE, 37.219
    else:
        step, shift = HOUR, 11.684
    last = (view.now - shift) // step * step + shift
    count = days * DAY // step
    return [*(last - step * back for back in range(count - 1, -1, -1)), view.now]


def _ohlc(view: View, query: Query, asset: Asset) -> Any:
    currency, days = _currency(query), _days(view, query)
    if days not in (1, 7, 14, 30, 90, 180, 365):
        raise refused(422, "Invalid days parameter")
    step = 30 * MINUTE if days == 1 else 4 * HOUR if days <= _MONTH else 4 * DAY
    last = int(view.now) // step * step
    rows = []
    for close in range(last - days * DAY + step, last + 1, step):
        start = min(close - step, view.second)
        seen = max(start + 1, min(close, view.second + 1))
        span = view.market.span(asset.symbol, start, seen)
        prices = (view.usd_at_log(asset.symbol, y) for y in span[:4])
        rows.append([close * 1000, *(number(p * rate(view, currency, close)) for p in prices)])
    return rows


def _exchange_rates(view: View, query: Query) -> Any:
    return exchange_rates(view)


_PLAIN: dict[str, Callable[[View, Query], Any]] = {
    "/ping": _ping,
    "/simple/price": _simple_price,
    "/simple/supported_vs_currencies": _currencies,
    "/coins/markets": _markets,
    "/coins/list": _list,
    "/exchange_rates": _exchange_rates,
    "/exchanges": _exchanges,
    "/global": _global,
    "/search/trending": _trending,
}
_OF_ASSET: dict[str | None, Callable[[View, Query, Asset], Any]] = {
    None: _details,
    "market_chart": _market_chart,
    "ohlc": _ohlc,
}
_PREFIX = "/api/v3"


def answer(view: View, path: str, query: Query) -> Answer:
    place = path.rstrip("/").removeprefix(_PREFIX)
    headers = HEADERS
    try:
        if place in _PLAIN and path.startswith(_PREFIX):
            body = _PLAIN[place](view, query)
        else:
            body = _about_asset(view, place, query)
    except Refused as refusal:
        return refusal.answer
    if place == "/coins/markets":
        headers = {
            **HEADERS,
            "Per-Page": str(_paging(query)[0]),
            "Total": str(_total(view, query)),
        }
    return Answer(200, body, headers)


def _about_asset(view: View, place: str, query: Query) -> Any:
    match = re.fullmatch(r"/coins/([^/]+)(?:/(\w+))?", place)
    if match is None or match[2] not in _OF_ASSET:
        raise refused(404, "Incorrect path. Please check https://www.coingecko.com/api/")
    if match[1] not in BY_GECKO_ID:
        raise refused(404, "coin not found")
    return _OF_ASSET[match[2]](view, query, BY_GECKO_ID[match[1]])
