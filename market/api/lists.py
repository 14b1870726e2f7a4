"""Lists of the market over HTTP: the largest, any selection, and the catalog."""

from typing import Any

import orjson
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cryptodt.common.errors import InvalidRequest
from market.api import parameters
from market.api.conditional import respond
from market.api.list_serializers import ASSET, ASSETS, COINS, MARKET
from market.api.parameters import CountsSymbols
from market.resolver import LONGEST, symbol_of
from market.selectors.assets import asset_page, index
from market.selectors.figures import Answer
from market.selectors.standings import MOST_ROWS, SORTS, Listing, board, standing_of, top, totals
from market.snapshot import iso_of

LIMIT = OpenApiParameter("limit", OpenApiTypes.INT, description=f"1 to {MOST_ROWS}.")
# The names that clients of another house know, beside our own.
CAMEL = {
    "total_market_cap": "totalMarketCap",
    "total_volume_24h": "totalVolume24h",
    "btc_dominance": "btcDominance",
    "eth_dominance": "ethDominance",
    "market_cap_change_24h": "marketCapChange24h",
    "active_assets": "activeCryptocurrencies",
    "btc_price": "btcPrice",
    "eth_price": "ethPrice",
}


def market_totals(now_ms: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the totals that are known, by both names, and whose word they are and how old."""
    found = totals()
    if found is None:
        return {}, {}
    item, told = found
    both = {name: told[key] for key in told for name in (key, CAMEL[key])}
    return both, {
        "totalsSource": item.sources[0],
        "totalsLastUpdate": iso_of(item.observed_ms),
        "totalsAge": max(0, now_ms - item.observed_ms) // 1000,
    }


def _items(listing: Listing) -> list[orjson.Fragment]:
    return [orjson.Fragment(item) for item in listing.items]


class TopCoinsView(APIView):
    """The assets with the largest market caps."""

    @extend_schema(operation_id="top_coins", tags=["market"], parameters=[LIMIT], responses=COINS)
    def get(self, request: Request) -> Response:
        limit = parameters.whole(request, "limit", default=10, least=1, most=MOST_ROWS)
        listing = top(limit)
        items = _items(listing)
        body = {
            "success": True,
            "data": items,
            "coins": items,
            "count": len(items),
            "total": listing.total,
            "limit": limit,
            "source": listing.source,
            "timestamp": listing.now_ms,
        }
        return respond(request, Answer(body, listing.etag))


class MarketView(CountsSymbols, APIView):
    """The market in one answer: its totals, and its assets in the order that was asked for."""

    @extend_schema(
        operation_id="market",
        tags=["market"],
        parameters=[
            LIMIT,
            OpenApiParameter("symbols", OpenApiTypes.STR, description="In any spelling."),
            OpenApiParameter(
                "sort",
                OpenApiTypes.STR,
                enum=list(SORTS),
                description="The other way round with a minus before it.",
            ),
        ],
        responses=MARKET,
    )
    def get(self, request: Request) -> Response:
        limit = parameters.whole(request, "limit", default=50, least=1, most=MOST_ROWS)
        orders = (*SORTS, *(f"-{one}" for one in SORTS))
        sort = parameters.choice(request, "sort", default="rank", accepted=orders)
        listing = board(parameters.symbols(request), sort=sort, limit=limit)
        items = _items(listing)
        both, told = market_totals(listing.now_ms)
        body = {
            "success": True,
            **both,
            "items": items,
            "data": items,
            "prices": items,
            "count": len(items),
            "total": listing.total,
            "source": listing.source,
            "last_updated": iso_of(listing.newest_ms),
            "timestamp": listing.now_ms,
            "meta": {"limit": limit, "sort": sort, "total": listing.total, **told},
        }
        return respond(request, Answer(body, listing.etag))


class AssetsView(APIView):
    """The catalog: everything that can be asked for, by its names."""

    @extend_schema(
        operation_id="assets",
        tags=["market"],
        parameters=[
            OpenApiParameter("q", OpenApiTypes.STR, description="A part of any of its names."),
            LIMIT,
            OpenApiParameter("cursor", OpenApiTypes.STR, description="`next` of the last page."),
        ],
        responses=ASSETS,
    )
    def get(self, request: Request) -> Response:
        limit = parameters.whole(request, "limit", default=100, least=1, most=1000)
        query, cursor = request.query_params.get("q", ""), request.query_params.get("cursor")
        if len(query) > LONGEST:
            raise InvalidRequest(f"`q` has at most {LONGEST} letters.")
        if cursor is not None and cursor not in index().entries:
            raise InvalidRequest("`cursor` is what `next` was in the answer before.")
        page = asset_page(query, limit=limit, after=cursor)
        body = {
            "success": True,
            "data": [asset_shape(entry.symbol) for entry in page.entries],
            "count": len(page.entries),
            "total": page.total,
            "next": page.next,
        }
        return respond(request, Answer(body, f'W/"{index().version:x}"'))


class AssetView(APIView):
    """One asset with all its names, and what is known of it beside its price."""

    @extend_schema(operation_id="asset", tags=["market"], responses=ASSET)
    def get(self, request: Request, symbol: str) -> Response:
        found = symbol_of(symbol, index())
        line = standing_of(found)
        shape = {**asset_shape(found), "rank": None if line is None else line.shape["rank"]}
        return Response({"success": True, "data": shape})


def asset_shape(symbol: str) -> dict[str, Any]:
    entry = index().entries[symbol]
    return {
        "symbol": entry.symbol,
        "ticker": entry.ticker,
        "name": entry.name,
        "ids": dict(entry.ids),
        "aliases": sorted(entry.all_aliases),
        "tracked": entry.is_tracked,
        "gone": entry.is_gone,
    }
