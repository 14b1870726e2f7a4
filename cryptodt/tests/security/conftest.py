"""What the attacks have in common."""

import pytest
from django.test import Client

from accounts.models import User
from accounts.tests.people import PASSWORD, given_person


@pytest.fixture(autouse=True)
def plain_static(settings):
    """Pages are tested without the collected files that a running server needs."""
    storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": storage}}


@pytest.fixture
def ann(db):
    return given_person()


@pytest.fixture
def signed_in(ann):
    """Ann, with her session in a browser."""
    client = Client()
    client.force_login(ann)
    return client


@pytest.fixture
def operator(db):
    return User.objects.create_superuser("olga", password=PASSWORD, tier_id="admin")
