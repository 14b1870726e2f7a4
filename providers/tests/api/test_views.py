"""What the API tells of providers, and what it never tells."""

import pytest

from providers import breaker, roster, services
from providers.exceptions import Unreachable
from providers.models import Provider
from providers.selectors import subject

pytestmark = pytest.mark.django_db

KEY = "CG-nobody-may-read-this-1a2b"


@pytest.fixture
def keyed():
    provider = Provider.objects.get(slug="coingecko")
    services.set_key(provider, KEY)
    roster.changed()
    return provider


def test_every_provider_is_listed_with_what_it_offers(client):
    answer = client.get("/api/providers").json()
    lines = {line["slug"]: line for line in answer["data"]}
    assert answer["success"]
    assert answer["count"] == len(lines) == Provider.objects.count()
    assert answer["enabled"] == Provider.objects.filter(is_on=True).count()
    assert lines["kraken"]["offers"] == ["quotes", "candles", "order_book", "stream"]
    assert lines["kraken"]["pools"] == ["quotes", "candles", "order_book", "stream"]


def test_one_provider_tells_of_each_capability(client):
    services.record_failure("kraken", "quotes", Unreachable("did not answer"), seconds=1)
    detail = client.get("/api/providers/kraken").json()["data"]
    quotes = next(one for one in detail["capabilities"] if one["capability"] == "quotes")
    assert quotes["errorMessage"] == "did not answer"
    assert quotes["successRate1h"] == 0


@pytest.mark.parametrize("slug", ["nobody", "a" * 500, "%00", "..%2f", "<script>"])
def test_an_unknown_provider_is_an_error_in_the_envelope(client, slug):
    answer = client.get(f"/api/providers/{slug}")
    assert answer.status_code in (400, 404)
    assert answer.json()["success"] is False


def test_an_open_breaker_is_counted(client):
    for _ in range(5):
        breaker.failed(subject("kraken", "quotes"))
    answer = client.get("/api/system/circuit-breakers").json()
    assert answer["open"] == 1
    line = next(one for one in answer["data"] if one["state"] == "open")
    assert (line["provider"], line["capability"]) == ("kraken", "quotes")
    assert line["openUntil"].endswith("Z")


def test_a_key_is_told_of_and_never_told(client, keyed):
    for path in ("/api/providers", "/api/providers/coingecko", "/api/system/circuit-breakers"):
        text = client.get(path).content.decode()
        assert KEY not in text
        assert keyed.sealed_key not in text
        assert "1a2b" not in text
    assert client.get("/api/providers/coingecko").json()["data"]["hasKey"] is True


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_changed_here(client, method):
    for path in ("/api/providers", "/api/providers/kraken", "/api/system/circuit-breakers"):
        assert getattr(client, method)(path).status_code in (403, 405)
