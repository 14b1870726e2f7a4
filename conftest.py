"""What every test starts with: an empty cache that it shares with nobody."""

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from pytest_django.plugin import DjangoDbBlocker

from cryptodt.common import snapshot
from market.selectors import candle_answers
from providers.services import sync_roster

# Workers, and runs side by side, may use one Redis. Settings are loaded before this file is, so
# they are changed here; the environment is for the services that tests start.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:8]
os.environ["CACHE_PREFIX"] = f"test-{RUN}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
settings.CACHE_PREFIX = f"{os.environ['CACHE_PREFIX']}:{settings.MARKET}"
if settings.REDIS_URL:
    settings.CACHES["default"]["KEY_PREFIX"] = settings.CACHE_PREFIX


def forget() -> None:
    """Empty the cache of this worker alone: clear() would empty the whole Redis."""
    snapshot._held.clear()
    candle_answers.KEPT.clear()
    if not settings.REDIS_URL:
        cache.clear()
        return
    import redis  # noqa: PLC0415

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for key in client.scan_iter(f"{settings.CACHE_PREFIX}:*", count=1000):
            client.delete(key)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Give the empty database what `manage.py prepare` would: the providers of the code."""
    with django_db_blocker.unblock():
        sync_roster()


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    forget()
    yield
    forget()
