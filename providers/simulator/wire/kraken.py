"""Kraken spot: prices in USD, errors inside a 200, old assets under old names.

https://docs.kraken.com/api/docs/rest-api/get-ticker-information
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from providers.simulator.candles import KRAKEN as GRIDS
from providers.simulator.market import DAY
from providers.simulator.noise import words
from providers.simulator.venue import Bar, Pair, View, fixed
from providers.simulator.wire.answer import Answer, Query, Refused, whole
from providers.simulator.wire.kraken_names import (
    LISTINGS,
    Listing,
    asset_info,
    find,
    pair_info,
)

HEADERS = {"Content-Type": "application/json; charset=utf-8"}
_TICKER_HEADERS = {**HEADERS, "Cache-Control": "public, max-age=2"}

_COMMITTED = 720
_MOST_LEVELS = 500
_LOT_DECIMALS = 8
_DEPTH_DECIMALS = 3


def refused(*errors: str) -> Refused:
    return Refused(Answer(200, {"error": list(errors)}, HEADERS))


_INVALID = "EGeneral:Invalid arguments"


def _listings(query: Query) -> list[Listing]:
    if not query.get("pair"):
        return LISTINGS
    found = [find(name) for name in query["pair"].split(",")]
    if None in found:
        raise refused("EQuery:Unknown asset pair")
    return [listing for listing in found if listing]


def _one(query: Query) -> Listing:
    if not query.get("pair"):
        raise refused(_INVALID)
    listing = find(query["pair"])
    if listing is None:
        raise refused("EQuery:Unknown asset pair")
    return listing


def _key(listing: Listing, query: Query) -> str:
    return listing.modern if query.get("assetVersion") == "1" else listing.key


def _time(view: View, query: Query) -> Any:
    moment = datetime.fromtimestamp(int(view.now), UTC)
    return {
        "unixtime": int(view.now),
        "rfc1123": moment.strftime("%a, %d %b %y %H:%M:%S +0000"),
    }


def _status(view: View, query: Query) -> Any:
    moment = datetime.fromtimestamp(int(view.now), UTC)
    return {"status": "online", "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _assets(view: View, query: Query) -> Any:
    assets = asset_info()
    if not query.get("asset"):
        return assets
    names = {**{info["altname"]: key for key, info in assets.items()}, **{k: k for k in assets}}
    wanted = query["asset"].split(",")
    if not names.keys() >= set(wanted):
        raise refused("EQuery:Unknown asset")
    return {names[name]: assets[names[name]] for name in wanted}


def _asset_pairs(view: View, query: Query) -> Any:
    return {_key(listing, query): pair_info(listing) for listing in _listings(query)}


def _ticker(view: View, query: Query) -> Any:
    return {_key(listing, query): _tick(view, listing.pair) for listing in _listings(query)}


def _tick(view: View, pair: Pair) -> dict[str, Any]:
    bid, ask = view.book(pair, 1)
    rolling = view.day(pair)
    today = view.bar(pair, view.second // DAY * DAY, view.second + 1)
    size = 1 + words(f"{pair.base}{view.second}", 1)[0] % 5000

    def price(ticks: float) -> str:
        # More digits than the tick has, but never fewer.
        return fixed(round(ticks), pair.decimals, max(5, pair.decimals))

    def level(side: list[tuple[int, int]]) -> list[str]:
        lots = max(1, round(side[0][1] / 10**pair.lot_decimals))
        return [price(side[0][0]), str(lots), f"{lots}.000"]

    bars = (today, rolling)
    return {
        "a": level(ask),
        "b": level(bid),
        "c": [price(rolling.close), _volume(pair, size)],
        "v": [_volume(pair, bar.volume) for bar in bars],
        "p": [price(bar.typical) for bar in bars],
        "t": [bar.trades for bar in bars],
        "l": [price(bar.low) for bar in bars],
        "h": [price(bar.high) for bar in bars],
        "o": price(today.open),
    }


def _volume(pair: Pair, amount: int) -> str:
    return fixed(amount, pair.lot_decimals, _LOT_DECIMALS)


def _ohlc(view: View, query: Query) -> Any:
    listing = _one(query)
    interval = query.get("interval", "1")
    since = whole(query.get("since", "0"))
    if interval not in GRIDS or since is None:
        raise refused(_INVALID)
    grid = GRIDS[interval]
    # The oldest rows drop out whatever `since` says; it only hides rows already known.
    openings = grid.latest(int(view.now), _COMMITTED + 1)
    rows = [
        _row(listing.pair, at, view.bar(listing.pair, at, grid.after(at)))
        for at in openings
        if at > since or at == openings[-1]
    ]
    return {_key(listing, query): rows, "last": openings[-2] if openings[1:] else openings[-1]}


def _row(pair: Pair, at: int, bar: Bar) -> list[Any]:
    average = fixed(round(bar.typical), pair.decimals) if bar.volume else "0.0"
    prices = (fixed(ticks, pair.decimals) for ticks in bar[:4])
    return [at, *prices, average, _volume(pair, bar.volume), bar.trades]


def _depth(view: View, query: Query) -> Any:
    listing = _one(query)
    count = whole(query.get("count", "100"))
    if count is None or not 1 <= count <= _MOST_LEVELS:
        raise refused(_INVALID)
    pair = listing.pair
    bids, asks = view.book(pair, count)
    smallest = 10 ** max(0, pair.lot_decimals - _DEPTH_DECIMALS)

    def rows(side: list[tuple[int, int]]) -> list[list[Any]]:
        return [
            [
                fixed(price, pair.decimals, max(5, pair.decimals)),
                # Nothing is offered in less than it shows.
                fixed(max(size, smallest), pair.lot_decimals, _DEPTH_DECIMALS),
                int(view.now) - i % 7,
            ]
            for i, (price, size) in enumerate(side)
        ]

    return {_key(listing, query): {"asks": rows(asks), "bids": rows(bids)}}


ENDPOINTS: dict[str, Callable[[View, Query], Any]] = {
    "Time": _time,
    "SystemStatus": _status,
    "Assets": _assets,
    "AssetPairs": _asset_pairs,
    "Ticker": _ticker,
    "OHLC": _ohlc,
    "Depth": _depth,
}
_PREFIX = "/0/public/"


def answer(view: View, path: str, query: Query) -> Answer:
    tell = ENDPOINTS.get(path.removeprefix(_PREFIX)) if path.startswith(_PREFIX) else None
    if tell is None:
        return Answer(200, {"error": ["EGeneral:Unknown method"]}, HEADERS)
    try:
        result = tell(view, query)
    except Refused as refusal:
        return refusal.answer
    headers = _TICKER_HEADERS if tell is _ticker else HEADERS
    return Answer(200, {"error": [], "result": result}, headers)
