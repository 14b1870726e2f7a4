"""What callers of prices can ask for: receipts, other money, an age limit, anything on demand."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache

from market import snapshot
from market.models import Asset, Price, PricePoint, Rate
from market.selectors.assets import stored_entries
from market.selectors.prices import PriceQuery, price_answer
from market.tests.quotes import NOW, given_assets, given_price

pytestmark = pytest.mark.django_db
URL = "/api/prices"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        yield


def make_cold():
    cache.delete_many([f"snapshot:{one}:version" for one in ("prices", "assets", "rates")])


@pytest.fixture
def prices(settings):
    given_assets(settings, "BTC", "ETH", "SOL")
    given_price("BTC", "64000.50")
    given_price("ETH", "3000.123456789012")


@pytest.fixture
def euro():
    return Rate.objects.create(
        currency="EUR", name="Euro", kind="fiat", usd=Decimal("1.07"), source="a+b",
        observed_at=NOW,
    )  # fmt: skip


def ask(client, **query):
    return client.get(URL, query)


def test_receipts_come_only_when_they_are_asked_for(client, prices):
    Price.objects.update(
        receipts={
            "contributors": [{"source": "kraken", "price": "64000.5", "weight": "0.5"}],
            "excluded": [{"source": "okx", "price": "1E-12", "reason": "unit slip"}],
        },
        confidence=Decimal("0.75"),
        figures_source="coingecko",
        figures_at=NOW,
    )
    brief, full = ask(client).json()["data"][0], ask(client, detail="full").json()["data"][0]
    assert "receipts" not in brief
    assert brief["confidence"] == 0.75
    assert (brief["figuresSource"], brief["figuresLastUpdate"]) == (
        "coingecko",
        "2026-05-04T12:02:30.000Z",
    )
    assert full.pop("receipts") == {
        "currency": "USD",
        "contributors": [{"source": "kraken", "price": 64000.5, "weight": 0.5}],
        "excluded": [{"source": "okx", "price": 1e-12, "reason": "unit slip"}],
    }
    assert full == brief


def test_another_money_converts_what_is_money_and_says_by_which_rate(client, prices, euro):
    Price.objects.update(volume_24h=Decimal(107), market_cap=None, change_24h=Decimal(100))
    body = json.loads(ask(client, convert="eur", symbols="BTC").content, parse_float=Decimal)
    (btc,) = body["data"]
    assert (btc["price"], btc["priceExact"]) == (Decimal("59813.5514019"), "59813.5514019")
    assert (btc["priceUsd"], btc["volume24h"], btc["marketCap"]) == (Decimal("64000.5"), 100, None)
    assert (btc["changePercent24h"], btc["convert"]) == (100, "EUR")
    assert (body["convert"], body["rate"], body["rateSource"]) == ("EUR", Decimal("1.07"), "a+b")
    assert (body["rateLastUpdate"], body["rateStale"]) == ("2026-05-04T12:02:30.000Z", False)


def test_a_price_by_an_old_rate_is_old(client, prices, euro):
    Rate.objects.update(observed_at=NOW - timedelta(days=1, seconds=1))
    body = ask(client, convert="EUR").json()
    assert body["rateStale"] is True
    assert {one["stale"] for one in body["data"]} == {True}


def test_an_answer_has_another_name_once_its_rate_is_old(client, prices, euro):
    names = set()
    for seconds in (3600, 86400, 86401, 90000):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            response = ask(client, convert="EUR", symbols="BTC")
            names.add((response["ETag"], response.json()["rateStale"]))
    assert [is_stale for _, is_stale in sorted(names, key=lambda one: one[1])] == [False, True]


def test_a_young_price_by_an_old_rate_is_counted_as_old(client, prices, euro):
    Rate.objects.update(observed_at=NOW - timedelta(days=2))
    query = PriceQuery(("BTC", "ETH"), convert="EUR")
    assert price_answer(query).stale == 2


def test_the_three_dollars_are_three_things(client, prices):
    given_price("USDT", "0.5")
    given_price("USDC", "0.8")
    found = {
        money: ask(client, convert=money, symbols="BTC").json()["data"][0]["priceExact"]
        for money in ("USD", "USDT", "USDC")
    }
    assert found == {"USD": "64000.5", "USDT": "128001", "USDC": "80000.625"}


def test_a_stable_coin_without_a_price_is_not_taken_for_a_dollar(client, prices):
    error = ask(client, convert="USDT").json()["error"]
    assert error["code"] == "INVALID_REQUEST"
    assert error["details"] == {"currency": "USDT", "accepted": ["BTC", "ETH", "USD"]}


def test_bitcoin_is_money_by_our_own_price_and_not_by_a_rate(client, prices):
    Rate.objects.create(
        currency="BTC", name="Bitcoin", kind="crypto", usd=Decimal(1), source="x", observed_at=NOW
    )
    found = ask(client, convert="XBT", symbols="BTC,ETH").json()
    assert found["data"][0]["price"] == 1
    assert found["rateSource"] == "binance+kraken"


@pytest.mark.parametrize("money", ["NOPE", "", "\x00", "E" * 5000, "ЕUR", "EUR,USD", "%"])
def test_an_unknown_money_is_refused_with_what_is_accepted(client, prices, euro, money):
    response = ask(client, convert=money)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "INVALID_REQUEST")
    assert error["details"]["accepted"] == ["BTC", "ETH", "EUR", "USD"]


def test_what_is_older_than_the_caller_accepts_is_an_error_that_names_it(client, prices):
    assert ask(client, max_age=5).status_code == 200
    Price.objects.filter(asset__symbol="ETH").update(observed_at=NOW - timedelta(seconds=60))
    make_cold()
    response = ask(client, max_age=5)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "TOO_OLD"
    assert response.json()["error"]["details"] == {"maxAge": 5, "ages": {"ETH": 65}}
    assert ask(client, max_age=5, symbols="BTC").status_code == 200


@pytest.mark.parametrize("age", ["-1", "abc", "1e3", "", "99999999999999999999", "1.5", "٣"])
def test_an_age_that_is_none_is_refused(client, prices, age):
    response = ask(client, max_age=age)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("detail", ["", "all", "\x00", "f" * 5000])
def test_a_detail_that_is_none_is_refused(client, prices, detail):
    response = ask(client, detail=detail)
    assert response.json()["error"]["details"]["accepted"] == ["brief", "full"]


def test_who_has_an_answer_gets_its_name_until_there_is_news_or_something_grows_old(
    client, prices, settings
):
    first = client.get(URL)
    assert first["Cache-Control"] == "no-cache"

    def again():
        return client.get(URL, headers={"If-None-Match": first["ETag"]}).status_code

    assert again() == 304
    with time_machine.travel(NOW + timedelta(seconds=31), tick=False):
        assert again() == 200
    snapshot.publish(snapshot.items_of(Price.objects.select_related("asset")))
    assert again() == 200


def test_everything_is_warm_without_the_store(client, prices, euro, django_assert_num_queries):
    query = {"convert": "EUR", "detail": "full", "max_age": 60}
    make_cold()
    with django_assert_num_queries(3):
        ask(client, **query)
    with django_assert_num_queries(0):
        ask(client, **query)


# -- On demand -----------------------------------------------------------------------------


@pytest.fixture
def pepe(prices, monkeypatch):
    monkeypatch.setattr("market.services.asked.WAIT_SECONDS", 0.0)
    for symbol in ("pepe-2", "PEPE"):
        Asset.objects.create(
            symbol=symbol, ticker="PEPE", name="Pepe", ids={"coingecko": symbol.lower()}
        )
    snapshot.publish_assets(stored_entries())


def test_what_is_asked_for_the_first_time_is_on_its_way(client, pepe):
    response = ask(client, symbols="pepe-2")
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (202, "NOT_YET")
    assert response["Retry-After"] == "5"
    assert error["details"] == {"symbols": ["pepe-2"]}


def test_an_ambiguous_ticker_is_refused_with_the_candidates_over_http(client, pepe):
    error = ask(client, symbols="BTC,PEPE").json()["error"]
    assert error["code"] == "INVALID_SYMBOL"
    assert [one["id"] for one in error["details"]["candidates"]] == [
        "coingecko:pepe",
        "coingecko:pepe-2",
    ]


# -- In the shape of the dashboard's hook --------------------------------------------------


def test_the_hook_gets_changes_in_dollars(client, prices):
    Price.objects.update(change_24h=Decimal(100))
    body = client.get("/api/market/prices?symbols=ETH,BTC,SOL").json()
    assert (body["count"], body["missing"], body["source"]) == (2, ["SOL"], "binance+kraken")
    eth, btc = body["data"]
    assert (eth["symbol"], btc["change24h"], btc["changePercent24h"]) == ("ETH", 32000.25, 100)
    assert btc["timestamp"] == int(NOW.timestamp() * 1000)
    assert (btc["age"], btc["stale"]) == (5, False)


def test_the_hook_gets_the_same_refusals(client, prices):
    assert client.get("/api/market/prices?symbols=NOPE").status_code == 400
    assert client.get("/api/market/prices?symbols=SOL").status_code == 503


# -- The past ------------------------------------------------------------------------------


def test_history_is_a_bare_list_with_every_digit(client, prices):
    at = int(NOW.timestamp()) // 60 * 60
    PricePoint.objects.create(
        asset=Asset.objects.get(symbol="BTC"),
        at=at,
        price=Decimal("123456789.123456789012"),
        observed_ms=at * 1000 + 7,
    )
    response = client.get("/api/prices/history/btc-usd?days=1")
    assert json.loads(response.content, parse_float=Decimal) == [
        {"price": Decimal("123456789.123456789012"), "timestamp": "2026-05-04T12:02:00.007Z"}
    ]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("NOPE", "INVALID_SYMBOL"),
        ("BTC?days=0", "INVALID_REQUEST"),
        ("BTC?days=4000", "INVALID_REQUEST"),
        ("BTC?days=x", "INVALID_REQUEST"),
        ("BTC?interval=2m", "INVALID_REQUEST"),
        ("BTC?days=90&interval=1m", "INVALID_REQUEST"),
    ],
)
def test_a_history_that_cannot_be_is_refused(client, prices, path, code):
    response = client.get(f"/api/prices/history/{path}")
    assert (response.status_code, response.json()["error"]["code"]) == (400, code)
