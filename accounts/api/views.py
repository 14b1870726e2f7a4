"""Tokens, keys and usage over HTTP."""

import time
from datetime import timedelta
from typing import Any

from django.contrib.auth import authenticate
from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import admission, people, selectors, services
from accounts.api import serializers
from accounts.api.authentication import caller_of, caller_shown, caller_with
from accounts.audit import record
from accounts.flood import refuse_flood
from accounts.places import address_of
from accounts.tokens import Pair
from cryptodt.common.errors import NotFound, Refusal, Unauthorized

LONGEST_PASSWORD = 1000


class Malformed(Refusal):
    kind = "INVALID_REQUEST"


class TokenView(APIView):
    """Takes an API key for a day's token."""

    @extend_schema(
        operation_id="token",
        tags=["accounts"],
        request=serializers.KeyInBody,
        responses=serializers.TOKENS,
    )
    def post(self, request: Request) -> Response:
        body = _body(request)
        if "api_key" in body:
            caller = caller_with(_text(body, "api_key"), request)
        else:
            found = caller_shown(request)
            if found is None or found.key_id is None:
                raise Unauthorized(selectors.WRONG_KEY)
            caller = found
        return _told(services.issue_tokens(caller))


class LoginView(APIView):
    """Takes a person's name and password for a day's token."""

    @extend_schema(
        operation_id="login",
        tags=["accounts"],
        request=serializers.Credentials,
        responses=serializers.TOKENS,
    )
    def post(self, request: Request) -> Response:
        body = _body(request)
        name, password = _text(body, "username"), _text(body, "password")
        code = _text(body, "code") if body.get("code") else ""
        # The brakes on guessing look at the request behind DRF's.
        refuse_flood(request._request, "login", account=name)
        user = _known(request._request, name, password)
        if user is None:
            raise Unauthorized("Name and password do not match, or the account is locked.")
        caller = services.logged_in(user, code, address=address_of(request))
        record("token issued", actor=user, address=address_of(request))
        return _told(services.issue_tokens(caller))


class RefreshView(APIView):
    """Takes a refresh token for a new pair; it is good once."""

    @extend_schema(
        operation_id="refresh",
        tags=["accounts"],
        request=serializers.RefreshInBody,
        responses=serializers.TOKENS,
    )
    def post(self, request: Request) -> Response:
        return _told(services.refresh_tokens(_text(_body(request), "refresh_token")))


class RevokeView(APIView):
    """Ends a token before its time, of whichever kind it is."""

    @extend_schema(
        operation_id="revoke",
        tags=["accounts"],
        request=serializers.TokenInBody,
        responses=serializers.DONE,
    )
    def post(self, request: Request) -> Response:
        services.revoke_token(_text(_body(request), "token"))
        return Response({"success": True, "timestamp": _now_ms()})


class KeysView(APIView):
    """One's own keys."""

    scope = "read"

    @extend_schema(operation_id="keys", tags=["accounts"], responses=serializers.KEYS)
    def get(self, request: Request) -> Response:
        found = selectors.keys_of(selectors.person(caller_of(request)))
        return Response({"success": True, "data": [selectors.key_shape(key) for key in found]})

    @extend_schema(
        operation_id="issue_key",
        tags=["accounts"],
        request=serializers.KeyWishInBody,
        responses={201: serializers.ISSUED},
    )
    def post(self, request: Request) -> Response:
        _refuse_keys_that_make_keys(request)
        wish = serializers.KeyWishInBody(data=request.data)
        wish.is_valid(raise_exception=True)
        owner = selectors.person(caller_of(request))
        issued = services.issue_key(owner, wish.wish(), address=address_of(request))
        return _issued(issued)


class KeyView(APIView):
    """One of one's own keys."""

    scope = "read"

    @extend_schema(operation_id="revoke_key", tags=["accounts"], responses={200: serializers.DONE})
    def delete(self, request: Request, public_id: str) -> Response:
        _refuse_keys_that_make_keys(request)
        owner = selectors.person(caller_of(request))
        key = selectors.key_of(owner, public_id)
        services.revoke_key(key, by=owner, address=address_of(request))
        return Response({"success": True, "timestamp": _now_ms()})


class RotateView(APIView):
    """A new key for an old one, with some time in which both are good."""

    scope = "read"

    @extend_schema(
        operation_id="rotate_key",
        tags=["accounts"],
        request=serializers.OverlapInBody,
        responses={201: serializers.ISSUED},
    )
    def post(self, request: Request, public_id: str) -> Response:
        _refuse_keys_that_make_keys(request)
        wish = serializers.OverlapInBody(data=request.data)
        wish.is_valid(raise_exception=True)
        owner = selectors.person(caller_of(request))
        issued = services.rotate_key(
            selectors.key_of(owner, public_id),
            overlap=timedelta(hours=wish.validated_data["overlap_hours"]),
            by=owner,
            address=address_of(request),
        )
        return _issued(issued)


class UsageView(APIView):
    """What was used and what is left; asking costs nothing."""

    scope = "read"
    is_free = True

    @extend_schema(operation_id="usage", tags=["accounts"], responses=serializers.USAGE)
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        person = selectors.person(caller)
        verdict = admission.standing(caller, request.path)
        windows = [
            {
                "name": window.name,
                "limit": window.limit,
                "remaining": standing.remaining,
                "reset": standing.reset,
            }
            for window, standing in zip(verdict.plan.windows, verdict.standings, strict=True)
        ]
        return Response(
            {
                "success": True,
                "tier": caller.tier,
                "limits": selectors.limits_shape(caller.limits),
                "windows": windows,
                "data": selectors.usage_of(person),
                "timestamp": _now_ms(),
            }
        )


class ProtectedView(APIView):
    """Something for known callers only, to try a token on."""

    scope = "read"

    @extend_schema(
        operation_id="protected_data", tags=["accounts"], responses=serializers.PROTECTED
    )
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        return Response(
            {
                "success": True,
                "user_id": caller.user_id,
                "data": {"tier": caller.tier, "scopes": sorted(caller.scopes)},
                "timestamp": _now_ms(),
            }
        )


def _known(request: HttpRequest, name: str, password: str) -> Any:
    if len(name) > people.LONGEST_NAME or len(password) > LONGEST_PASSWORD:
        return None
    return authenticate(request, username=name, password=password)


def _refuse_keys_that_make_keys(request: Request) -> None:
    """A key that leaked must not be able to make itself a successor nobody knows of."""
    if caller_of(request).key_id is not None:
        raise NotFound("Keys are managed by their owner, logged in, and not by a key.")


def _body(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise Malformed("The body is a JSON object.")
    return request.data


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value or not _is_text(value):
        raise Malformed(f"`{name}` is a text and must be given.")
    return value


def _is_text(value: str) -> bool:
    # JSON can spell what no database stores: a zero, and half a character.
    try:
        return b"\x00" not in value.encode()
    except UnicodeEncodeError:
        return False


def _told(pair: Pair) -> Response:
    return Response(
        {
            "success": True,
            "access_token": pair.access,
            "refresh_token": pair.refresh,
            "token_type": "bearer",
            "expires_in": pair.expires_in,
        },
        # Nobody on the way may keep it.
        headers={"Cache-Control": "no-store"},
    )


def _issued(issued: services.Issued) -> Response:
    return Response(
        {
            "success": True,
            "key": issued.text,
            "data": selectors.key_shape(issued.key),
            "timestamp": _now_ms(),
        },
        status=status.HTTP_201_CREATED,
        headers={"Cache-Control": "no-store"},
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
