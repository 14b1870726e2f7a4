"""Limits over HTTP: told on every answer, told apart when they are reached."""

import threading
import time

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts import counter, usage
from accounts.models import ApiKey, Tier, Usage
from accounts.tests.people import given_key, given_person, shown
from market.tests.quotes import given_assets, given_price

pytestmark = pytest.mark.django_db
MINE = "/api/account/usage"
FREE_LIMIT = 30


@pytest.fixture(autouse=True)
def _prices(settings):
    given_assets(settings, "BTC", "ETH")
    given_price("BTC")
    given_price("ETH", "2000")


@pytest.fixture(autouse=True)
def _one_minute():
    """No test lies between two minutes: the clock stands at the beginning of one of today's."""
    with time_machine.travel(time.time() // 60 * 60 + 1, tick=False):
        yield


def test_every_answer_says_how_the_limits_stand(client):
    for path in ("/api/prices", "/api/nothing", "/api/prices?symbols=NOPE", "/api/health"):
        response = client.get(path)
        assert '"minute";q=' in response["RateLimit-Policy"]
        assert '"minute";r=' in response["RateLimit"]
        assert int(response["X-RateLimit-Limit"]) > int(response["X-RateLimit-Remaining"]) - 1
        assert int(response["X-RateLimit-Reset"])


def test_a_caller_without_a_key_has_the_limit_of_each_kind_of_endpoint(client):
    assert [client.get("/api/prices").status_code for _ in range(121)] == [200] * 120 + [429]
    # Another kind is counted by itself.
    assert client.get("/api/providers").status_code == 200


def test_another_address_is_another_caller(client):
    for _ in range(121):
        client.get("/api/prices")
    assert client.get("/api/prices").status_code == 429
    assert client.get("/api/prices", REMOTE_ADDR="203.0.113.7").status_code == 200


def test_a_network_of_version_six_is_one_caller(client):
    for number in range(120):
        client.get("/api/prices", REMOTE_ADDR=f"2001:db8::{number:x}")
    assert client.get("/api/prices", REMOTE_ADDR="2001:db8::ffff").status_code == 429
    assert client.get("/api/prices", REMOTE_ADDR="2001:db8:0:1::1").status_code == 200


def test_nobody_is_another_caller_by_saying_so(client):
    for _ in range(120):
        client.get("/api/prices")
    said = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
    assert client.get("/api/prices", headers=said).status_code == 429


def test_health_is_never_limited(client):
    assert {client.get("/api/health").status_code for _ in range(200)} == {200}
    assert client.get("/api/providers").status_code == 200


def test_a_refusal_says_which_limit_it_was_and_when_to_come_back(client):
    key = given_key()
    for _ in range(FREE_LIMIT):
        client.get("/api/providers", headers=shown(key))
    refused = client.get("/api/providers", headers=shown(key))
    body = refused.json()
    assert refused.status_code == 429
    assert body["error"]["code"] == "RATE_LIMITED"
    assert body["error"]["details"]["limit"] == "minute"
    assert body["error"]["retryAfter"] == body["retry_after"] == int(refused["Retry-After"])
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert body["detail"]
    assert body["rate_limit_info"]["allowed"] == FREE_LIMIT


def test_a_key_never_gives_less_than_none(client):
    """Thirty a minute is less than what anybody may ask of prices."""
    key = given_key()
    statuses = [client.get("/api/prices", headers=shown(key)).status_code for _ in range(121)]
    assert statuses == [200] * 120 + [429]


def test_a_day_is_told_from_a_minute(client):
    Tier.objects.filter(slug="free").update(per_day=5)
    key = given_key()
    statuses = [client.get("/api/prices", headers=shown(key)).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert (
        client.get("/api/prices", headers=shown(key)).json()["rate_limit_info"]["limit"] == "day"
    )


def test_a_day_outlives_a_restart(client):
    Tier.objects.filter(slug="free").update(per_day=5)
    key = given_key()
    for _ in range(4):
        client.get("/api/prices", headers=shown(key))
    usage.flush()
    counter.forget_all()
    statuses = [client.get("/api/prices", headers=shown(key)).status_code for _ in range(2)]
    assert statuses == [200, 429]


@pytest.mark.skipif(bool(settings.REDIS_URL), reason="with Redis no restart forgets a day")
def test_what_costs_nothing_is_not_taken_from_the_day_after_a_restart(client):
    Tier.objects.filter(slug="free").update(per_day=3)
    key = given_key()
    first = client.get("/api/prices", headers=shown(key))
    for _ in range(10):
        client.get(MINE, headers=shown(key))
        client.get("/api/prices", headers={**shown(key), "If-None-Match": first["ETag"]})
    usage.flush()
    counter.forget_all()
    statuses = [client.get("/api/prices", headers=shown(key)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_a_refused_call_costs_nothing_of_the_day(client):
    key = given_key()
    for _ in range(FREE_LIMIT + 20):
        client.get("/api/providers", headers=shown(key))
    usage.flush()
    (row,) = Usage.objects.all()
    assert (row.calls, row.limited) == (FREE_LIMIT, 20)


def test_numbers_of_its_own_go_before_the_tiers(client):
    key = given_key()
    ApiKey.objects.update(per_minute=3)
    statuses = [client.get("/api/providers", headers=shown(key)).status_code for _ in range(4)]
    assert statuses == [200] * 3 + [429]


def test_an_enterprise_key_has_no_limit(client):
    key = given_key(given_person(tier="enterprise"))
    assert {client.get("/api/prices", headers=shown(key)).status_code for _ in range(150)} == {200}
    assert "RateLimit" not in client.get("/api/prices", headers=shown(key))


def test_too_many_symbols_are_told_from_too_many_calls(client):
    key = given_key()
    six = "BTC,ETH,BTC/USD,BTCUSDT,ETH-USD,XBT"
    refused = client.get(f"/api/prices?symbols={six}", headers=shown(key))
    assert refused.status_code == 429
    assert refused.json()["rate_limit_info"] == {"limit": "symbols", "allowed": 5, "asked": 6}
    assert client.get("/api/prices", headers=shown(key)).status_code == 200
    assert client.get(f"/api/prices?symbols={six}").status_code == 200


def test_usage_costs_nothing(client):
    key = given_key()
    for _ in range(FREE_LIMIT * 2):
        assert client.get(MINE, headers=shown(key)).status_code == 200
    assert client.get("/api/providers", headers=shown(key)).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_sixty_four_threads_with_one_key_get_exactly_its_limit():
    key = given_key(given_person(tier="pro"))
    answers, gate = [], threading.Barrier(64)

    def ask():
        own, statuses = Client(), []
        gate.wait()
        for _ in range(8):
            statuses.append(own.get("/api/prices", headers=shown(key)).status_code)
        answers.extend(statuses)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 512
    assert answers.count(200) == 300
    assert answers.count(429) == 212
