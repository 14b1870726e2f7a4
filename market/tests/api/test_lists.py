"""The market's lists over HTTP: shapes that existing clients read, and every refusal."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from market import snapshot
from market.models import GlobalSnapshot
from market.selectors.assets import stored_entries
from market.tests.quotes import NOW, given_assets, given_price
from market.tests.selectors.test_standings import given_standing

pytestmark = pytest.mark.django_db
LISTS = ("/api/coins/top", "/api/market", "/api/assets")


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        yield


@pytest.fixture(autouse=True)
def _market(settings, _clock):
    given_assets(settings, "BTC", "ETH")
    given_price("BTC", "123456789.123456789012", change_24h=Decimal(25))
    given_standing("ETH", 2, "3000.5")
    given_standing("PEPE", 3, "0.000000000001")
    snapshot.publish_assets(stored_entries())


def exact(response):
    return json.loads(response.content, parse_float=Decimal)


def test_the_largest_come_under_both_names(client):
    body = client.get("/api/coins/top?limit=2").json()
    assert body["success"] is True
    assert body["data"] == body["coins"]
    assert (body["count"], body["total"], body["limit"]) == (2, 3, 2)
    assert [one["symbol"] for one in body["data"]] == ["ETH", "PEPE"]
    assert body["source"] == "coingecko"
    assert body["data"][0]["timestamp"] == int(NOW.timestamp() * 1000)


def test_the_market_has_every_name_that_its_clients_read(client):
    body = exact(client.get("/api/market?symbols=BTC,PEPE&limit=10"))
    assert body["items"] == body["data"] == body["prices"]
    btc, pepe = sorted(body["items"], key=lambda one: one["symbol"])
    assert btc["price"] == Decimal("123456789.123456789012")
    assert pepe["price"] == Decimal("1E-12")
    assert (btc["change24h"], btc["changePercent24h"]) == (btc["changeAbs24h"], 25)
    assert body["last_updated"] == "2026-05-04T12:02:30.000Z"
    assert body["meta"]["total"] == 2


def test_totals_that_nobody_told_are_left_out_and_never_zero(client):
    assert not {"totalMarketCap", "total_market_cap"} & client.get("/api/market").json().keys()


def test_totals_come_in_both_spellings_with_their_source_and_age(client):
    GlobalSnapshot.objects.create(
        at=NOW,
        total_market_cap=Decimal("2500000000000.5"),
        active_assets=17000,
        source="coinpaprika",
        observed_at=NOW - timedelta(seconds=60),
    )
    body = exact(client.get("/api/market"))
    assert body["totalMarketCap"] == body["total_market_cap"] == Decimal("2500000000000.5")
    assert body["activeCryptocurrencies"] == 17000
    assert "btcDominance" not in body
    assert body["meta"]["totalsSource"] == "coinpaprika"
    assert body["meta"]["totalsAge"] == 65


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize("limit", ["0", "-1", "1000000000", "abc", "1e3", "", "١٠", "1.5", "\x00"])
def test_a_limit_that_is_none_is_refused_with_what_is_accepted(client, url, limit):
    response = client.get(url, {"limit": limit})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "INVALID_REQUEST")
    assert "whole number from 1 to" in error["message"]


@pytest.mark.parametrize("url", LISTS)
def test_who_has_the_answer_already_gets_its_name_and_nothing_else(client, url):
    first = client.get(url)
    again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert first["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("url", LISTS)
def test_a_warm_list_asks_the_store_nothing(client, url, django_assert_num_queries):
    client.get(url)
    with django_assert_num_queries(0):
        assert client.get(url).status_code == 200


def test_a_sort_that_is_none_is_refused_with_those_there_are(client):
    error = client.get("/api/market?sort=best").json()["error"]
    assert "rank" in error["details"]["accepted"]


def test_the_catalog_is_searched_and_paged(client):
    body = client.get("/api/assets?limit=2").json()
    assert (body["count"], body["total"]) == (2, 5)
    more = client.get("/api/assets", {"limit": 9, "cursor": body["next"]}).json()
    symbols = [one["symbol"] for one in (*body["data"], *more["data"])]
    assert symbols == ["BTC", "ETH", "PEPE", "USDC", "USDT"]
    assert more["next"] is None
    assert client.get("/api/assets?q=tether").json()["data"][0]["symbol"] == "USDT"


@pytest.mark.parametrize("query", [{"cursor": "nobody"}, {"cursor": "\x00"}, {"q": "x" * 101}])
def test_a_search_that_makes_no_sense_is_refused(client, query):
    response = client.get("/api/assets", query)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_REQUEST")


def test_an_asset_tells_its_names(client):
    found = client.get("/api/assets/xbt").json()["data"]
    assert (found["symbol"], found["name"], found["tracked"]) == ("BTC", "Bitcoin", True)
    assert found["ids"]["coingecko"] == "bitcoin"
    assert found["aliases"] == ["XBT"]
    assert client.get("/api/assets/PEPE").json()["data"]["rank"] == 3


@pytest.mark.parametrize("typed", ["NOPE", "ВТС", "a" * 5000, "%00"])
def test_an_unknown_asset_is_refused(client, typed):
    response = client.get(f"/api/assets/{typed}")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "INVALID_SYMBOL")
