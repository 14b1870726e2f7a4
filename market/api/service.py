"""The published list for clients: rates of pairs, and how the market is, in one envelope."""

import time
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cryptodt.common.errors import InvalidRequest
from market.api.list_serializers import RATE, RATES, STATUS
from market.api.lists import market_totals
from market.api.parameters import CountsSymbols
from market.selectors.prices import freshness
from market.selectors.standings import FRESH_SECONDS
from market.services.pairs import PairRate, pair_rates
from market.snapshot import iso_of

MOST_PAIRS = 50


def envelope(data: Any, *, source: str, attempted: Sequence[str], seconds: int) -> dict[str, Any]:
    return {
        "data": data,
        "meta": {
            "source": source,
            "generated_at": iso_of(time.time_ns() // 1_000_000),
            "cache_ttl_seconds": seconds,
            "attempted": list(attempted),
        },
    }


def _shape(rate: PairRate) -> dict[str, Any]:
    return {
        "pair": rate.pair,
        "price": rate.price,
        "quote": rate.quote,
        "ts": iso_of(rate.observed_ms),
        "age": rate.age,
        "stale": rate.is_stale,
        "source": "+".join(rate.sources),
    }


class RateView(APIView):
    """What one asset costs in another, or in any money that has a rate."""

    @extend_schema(
        operation_id="service_rate",
        tags=["service"],
        parameters=[OpenApiParameter("pair", OpenApiTypes.STR, description="Such as BTC/USDT.")],
        responses=RATE,
    )
    def get(self, request: Request) -> Response:
        typed = request.query_params.get("pair")
        if typed is None:
            raise InvalidRequest("`pair` is missing; BTC/USDT is one.")
        (rate,) = pair_rates([typed]).rates
        return Response(_told(_shape(rate), rate.sources))


class RatesView(CountsSymbols, APIView):
    """The same for several pairs."""

    @extend_schema(
        operation_id="service_rates",
        tags=["service"],
        parameters=[OpenApiParameter("pairs", OpenApiTypes.STR, description="BTC/USDT,ETH/EUR")],
        responses=RATES,
    )
    def get(self, request: Request) -> Response:
        typed = request.query_params.get("pairs", "").split(",")
        pairs = [one for one in typed if one.strip()]
        if not 0 < len(pairs) <= MOST_PAIRS:
            raise InvalidRequest(
                f"`pairs` names 1 to {MOST_PAIRS} pairs, separated by commas.",
                details={"pairs": len(pairs), "most": MOST_PAIRS},
            )
        found = pair_rates(pairs)
        told = _told([_shape(rate) for rate in found.rates], found.sources)
        return Response({**told, "meta": {**told["meta"], "missing": found.missing}})


def _told(data: Any, sources: Sequence[str]) -> dict[str, Any]:
    seconds = settings.CACHE_TTL_PRICES
    return envelope(data, source="+".join(sources), attempted=sources, seconds=seconds)


class MarketStatusView(APIView):
    """The totals of the market, and how complete and how young our own prices are."""

    @extend_schema(operation_id="service_market_status", tags=["service"], responses=STATUS)
    def get(self, request: Request) -> Response:
        both, told = market_totals(time.time_ns() // 1_000_000)
        priced, stale, tracked = freshness()
        source = told.get("totalsSource", "")
        snake = {name: value for name, value in both.items() if name.islower()}
        data = {**snake, "tracked": tracked, "priced": priced, "stale": stale, **told}
        attempted = [source] if source else []
        return Response(envelope(data, source=source, attempted=attempted, seconds=FRESH_SECONDS))
