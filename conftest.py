"""What every test starts with: an empty cache that it shares with nobody."""

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import DjangoDbBlocker, blocking_manager_key

from accounts import counter, usage
from accounts.callers import BOOK
from accounts.services import sync_tiers
from cryptodt.common import broadcast, snapshot
from market.selectors import candle_answers
from providers.services import sync_roster

# How long an example takes says how busy the machine is.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")

# Workers, and runs side by side, may use one Redis. Settings are loaded before this file is, so
# they are changed here; the environment is for the services that tests start.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:8]
os.environ["CACHE_PREFIX"] = f"test-{RUN}-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
settings.CACHE_PREFIX = f"{os.environ['CACHE_PREFIX']}:{settings.MARKET}"
# A hash that takes long is for people, not for hundreds of made-up ones.
settings.PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    *settings.PASSWORD_HASHERS,
]
if settings.REDIS_URL:
    settings.CACHES["default"]["KEY_PREFIX"] = settings.CACHE_PREFIX


def forget() -> None:
    """Empty the cache of this worker alone: clear() would empty the whole Redis."""
    snapshot._held.clear()
    counter.forget_all()
    usage.forget_all()
    BOOK.forget()
    candle_answers.KEPT.clear()
    broadcast.LOG.promises.clear()
    broadcast._behind.clear()
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
        sync_tiers()
        sync_roster()
        if connection.vendor == "sqlite":
            # There a test that really writes has its tables emptied row by row.
            with connection.cursor() as cursor:
                cursor.execute("DROP TRIGGER audit_is_never_deleted")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """A test that really writes empties the tables after it, and what the code puts there too."""
    marker = item.get_closest_marker("django_db")
    names = getattr(item, "fixturenames", ())
    really_writes = (marker and marker.kwargs.get("transaction")) or "transactional_db" in names
    # After the last test there is no database any more.
    if really_writes and nextitem is not None:
        with item.config.stash[blocking_manager_key].unblock():
            sync_tiers()
            sync_roster()


@pytest.fixture(autouse=True)
def _no_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests write usage down when they want to see it: a thread of its own would meet theirs."""
    monkeypatch.setattr(usage, "_start", lambda: None)


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    forget()
    yield
    forget()
