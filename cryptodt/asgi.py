"""The front door: sockets to the live feed, everything else to Django behind a thread pool."""

import os
from typing import Any, cast
from urllib.parse import ParseResult

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cryptodt.settings")

from a2wsgi import WSGIMiddleware
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

# First, because everything below needs the apps to be ready.
pages = get_wsgi_application()

from cryptodt.live import LiveConsumer  # noqa: E402

# Django's own ASGI handler hops between threads several times for each request; one hop is enough.
WORKERS = 8
bridge = WSGIMiddleware(cast(Any, pages), workers=WORKERS)


class OwnPagesOnly(OriginValidator):  # type: ignore[misc]
    """Refuses other sites' pages. A program sends no Origin, and rides on nobody's session."""

    def valid_origin(self, parsed_origin: ParseResult | None) -> bool:
        return parsed_origin is None or bool(self.validate_origin(parsed_origin))


application = ProtocolTypeRouter(
    {
        "http": bridge,
        "websocket": OwnPagesOnly(
            URLRouter([path("ws", LiveConsumer.as_asgi())]),
            settings.ALLOWED_HOSTS,
        ),
    }
)
