"""What a production shape must have: run by `manage.py check --deploy`."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

SHORTEST_SECRET = 32


@register(Tags.security, deploy=True)
def check_shape(**_: Any) -> list[CheckMessage]:
    return [*_many_processes(), *_secrets()]


def _many_processes() -> Iterator[CheckMessage]:
    if settings.PROCESSES == 1:
        return
    if not settings.REDIS_URL:
        yield Error(
            "Several processes cannot share a cache, a broadcast or a queue that is in one of them.",
            hint="Set REDIS_URL.",
            id="cryptodt.E001",
        )
    if connection.vendor == "sqlite":
        yield Error(
            "Several processes need a database that is made for them.",
            hint="Set DATABASE_URL to a PostgreSQL database.",
            id="cryptodt.E002",
        )


def _secrets() -> Iterator[CheckMessage]:
    if len(settings.SECRET_KEY) < SHORTEST_SECRET:
        yield Error(
            f"SECRET_KEY is shorter than {SHORTEST_SECRET} characters.",
            hint="Leave it out, and a good one is made and kept.",
            id="cryptodt.E003",
        )
    if settings.DEBUG:
        yield Error("DEBUG shows the inside of the house to everybody.", id="cryptodt.E004")
