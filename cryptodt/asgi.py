"""The front door: sockets to the live feed, everything else to Django behind a thread pool."""

import asyncio
import gc
import logging
import os
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlparse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cryptodt.settings")

import orjson
from a2wsgi import WSGIMiddleware
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator, WebsocketDenier
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

# First, because everything below needs the apps to be ready.
pages = get_wsgi_application()

from cryptodt.api.errors import MESSAGES, envelope  # noqa: E402
from cryptodt.common.logs import traced  # noqa: E402
from cryptodt.door import brings_proof  # noqa: E402
from cryptodt.event_stream import EventStream  # noqa: E402
from cryptodt.express import ExpressLane  # noqa: E402
from cryptodt.live import live  # noqa: E402

logger = logging.getLogger("cryptodt.access")

# Django's own ASGI handler hops between threads several times for each request; one hop is enough.
WORKERS = 8
bridge = WSGIMiddleware(cast(Any, pages), workers=WORKERS)

# A body that takes longer is not being sent any more.
BODY_SECONDS = 10.0

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class WholeRequests:
    """Takes a request's body before the request takes a thread: the bridge would let a few
    clients that send slowly hold all of its threads, and everybody else would wait."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not any(
            name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"]
        ):
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(scope, receive)
        except _TooLarge:
            # The connection stays open: closed under a client that still sends, it would be
            # reset, and the answer lost.
            await _refuse(scope, send, 413, "PAYLOAD_TOO_LARGE", MESSAGES[413])
        except TimeoutError:
            message = f"The request did not arrive within {BODY_SECONDS:.0f} seconds."
            await _refuse(scope, send, 408, "REQUEST_TIMEOUT", message)
        except _Gone:
            logger.debug("A client left before it had sent its request")
        else:
            await self.app(scope, _replaying(body, receive), send)


class _TooLarge(Exception):
    """More than one request may carry."""


class _Gone(Exception):
    """Nobody is left to answer."""


async def _body(scope: Scope, receive: Receive) -> bytes:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if _announced(scope) > most:
        raise _TooLarge
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone
        body += message.get("body", b"")
        if len(body) > most:
            raise _TooLarge
        if not message.get("more_body", False):
            return bytes(body)


def _announced(scope: Scope) -> int:
    try:
        return int(dict(scope["headers"]).get(b"content-length", 0))
    except ValueError:
        # Whatever it means, what arrives is counted.
        return 0


def _replaying(body: bytes, receive: Receive) -> Receive:
    kept: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> dict[str, Any]:
        return kept.pop() if kept else await receive()

    return replay


async def _refuse(scope: Scope, send: Send, status: int, kind: str, message: str) -> None:
    """Answer without Django: the envelope under /api/, a line of text elsewhere."""
    request_id = uuid.uuid4().hex
    body, content_type = message.encode(), b"text/plain; charset=utf-8"
    with traced(request_id):
        if scope["path"].startswith("/api/"):
            told = envelope(kind, message, {}, None)
            if settings.SIMULATED:
                told["simulated"] = True
            body, content_type = orjson.dumps(told), b"application/json"
        logger.info("%s %s %s", scope["method"], scope["path"], status)
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
    ]
    if status == HTTPStatus.REQUEST_TIMEOUT:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class OwnPages(OriginValidator):  # type: ignore[misc]
    """Lets in our own pages, and others only without the session that a browser sends along: where
    they are invited, or show a key. A program sends no Origin, and rides on nobody's session."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origins = [value.decode("latin1") for name, value in scope["headers"] if name == b"origin"]
        app: Any = self.application
        if not all(map(self._is_own, origins)):
            headers = [one for one in scope["headers"] if one[0] != b"cookie"]
            scope = {**scope, "headers": headers}
            if not brings_proof(scope) and not all(map(_is_invited, origins)):
                app = WebsocketDenier()
        await app(scope, receive, send)

    def _is_own(self, origin: str) -> bool:
        try:
            address = urlparse(origin)
            # A port is read only when it is asked for.
            _ = address.port
        except ValueError:
            return False
        return bool(self.valid_origin(address))


def _is_invited(origin: str) -> bool:
    return settings.CORS_ALLOW_ALL_ORIGINS or origin in settings.CORS_ALLOWED_ORIGINS


application = ProtocolTypeRouter(
    {
        "http": EventStream(ExpressLane(WholeRequests(bridge))),
        "websocket": OwnPages(
            URLRouter([path("ws", cast(Any, live))]),
            settings.ALLOWED_HOSTS,
        ),
    }
)

# What was loaded by now stays as long as the process, and need not be looked through for garbage;
# of what comes, most is gone before it is worth looking.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 10, 10)
