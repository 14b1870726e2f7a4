"""People and pages for the tests of the door."""

import pytest
from django.test import Client

from accounts.models import User

PASSWORD = "quiet-river-41"


@pytest.fixture(autouse=True)
def plain_static(settings):
    """Pages are tested without the collected files that a running server needs."""
    storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": storage}}


@pytest.fixture
def alice(db) -> User:
    return User.objects.create_user("alice", password=PASSWORD)


@pytest.fixture
def newcomer(db) -> User:
    """A superuser who still has the one-time password."""
    return User.objects.create_superuser("nina", password=PASSWORD, must_change_password=True)


@pytest.fixture
def nina(client: Client, newcomer: User) -> Client:
    client.force_login(newcomer)
    return client
