"""What a production shape must have: run by `manage.py check --deploy`."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection


@register(Tags.security, deploy=True)
def check_shape(**_: Any) -> list[CheckMessage]:
    return list(_many_processes())


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
