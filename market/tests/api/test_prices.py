"""Prices over HTTP: the answer, every refusal, and the marks of a simulated market."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache

from market.tests.quotes import NOW, given_assets, given_price
from providers.registry import ROWS

pytestmark = pytest.mark.django_db
URL = "/api/prices"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        yield


def make_cold():
    cache.delete_many(["snapshot:prices:version", "snapshot:assets:version"])


@pytest.fixture
def prices(settings):
    given_assets(settings, "BTC", "ETH", "SOL")
    given_price("BTC", "64000.50")
    given_price("ETH", "3000.123456789012")


@pytest.fixture
def get(client, prices):
    def ask(symbols=None, **headers):
        return client.get(URL, {} if symbols is None else {"symbols": symbols}, headers=headers)

    return ask


def test_prices_of_everything_tracked(get):
    response = get()
    body = response.json()
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert (body["success"], body["count"], body["missing"]) == (True, 2, ["SOL"])
    assert body["source"] == "binance+kraken"
    assert body["timestamp"] == int((NOW.timestamp() + 5) * 1000)
    btc = body["data"][0]
    assert (btc["symbol"], btc["name"], btc["age"], btc["stale"]) == ("BTC", "Bitcoin", 5, False)


def test_a_price_in_json_has_every_digit(get):
    exact = json.loads(get("ETH").content, parse_float=Decimal)["data"][0]
    assert exact["price"] == Decimal("3000.123456789012")
    assert exact["priceExact"] == "3000.123456789012"


def test_prices_come_in_the_order_asked_for_and_each_once(get):
    symbols = [one["symbol"] for one in get("ethusdt, XBT,eth").json()["data"]]
    assert symbols == ["ETH", "BTC"]


def test_a_warm_answer_runs_no_query(get, django_assert_num_queries):
    with django_assert_num_queries(2):
        make_cold()
        get()
    with django_assert_num_queries(0):
        assert get().status_code == 200
        assert get("BTC").status_code == 200


def test_an_old_price_says_so_without_being_written_again(get, settings):
    settings.CACHE_TTL_PRICES = 30
    get()
    with time_machine.travel(NOW + timedelta(seconds=31), tick=False):
        found = get("BTC").json()["data"][0]
    assert (found["age"], found["stale"]) == (31, True)


@pytest.mark.parametrize(
    "typed",
    [
        "NOPE",
        "",
        ",",
        "\x00",
        "ВТС",
        "BTC;--",
        "B" * 5000,
        "%",
        "\udcff",
        ",".join(["BTC"] * 10_000),
    ],
)
def test_what_is_no_symbol_is_refused_in_the_envelope(get, typed):
    response = get(typed.encode("utf-8", "surrogateescape"))
    body = response.json()
    assert response.status_code == 400
    assert body["success"] is False
    assert body["error"]["code"] == "INVALID_SYMBOL"
    assert len(response.content) < 2000


def test_an_unknown_symbol_is_told_what_is_accepted(get):
    details = get("NOPE").json()["error"]["details"]
    assert details == {"symbol": "NOPE", "accepted": ["BTC", "ETH", "SOL", "USDC", "USDT"]}


def test_a_thousand_parameters_are_refused_and_not_an_accident(client):
    response = client.get(URL + "?" + "&".join(["symbols=BTC"] * 1001))
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "INVALID_REQUEST"


def test_no_price_at_all_is_an_error_that_names_the_providers(client, settings):
    given_assets(settings, "BTC")
    response = client.get(URL)
    error = response.json()["error"]
    assert response.status_code == 503
    assert error["code"] == "PROVIDER_ERROR"
    assert set(error["details"]) == {
        row.slug for row in ROWS if row.is_default and "quotes" in row.offers
    }
    assert response["Retry-After"] == str(error["retryAfter"])


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_prices_are_only_read(client, method):
    response = getattr(client, method)(URL)
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert "GET" in response["Allow"]


def test_head_is_get_without_the_body(client, get):
    response = client.head(URL)
    assert response.status_code == 200
    assert response.content == b""
    assert response["Content-Type"] == get()["Content-Type"]


def test_options_say_what_is_possible(client):
    response = client.options(URL)
    assert response.status_code == 200
    assert "GET" in response["Allow"]


def test_a_browser_gets_a_page_with_the_same_numbers(get, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    response = get("BTC", accept="text/html")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
    assert "64000.5" in response.text


def test_a_simulated_market_is_marked_in_the_body_and_the_header(get, settings):
    settings.SIMULATED, settings.MARKET = True, "simulated"
    for response in (get(), get("NOPE")):
        assert response.json()["simulated"] is True
        assert response["X-CryptoDT-Market"] == "simulated"


def test_a_real_market_is_not_marked_as_simulated(get):
    response = get()
    assert "simulated" not in response.json()
    assert response["X-CryptoDT-Market"] == "live"
