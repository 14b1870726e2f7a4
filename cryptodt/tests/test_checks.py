"""The production checks refuse what would break or leak."""

import pytest
from django.db import connection

from cryptodt.checks import check_shape


def found() -> set[str | None]:
    return {message.id for message in check_shape()}


def test_one_process_needs_nothing_else(settings):
    settings.PROCESSES = 1
    settings.REDIS_URL = ""
    assert found() == set()


@pytest.mark.parametrize(
    ("redis", "vendor", "expected"),
    [
        ("", "sqlite", {"cryptodt.E001", "cryptodt.E002"}),
        ("redis://127.0.0.1", "postgresql", set()),
    ],
)
def test_several_processes_need_redis_and_postgresql(
    settings, monkeypatch, redis, vendor, expected
):
    settings.PROCESSES = 2
    settings.REDIS_URL = redis
    monkeypatch.setattr(connection, "vendor", vendor)
    assert found() == expected
