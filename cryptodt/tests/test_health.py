"""Health says what is so, and never fails because something else did."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.db import InterfaceError, OperationalError, connection

from market.tests.quotes import NOW, given_assets, given_price
from providers import roster
from providers.exceptions import Unreachable
from providers.services import record_failure, record_success

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        yield


@pytest.fixture
def healthy(settings):
    given_assets(settings, "BTC")
    given_price("BTC")
    for member in roster.current().members("quotes"):
        record_success(member.slug, "quotes", [], seconds=0.123)


def asked(client):
    response = client.get("/api/health")
    return response.status_code, response.json()


def test_all_is_well_when_all_answer_and_all_is_fresh(client, healthy, settings):
    status, body = asked(client)
    assert (status, body["status"]) == (200, "healthy")
    assert body["prices"] == {"tracked": 1, "priced": 1, "stale": 0}
    assert body["version"] == settings.VERSION
    assert body["market"] == "live"
    assert body["timestamp"] == "2026-05-04T12:02:35.000Z"
    assert {one["slug"]: one["latency"] for one in body["providers"]} == {
        member.slug: 123 for member in roster.current().members("quotes") if member.is_on
    }


def test_a_failing_provider_degrades_and_is_named_with_its_reason(client, healthy):
    record_failure("kraken", "quotes", Unreachable("did not answer"), seconds=1)
    _, body = asked(client)
    kraken = next(one for one in body["providers"] if one["slug"] == "kraken")
    assert body["status"] == body["components"]["providers"] == "degraded"
    assert kraken["errorMessage"] == "did not answer"
    assert kraken["status"] == "degraded"


def test_an_old_price_degrades(client, healthy):
    with time_machine.travel(NOW + timedelta(seconds=60), tick=False):
        status, body = asked(client)
    assert (status, body["status"]) == (200, "degraded")
    assert body["prices"]["stale"] == 1


def test_an_asset_without_a_price_degrades(client, healthy, settings):
    given_assets(settings, "BTC", "ETH")
    assert asked(client)[1]["message"] == "1 assets have no price, 0 prices are old."


def test_a_start_without_any_answer_says_so(client, settings):
    given_assets(settings, "BTC")
    status, body = asked(client)
    assert (status, body["status"]) == (200, "degraded")
    assert "No provider has answered yet" in body["message"]


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_silent_database_is_unhealthy_and_not_an_accident(client, healthy, monkeypatch, error):
    def refuse(*args):
        raise error("the connection is closed")

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", refuse)
        status, body = asked(client)
    assert (status, body["status"]) == (503, "unhealthy")
    assert body["components"]["database"] == "unhealthy"


def test_health_is_for_everybody_and_asks_for_no_key(client, healthy):
    response = client.get("/api/health", headers={"Authorization": "Bearer nonsense"})
    assert response.status_code == 200


class Unanswered(Exception):
    """Stands for what the client of a shared cache raises when its server is gone."""


@pytest.fixture
def no_cache(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise Unanswered("gone")

    monkeypatch.setattr("cryptodt.health.UNREACHABLE", (Unanswered,))
    monkeypatch.setattr("cryptodt.api.errors.UNREACHABLE", (Unanswered,))
    monkeypatch.setattr(type(caches["default"]), "get", refuse)


@pytest.mark.django_db
def test_without_its_cache_it_is_unhealthy_and_says_so(client, no_cache):
    answer = client.get("/api/health")
    assert answer.status_code == 503
    assert answer.json()["message"] == "The cache does not answer."
    assert answer.json()["components"]["websocket"] == "unhealthy"


@pytest.mark.django_db
def test_a_read_without_the_cache_is_an_error_to_try_again(client, no_cache):
    answer = client.get("/api/prices")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["error"]["code"] == "UNAVAILABLE"
