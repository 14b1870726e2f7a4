"""Prices over HTTP."""

import time

import orjson
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from market.api.serializers import PRICES
from market.selectors import prices as selectors


class PricesView(APIView):
    """The latest price of one, several or all tracked assets."""

    def asked_symbols(self, request: Request) -> int:
        typed = request.query_params.get("symbols", request.query_params.get("symbol", ""))
        return len([word for word in typed.split(",") if word.strip()])

    @extend_schema(
        operation_id="prices",
        tags=["market"],
        parameters=[
            OpenApiParameter(
                "symbols",
                OpenApiTypes.STR,
                description="Comma-separated symbols in any spelling; all tracked ones without it.",
                examples=[OpenApiExample("three", value="BTC,ETH,SOL")],
            )
        ],
        responses=PRICES,
    )
    def get(self, request: Request) -> Response:
        # Clients that ask for one often leave the plural out; everything is not what they want.
        typed = request.query_params.get("symbols", request.query_params.get("symbol"))
        answer = selectors.price_answer(typed)
        body = {
            "success": True,
            "data": [orjson.Fragment(item) for item in answer.items],
            "count": len(answer.items),
            "missing": answer.missing,
            "source": "+".join(answer.sources),
            "timestamp": time.time_ns() // 1_000_000,
        }
        return Response(body)
