"""How the installation does: computed from what is already known, asking nobody."""

import time
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import Error, connection
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cryptodt.common.broadcast import UNREACHABLE
from cryptodt.seats import SEATS
from market.selectors.prices import freshness
from providers import selectors as providers

STARTED = time.monotonic()


class HealthView(APIView):
    """Health of the service, its parts and its providers."""

    authentication_classes = ()
    permission_classes = ()
    is_free = True

    @extend_schema(
        operation_id="health",
        tags=["operations"],
        responses=inline_serializer(
            "Health",
            {
                "status": serializers.ChoiceField(["healthy", "degraded", "unhealthy"]),
                "timestamp": serializers.DateTimeField(),
                "uptime": serializers.IntegerField(help_text="Seconds."),
                "version": serializers.CharField(),
                "market": serializers.ChoiceField(["live", "simulated"]),
                "message": serializers.CharField(),
                "providers": serializers.ListField(child=serializers.DictField()),
                "prices": serializers.DictField(),
                "components": serializers.DictField(),
                "metrics": serializers.DictField(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        body = health()
        return Response(body, status=503 if body["status"] == "unhealthy" else 200)


def status_shape() -> dict[str, Any]:
    """Return what the live feed tells: the same, without what only this process knows."""
    told = health()
    online = sum(one["status"] == "online" for one in told["providers"])
    kept = ("status", "message", "timestamp", "market", "prices", "components")
    return {
        **{name: told[name] for name in kept},
        "providers": {"online": online, "known": len(told["providers"])},
    }


def health() -> dict[str, Any]:
    database, cached = _database_answers(), _cache_answers()
    # What is known stands in both; without one of them nothing can be said of the rest.
    states = providers.provider_states() if database and cached else []
    priced, stale, tracked = freshness() if database and cached else (0, 0, 0)
    online = sum(state.status == "online" for state in states)
    status, message = _verdict(online, len(states), (priced, stale, tracked))
    if not database or not cached:
        status, message = (
            "unhealthy",
            f"The {'cache' if database else 'database'} does not answer.",
        )
    uptime = int(time.monotonic() - STARTED)
    return {
        "status": status,
        "message": message,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
        "uptime": uptime,
        "version": settings.VERSION,
        "market": settings.MARKET,
        "providers": [
            {
                "name": state.name,
                "slug": state.slug,
                "status": state.status,
                "latency": state.latency_ms,
                "lastCheck": state.last_check,
                "errorMessage": state.error,
            }
            for state in states
        ],
        "prices": {"tracked": tracked, "priced": priced, "stale": stale},
        "components": {
            "database": "healthy" if database else "unhealthy",
            "providers": "healthy" if online == len(states) else "degraded",
            # The feed lives on the broadcast, and that stands or falls with the cache.
            "websocket": "healthy" if cached else "unhealthy",
            "cache": "healthy" if cached else "unhealthy",
        },
        "metrics": {"uptime_seconds": uptime, "active_connections": SEATS.taken},
    }


def _verdict(online: int, providers_count: int, prices: tuple[int, int, int]) -> tuple[str, str]:
    priced, stale, tracked = prices
    if online == 0 and priced == 0:
        return "degraded", "No provider has answered yet; there is no price to show."
    if online == 0:
        return "degraded", "No provider answers; the prices shown are growing old."
    if priced < tracked or stale:
        return "degraded", f"{tracked - priced} assets have no price, {stale} prices are old."
    if online < providers_count:
        return "degraded", f"{providers_count - online} of {providers_count} providers fail."
    return "healthy", "Everything works."


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _cache_answers() -> bool:
    try:
        cache.get("health")
    except UNREACHABLE:
        return False
    return True
