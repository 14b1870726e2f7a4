"""The schedule's work under the roof: telling how the installation does."""

import time

import orjson
from celery import shared_task

from cryptodt.common import broadcast
from cryptodt.health import status_shape


@shared_task
def tell_status() -> None:
    """Tell it even when nothing changed: a status that is not told any more is a status, too."""
    items = {"status": orjson.dumps(status_shape()).decode()}
    message = {"topic": "status", "timestamp": time.time_ns() // 1_000_000, "items": items}
    broadcast.publish(orjson.dumps(message))
