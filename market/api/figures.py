"""The market as a whole over HTTP: overview, movers, what is trending, and DeFi."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from market.api.conditional import respond
from market.api.figure_shapes import DEFI, MOVERS, OVERVIEW, TRENDING, TVL_CHART
from market.api.parameters import whole
from market.selectors import figures, overview

MOST_MOVERS = 50
MOST_TRENDING = 50
MOST_PROTOCOLS = 100


def counted(name: str, default: int, most: int) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.INT, description=f"1 to {most}.", default=default)


class OverviewView(APIView):
    """The totals of the whole market, who moved most, and what people look up."""

    @extend_schema(operation_id="market_overview", tags=["market"], responses=OVERVIEW)
    def get(self, request: Request) -> Response:
        return respond(request, overview.overview_answer())


class GainersView(APIView):
    """The tracked assets that rose most in a day, of those with a fresh price and enough traded."""

    @extend_schema(
        operation_id="market_gainers",
        tags=["market"],
        parameters=[counted("limit", 10, MOST_MOVERS)],
        responses=MOVERS,
    )
    def get(self, request: Request) -> Response:
        limit = whole(request, "limit", default=10, most=MOST_MOVERS)
        return respond(request, overview.gainers_answer(limit))


class LosersView(APIView):
    """The tracked assets that fell most in a day, of those with a fresh price and enough traded."""

    @extend_schema(
        operation_id="market_losers",
        tags=["market"],
        parameters=[counted("limit", 10, MOST_MOVERS)],
        responses=MOVERS,
    )
    def get(self, request: Request) -> Response:
        limit = whole(request, "limit", default=10, most=MOST_MOVERS)
        return respond(request, overview.losers_answer(limit))


class TrendingView(APIView):
    """What people look up most, in their order; at most as many as the provider names."""

    @extend_schema(
        operation_id="trending",
        tags=["market"],
        parameters=[counted("limit", 7, MOST_TRENDING)],
        responses=TRENDING,
    )
    def get(self, request: Request) -> Response:
        limit = whole(request, "limit", default=7, most=MOST_TRENDING)
        return respond(request, figures.trending_answer(limit))


class HfTrendingView(TrendingView):
    """The same at the address that older clients know."""

    @extend_schema(
        operation_id="hf_trending",
        tags=["market"],
        parameters=[counted("limit", 7, MOST_TRENDING)],
        responses=TRENDING,
    )
    def get(self, request: Request) -> Response:
        return super().get(request)


class DefiView(APIView):
    """The DeFi protocols that hold most; exchanges and ledgers are not counted among them."""

    @extend_schema(
        operation_id="defi",
        tags=["market"],
        parameters=[counted("limit", 20, MOST_PROTOCOLS)],
        responses=DEFI,
    )
    def get(self, request: Request) -> Response:
        limit = whole(request, "limit", default=20, most=MOST_PROTOCOLS)
        return respond(request, figures.defi_answer(limit))


class TvlChartView(APIView):
    """What was locked in DeFi on each of the last days. Days that are not known are named."""

    @extend_schema(
        operation_id="defi_tvl_chart",
        tags=["market"],
        parameters=[counted("days", 30, figures.MOST_DAYS)],
        responses=TVL_CHART,
    )
    def get(self, request: Request) -> Response:
        days = whole(request, "days", default=30, most=figures.MOST_DAYS)
        return respond(request, figures.tvl_answer(days))
