"""Candles over HTTP, under each name that callers know them by, and the ledger of their gaps."""

import json
import re
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import ClassVar

from django.http import HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cryptodt.common.errors import NoData
from market.api.candle_parameters import CANDLE_PARAMETERS, GAP_PARAMETERS
from market.api.candle_serializers import CANDLES, GAPS, NOT_YET, SERVICE_CANDLES, TABLE
from market.api.renderers import TableRenderer
from market.candle_query import CandleQuery, candle_query, gap_query
from market.parameters import choice
from market.selectors.assets import index
from market.selectors.candle_answers import Answer, candle_answer
from market.selectors.gaps import gap_page
from market.services import demand

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]", re.ASCII)


class CandlesView(APIView):
    """Candles of one pair and interval, as they were collected: never fetched for a request."""

    renderer_classes = (*APIView.renderer_classes, TableRenderer)
    shape: ClassVar[str] = "engine"

    @extend_schema(
        operation_id="ohlcv",
        tags=["market"],
        parameters=CANDLE_PARAMETERS,
        responses={(200, "application/json"): CANDLES, (200, "text/csv"): TABLE, 202: NOT_YET},
    )
    def get(self, request: Request) -> HttpResponseBase:
        typed = dict(request.query_params.lists())
        form = _form(typed, request)
        query = candle_query(typed, index())
        answer = self._answer(query, "csv" if form == "csv" else self.shape)
        if form == "api":
            # Read back with every digit; the page spaces it for people.
            return Response(json.loads(answer.body, parse_float=Decimal))
        if _is_known(request, answer.etag):
            response: HttpResponseBase = HttpResponseNotModified()
        elif form == "csv":
            response = _table(query, answer)
        else:
            response = HttpResponse(answer.body, content_type="application/json")
        response["ETag"] = answer.etag
        return response

    def _answer(self, query: CandleQuery, form: str) -> Answer:
        series = (query.symbol, query.currency, query.interval)
        answer = candle_answer(query, form)
        if answer is None:
            demand.want_series(*series)
            demand.wait_for(*series)
            answer = candle_answer(query, form)
        elif not answer.is_tracked:
            demand.want_series(*series)
        if answer is None:
            raise NoData(
                f"Candles of {query.pair}, {query.interval}, were asked for, and none was given.",
                details={"symbol": query.pair, "interval": query.interval},
            )
        return answer


@extend_schema_view(get=extend_schema(operation_id="hf_ohlcv"))
class HfCandlesView(CandlesView):
    """The same under the address of the HuggingFace engine."""


@extend_schema_view(get=extend_schema(operation_id="market_history"))
class MarketHistoryView(CandlesView):
    """The same under the address that the trading client calls."""


@extend_schema_view(
    get=extend_schema(
        operation_id="service_history",
        responses={
            (200, "application/json"): SERVICE_CANDLES,
            (200, "text/csv"): TABLE,
            202: NOT_YET,
        },
    )
)
class ServiceHistoryView(CandlesView):
    """The same candles in the envelope of the services."""

    shape = "service"


class GapsView(APIView):
    """The ledger of gaps: each that is known, why it is there, and who was asked to fill it."""

    @extend_schema(
        operation_id="candle_gaps", tags=["market"], parameters=GAP_PARAMETERS, responses=GAPS
    )
    def get(self, request: Request) -> Response:
        query = gap_query(dict(request.query_params.lists()), index())
        found = gap_page(query)
        return Response(
            {
                "success": True,
                "data": found.lines,
                "count": len(found.lines),
                "meta": {"next": None if found.next is None else str(found.next)},
                "timestamp": time.time_ns() // 1_000_000,
            }
        )


def _form(typed: Mapping[str, list[str]], request: Request) -> str:
    """Return what was asked for: by name, or else by what is accepted."""
    accepted = request.accepted_renderer.format
    default = accepted if accepted in ("csv", "api") else "json"
    return choice(typed, "format", ("json", "csv"), default=default)


def _is_known(request: Request, etag: str) -> bool:
    """Say whether the caller has this answer; weak or not makes no difference."""
    held = parse_etags(request.headers.get("If-None-Match", ""))
    return any(one in ("*", etag, etag.removeprefix("W/")) for one in held)


def _table(query: CandleQuery, answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, content_type="text/csv; charset=utf-8")
    name = _UNSAFE.sub("_", f"{query.pair}-{query.interval}.csv")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    # A table has no place for what is said of it as a whole.
    response["X-CryptoDT-Complete"] = str(answer.complete).lower()
    response["X-CryptoDT-Stale"] = str(answer.stale).lower()
    if answer.next is not None:
        response["X-CryptoDT-Next"] = answer.next
    return response
