"""Prices over HTTP: the latest ones, and those of the past."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cryptodt.common import broadcast
from cryptodt.common.money import spell
from market.api import parameters
from market.api.conditional import respond
from market.api.list_serializers import HISTORY, PRICE_DATA
from market.api.parameters import CountsSymbols
from market.api.serializers import PRICES
from market.selectors.assets import index, symbols_typed
from market.selectors.figures import Answer
from market.selectors.history import STEPS, price_history
from market.selectors.prices import PriceAnswer, PriceQuery
from market.selectors.standings import lines_of
from market.services.asked import prices_for
from market.snapshot import iso_of

YEAR = 365 * 24 * 3600
DAYS, MOST_DAYS = 30, 3650
SYMBOLS = OpenApiParameter(
    "symbols",
    OpenApiTypes.STR,
    description="Comma-separated symbols in any spelling; all tracked ones without it.",
    examples=[OpenApiExample("three", value="BTC,ETH,SOL")],
)
CONVERT = OpenApiParameter(
    "convert",
    OpenApiTypes.STR,
    description="The money to tell prices in: any currency or asset that has a rate.",
    examples=[OpenApiExample("euros", value="EUR")],
)
MAX_AGE = OpenApiParameter(
    "max_age",
    OpenApiTypes.INT,
    description="Refuse the answer when any price in it is older than so many seconds.",
)
DETAIL = OpenApiParameter(
    "detail",
    OpenApiTypes.STR,
    enum=["brief", "full"],
    description="`full` adds the receipts: who said what, and who was left out and why.",
)


def price_query(request: Request) -> PriceQuery:
    typed = request.query_params
    max_age = None
    if "max_age" in typed:
        max_age = parameters.whole(request, "max_age", default=0, least=0, most=YEAR)
    detail = parameters.choice(request, "detail", default="brief", accepted=("brief", "full"))
    return PriceQuery(
        symbols=symbols_typed(parameters.symbols(request)),
        convert=typed.get("convert"),
        max_age=max_age,
        is_full=detail == "full",
    )


class PricesView(CountsSymbols, APIView):
    """The latest price of one, several or all tracked assets, and of any other on demand."""

    @extend_schema(
        operation_id="prices",
        tags=["market"],
        parameters=[SYMBOLS, CONVERT, MAX_AGE, DETAIL],
        responses=PRICES,
    )
    def get(self, request: Request) -> Response:
        query = price_query(request)
        # First: what is told after this place is repeated to whoever goes on from there.
        stream = stream_of(query.symbols)
        answer = prices_for(query)
        body = {
            "success": True,
            "data": [orjson.Fragment(item) for item in answer.items],
            "count": len(answer.items),
            "missing": answer.missing,
            "source": "+".join(answer.sources),
            **_conversion(answer),
            **stream,
            "timestamp": answer.now_ms,
        }
        return respond(request, Answer(body, answer.etag))


def stream_of(symbols: Sequence[str] | None) -> dict[str, Any]:
    """Return from where the live feed carries on: one asset has a topic of its own, and all
    tracked ones have one together. No topic tells of any other list."""
    topic = "prices"
    if symbols is not None and len(symbols) == 1:
        topic = f"prices:{symbols[0]}"
    elif symbols is not None and not set(symbols) <= set(index().tracked):
        return {}
    return {"stream": {"topic": topic, **asdict(broadcast.position(topic))}}


def _conversion(answer: PriceAnswer) -> dict[str, Any]:
    conversion = answer.conversion
    if conversion is None:
        return {}
    observed_ms = conversion.observed_ms
    return {
        "convert": conversion.currency,
        "rate": conversion.usd,
        "rateSource": "+".join(conversion.sources) or None,
        "rateLastUpdate": None if observed_ms is None else iso_of(observed_ms),
        "rateStale": conversion.is_stale(answer.now_ms),
    }


class MarketPricesView(CountsSymbols, APIView):
    """The same prices in the shape of the dashboard's hook: a change is in dollars there."""

    @extend_schema(
        operation_id="market_prices",
        tags=["market"],
        parameters=[SYMBOLS, MAX_AGE],
        responses=PRICE_DATA,
    )
    def get(self, request: Request) -> Response:
        query = price_query(request)
        answer = prices_for(PriceQuery(query.symbols, max_age=query.max_age))
        lines = lines_of(answer.found)
        body = {
            "success": True,
            "data": [orjson.Fragment(line.finished(answer.now_ms)) for line in lines.values()],
            "count": len(lines),
            "missing": answer.missing,
            "source": "+".join(answer.sources),
            "timestamp": answer.now_ms,
        }
        return respond(request, Answer(body, answer.etag))


class PriceHistoryView(APIView):
    """What an asset cost, from our own record: the first price of every interval."""

    def asked_days(self, request: Request) -> int:
        # Who asks for no number of days gets what its tier reaches, and no refusal.
        reach = getattr(getattr(request.auth, "limits", None), "days", None)
        default = DAYS if reach is None else min(DAYS, reach)
        return parameters.whole(request, "days", default=default, least=1, most=MOST_DAYS)

    @extend_schema(
        operation_id="price_history",
        tags=["market"],
        parameters=[
            OpenApiParameter("days", OpenApiTypes.INT, description="1 to 3650; 30 without it."),
            OpenApiParameter(
                "interval",
                OpenApiTypes.STR,
                enum=list(STEPS),
                description="The shortest that there is for all of these days, without it.",
            ),
        ],
        responses=HISTORY,
    )
    def get(self, request: Request, symbol: str) -> Response:
        days = self.asked_days(request)
        interval = parameters.choice(request, "interval", default="", accepted=STEPS) or None
        points = price_history(symbol, days=days, interval=interval, now=timezone.now())
        return Response(
            [{"price": orjson.Fragment(spell(p)), "timestamp": iso_of(at)} for at, p in points]
        )
