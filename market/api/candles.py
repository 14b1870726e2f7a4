"""Candles over HTTP, under each name that callers know them by, and the ledger of their gaps."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from math import ceil
from typing import ClassVar

from django.http import HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cryptodt.common.errors import NoData
from market.api.candle_parameters import CANDLE_PARAMETERS, GAP_PARAMETERS, HISTORICAL_PARAMETERS
from market.api.candle_serializers import CANDLES, GAPS, NOT_YET, SERVICE_CANDLES, TABLE
from market.api.renderers import TableRenderer
from market.candle_query import CandleQuery, candle_query, gap_query
from market.exports import parquet_of
from market.intervals import DAY, INTERVALS
from market.parameters import choice
from market.selectors.assets import index
from market.selectors.candle_answers import Answer, candle_answer
from market.selectors.gaps import gap_page
from market.services import demand

FILES = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]", re.ASCII)


class CandlesView(APIView):
    """Candles of one pair and interval, as they were collected: never fetched for a request."""

    renderer_classes = (*APIView.renderer_classes, TableRenderer)
    shape: ClassVar[str] = "engine"
    formats: ClassVar[tuple[str, ...]] = ("json", "csv")

    def asked_days(self, request: Request) -> int:
        """Say how far back a question reaches; one without a beginning asks for what there is."""
        query = candle_query(self.typed(request), index())
        oldest = query.after if query.since is None else query.since
        return 0 if oldest is None else ceil(max(0.0, time.time() - oldest) / DAY)

    def typed(self, request: Request) -> dict[str, list[str]]:
        return dict(request.query_params.lists())

    @extend_schema(
        operation_id="ohlcv",
        tags=["market"],
        parameters=CANDLE_PARAMETERS,
        responses={(200, "application/json"): CANDLES, (200, "text/csv"): TABLE, 202: NOT_YET},
    )
    def get(self, request: Request) -> HttpResponseBase:
        typed = self.typed(request)
        form = _form(typed, request, self.formats)
        query = _within_reach(candle_query(typed, index()), request)
        answer = self._answer(query, self.shape if form in ("json", "api") else "csv")
        if form == "api":
            # Read back with every digit; the page spaces it for people.
            return Response(json.loads(answer.body, parse_float=Decimal))
        if _is_known(request, answer.etag):
            response: HttpResponseBase = HttpResponseNotModified()
        elif form == "csv":
            response = _file(query, answer, form, answer.body)
        elif form == "parquet":
            response = _file(query, answer, form, parquet_of(answer.body))
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


class HistoricalView(CandlesView):
    """Candles of the past for known callers: the same pages, and the same numbers as files."""

    scope = "export"
    formats = ("json", "csv", "parquet")

    @extend_schema(
        operation_id="historical_data",
        tags=["market"],
        parameters=HISTORICAL_PARAMETERS,
        responses={
            (200, "application/json"): CANDLES,
            (200, "text/csv"): TABLE,
            (200, "application/vnd.apache.parquet"): OpenApiTypes.BINARY,
            202: NOT_YET,
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        return super().get(request)

    def typed(self, request: Request) -> dict[str, list[str]]:
        """Read `from` and `to`, as they are called here, as what they are called elsewhere."""
        names = {"from": "since", "to": "until"}
        return {names.get(name, name): found for name, found in request.query_params.lists()}


def _within_reach(query: CandleQuery, request: Request) -> CandleQuery:
    """Ask for as many of the latest candles as the caller's tier reaches back."""
    reach = getattr(getattr(request.auth, "limits", None), "days", None)
    if reach is None or query.since is not None:
        return query
    most = max(1, reach * DAY // INTERVALS[query.interval])
    return replace(query, limit=min(query.limit, most))


def _form(typed: Mapping[str, list[str]], request: Request, formats: tuple[str, ...]) -> str:
    """Return what was asked for: by name, or else by what is accepted."""
    accepted = request.accepted_renderer.format
    default = accepted if accepted in ("csv", "api") else "json"
    return choice(typed, "format", formats, default=default)


def _is_known(request: Request, etag: str) -> bool:
    """Say whether the caller has this answer; weak or not makes no difference."""
    held = parse_etags(request.headers.get("If-None-Match", ""))
    return any(one in ("*", etag, etag.removeprefix("W/")) for one in held)


def _file(query: CandleQuery, answer: Answer, form: str, body: bytes) -> HttpResponse:
    response = HttpResponse(body, content_type=FILES[form])
    name = _UNSAFE.sub("_", f"{query.pair}-{query.interval}.{form}")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    # A table has no place for what is said of it as a whole.
    response["X-CryptoDT-Complete"] = str(answer.complete).lower()
    response["X-CryptoDT-Stale"] = str(answer.stale).lower()
    if answer.next is not None:
        response["X-CryptoDT-Next"] = answer.next
    return response
