"""Providers, their health and their breakers."""

import time

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from providers import selectors
from providers.api.serializers import BREAKERS, PROVIDER, PROVIDERS


class ProvidersView(APIView):
    """Every provider: what it offers, whether it is used, and how it does."""

    @extend_schema(operation_id="providers", tags=["providers"], responses=PROVIDERS)
    def get(self, request: Request) -> Response:
        lines = selectors.provider_table()
        return Response(
            {
                "success": True,
                "data": lines,
                "count": len(lines),
                "wired": sum(line["wired"] for line in lines),
                "enabled": sum(line["enabled"] for line in lines),
                "timestamp": time.time_ns() // 1_000_000,
            }
        )


class ProviderView(APIView):
    """One provider, each of its capabilities with its own health."""

    @extend_schema(operation_id="provider", tags=["providers"], responses=PROVIDER)
    def get(self, request: Request, slug: str) -> Response:
        detail = selectors.provider_detail(slug)
        return Response(
            {"success": True, "data": detail, "timestamp": time.time_ns() // 1_000_000}
        )


class BreakersView(APIView):
    """The circuit breakers of what is in use, and every one that is not closed."""

    @extend_schema(operation_id="circuit_breakers", tags=["providers"], responses=BREAKERS)
    def get(self, request: Request) -> Response:
        lines = selectors.circuit_breakers()
        return Response(
            {
                "success": True,
                "data": lines,
                "count": len(lines),
                "open": sum(line["state"] != "closed" for line in lines),
                "timestamp": time.time_ns() // 1_000_000,
            }
        )
