"""The front door: sockets to the live feed, everything else to Django behind a thread pool."""

import os
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cryptodt.settings")

from a2wsgi import WSGIMiddleware
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.wsgi import get_wsgi_application
from django.urls import path

# First, because everything below needs the apps to be ready.
pages = get_wsgi_application()

from cryptodt.live import LiveConsumer  # noqa: E402

# Django's own ASGI handler hops between threads several times for each request; one hop is enough.
WORKERS = 8
bridge = WSGIMiddleware(cast(Any, pages), workers=WORKERS)

application = ProtocolTypeRouter(
    {
        "http": bridge,
        "websocket": AllowedHostsOriginValidator(
            URLRouter([path("ws", LiveConsumer.as_asgi())]),
        ),
    }
)
