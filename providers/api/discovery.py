"""Discovery over HTTP, for staff."""

import time
from typing import Any, cast

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cryptodt.common.errors import Unavailable
from providers import candidates
from providers.api.serializers import Field, answer

# A search that goes on is seldom done sooner.
RETRY_AFTER = 30
STARTED = "Discovery started in background"
RUNNING = "Discovery is running already"
GOES_ON = "Discovery goes on in background"

CANDIDATE: dict[str, Field] = {
    "slug": serializers.CharField(),
    "name": serializers.CharField(),
    "format": serializers.ChoiceField(["rss", "ccxt"]),
    "address": serializers.CharField(),
    "valid": serializers.BooleanField(),
    "reason": serializers.CharField(allow_null=True, help_text="Why it was refused."),
    "foundBy": serializers.CharField(),
    "firstFound": serializers.DateTimeField(),
    "checkedAt": serializers.DateTimeField(),
    "provider": serializers.CharField(allow_null=True, help_text="What it became."),
    "evidence": serializers.DictField(help_text="What was asked, what came, and how fast."),
}
RUN: dict[str, Field] = {
    "startedAt": serializers.DateTimeField(),
    "endedAt": serializers.DateTimeField(),
    "asked": serializers.IntegerField(),
    "checked": serializers.IntegerField(),
    "valid": serializers.IntegerField(),
    "unspoken": serializers.IntegerField(help_text="Listed elsewhere; nothing can speak to them."),
    "trouble": serializers.ListField(child=serializers.CharField()),
}
CANDIDATES = cast("Field", inline_serializer("Candidate", CANDIDATE, many=True))
FOUND = inline_serializer(
    "Discovered",
    {
        "success": serializers.BooleanField(),
        "discovered": serializers.IntegerField(help_text="How many of them are valid."),
        "providers": CANDIDATES,
        "timestamp": serializers.IntegerField(help_text="Milliseconds."),
    },
)
IN_BACKGROUND = inline_serializer(
    "DiscoveryInBackground",
    {"success": serializers.BooleanField(), "status": serializers.CharField()},
)
LISTED = answer(
    "Candidates",
    CANDIDATES,
    count=serializers.IntegerField(),
    lastRun=cast("Field", inline_serializer("DiscoveryRun", RUN, allow_null=True)),
)


class Wanted(serializers.Serializer[Any]):
    background = serializers.BooleanField(default=True)


class DiscoveryView(APIView):
    """Looks for new providers: in the background, or waiting a while for what comes of it."""

    scope = "admin"

    @extend_schema(
        operation_id="discovery_run",
        tags=["providers"],
        request=Wanted,
        responses={200: FOUND, 202: IN_BACKGROUND},
    )
    def post(self, request: Request) -> Response:
        wanted = Wanted(data=request.data)
        wanted.is_valid(raise_exception=True)
        if candidates.is_running():
            return _later(RUNNING)
        if wanted.validated_data["background"]:
            if not candidates.request_run():
                raise Unavailable(candidates.UNREACHABLE)
            return _later(STARTED)
        found = candidates.request_and_wait()
        if found is None:
            return _later(GOES_ON)
        return Response(
            {
                "success": True,
                "discovered": sum(one["valid"] for one in found),
                "providers": found,
                "timestamp": time.time_ns() // 1_000_000,
            }
        )


class CandidatesView(APIView):
    """Everything discovery has found, with the evidence, and how its last search went."""

    scope = "admin"

    @extend_schema(operation_id="discovery_candidates", tags=["providers"], responses=LISTED)
    def get(self, request: Request) -> Response:
        found = candidates.all_told()
        return Response(
            {
                "success": True,
                "data": found,
                "count": len(found),
                "lastRun": candidates.last_run_told(),
                "timestamp": time.time_ns() // 1_000_000,
            }
        )


def _later(told: str) -> Response:
    return Response(
        {"success": True, "status": told},
        status=status.HTTP_202_ACCEPTED,
        headers={"Retry-After": str(RETRY_AFTER)},
    )
