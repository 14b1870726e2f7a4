"""The published list for clients: pairs, and the state of the market, in their own envelope."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from market.models import Rate
from market.tests.quotes import NOW, given_assets, given_price

pytestmark = pytest.mark.django_db
URL = "/api/service/rate"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        yield


@pytest.fixture(autouse=True)
def _market(settings, _clock):
    given_assets(settings, "BTC", "ETH")
    given_price("BTC", "64000.5")
    given_price("USDT", "0.5", sources=["okx"], observed_at=NOW - timedelta(seconds=20))
    Rate.objects.create(
        currency="EUR", name="Euro", kind="fiat", usd=Decimal("1.07"), source="coingecko",
        observed_at=NOW,
    )  # fmt: skip


def test_a_pair_is_told_by_both_prices_and_as_old_as_the_older(client):
    body = client.get(URL, {"pair": "BTC/USDT"}).json()
    assert body["data"] == {
        "pair": "BTC/USDT",
        "price": 128001,
        "quote": "USDT",
        "ts": "2026-05-04T12:02:10.000Z",
        "age": 25,
        "stale": False,
        "source": "binance+kraken+okx",
    }
    assert body["meta"]["attempted"] == ["binance", "kraken", "okx"]
    assert body["meta"]["cache_ttl_seconds"] == 30
    assert body["meta"]["generated_at"] == "2026-05-04T12:02:35.000Z"


@pytest.mark.parametrize(
    ("typed", "pair", "price"),
    [
        ("btcusd", "BTC/USD", "64000.5"),
        ("BTC-USD", "BTC/USD", "64000.5"),
        ("bitcoin/eur", "BTC/EUR", "59813.5514019"),
        ("XBT", "BTC/USDT", "128001"),
        ("USDT/BTC", "USDT/BTC", "0.0000078124389653206"),
    ],
)
def test_a_pair_in_any_spelling_and_any_money(client, typed, pair, price):
    found = json.loads(client.get(URL, {"pair": typed}).content, parse_float=Decimal)["data"]
    assert found["pair"] == pair
    assert abs(found["price"] - Decimal(price)) <= Decimal(price) / 10**11


def test_several_pairs_at_once_and_who_is_missing(client):
    body = client.get(f"{URL}/batch", {"pairs": "BTC/USDT,ETH/USD,BTC/EUR"}).json()
    assert [one["pair"] for one in body["data"]] == ["BTC/USDT", "BTC/EUR"]
    assert body["meta"]["missing"] == ["ETH/USD"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "INVALID_REQUEST"),
        ("?pair=", "INVALID_SYMBOL"),
        ("?pair=NOPE/USDT", "INVALID_SYMBOL"),
        ("?pair=BTC/NOPE", "INVALID_REQUEST"),
        ("?pair=BTC/", "INVALID_REQUEST"),
        ("?pair=/", "INVALID_SYMBOL"),
        ("?pair=BTC/USDT/EUR", "INVALID_SYMBOL"),
        ("?pair=" + "B" * 5000, "INVALID_SYMBOL"),
        ("/batch", "INVALID_REQUEST"),
        ("/batch?pairs=" + "BTC," * 51, "INVALID_REQUEST"),
    ],
)
def test_what_is_no_pair_is_refused(client, query, code):
    response = client.get(URL + query)
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)


def test_a_pair_without_a_price_is_an_error_and_no_number(client):
    response = client.get(URL, {"pair": "ETH/USDT"})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "PROVIDER_ERROR")


def test_the_state_of_the_market_counts_our_own_prices(client):
    data = client.get("/api/service/market-status").json()["data"]
    assert data == {"tracked": 2, "priced": 1, "stale": 0}
