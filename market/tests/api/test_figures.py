"""The market as a whole over HTTP: shapes, limits, ages, marks, and errors where nothing is."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache

from market.tests.figures import given_days, given_protocols, given_totals, given_trending
from market.tests.quotes import NOW, given_assets, given_price

pytestmark = pytest.mark.django_db

OVERVIEW = "/api/market/overview"
EVERY = [
    OVERVIEW,
    "/api/market/gainers",
    "/api/market/losers",
    "/api/trending",
    "/api/hf/trending",
    "/api/defi",
    "/api/defi/tvl-chart",
]
LIMITED = [
    ("/api/market/gainers", "limit", 50),
    ("/api/market/losers", "limit", 50),
    ("/api/trending", "limit", 50),
    ("/api/hf/trending", "limit", 50),
    ("/api/defi", "limit", 100),
    ("/api/defi/tvl-chart", "days", 365),
]


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        yield


def moving(symbol, change, *, volume="5000000", **columns):
    volume_24h = None if volume is None else Decimal(volume)
    given_price(symbol, "10", change_24h=Decimal(change), volume_24h=volume_24h, **columns)


@pytest.fixture
def market(settings):
    given_assets(settings, "BTC", "ETH", "SOL", "XRP", "ADA", "DOT", "LINK", "LTC")
    moving("BTC", "1.5")
    moving("ETH", "-2.5")
    moving("SOL", "9", volume="999999")
    moving("XRP", "8", observed_at=NOW - timedelta(seconds=60))
    moving("ADA", "3.25")
    moving("DOT", "0")
    moving("LINK", "7", volume=None)
    moving("USDT", "2")
    given_totals()
    given_trending(*(f"coin-{n}" for n in range(1, 12)))
    given_protocols(30)
    given_days(*range(5, -1, -1))


def symbols(items):
    return [one["symbol"] for one in items]


def test_the_overview_has_totals_movers_and_trends(client, market):
    body = client.get(OVERVIEW).json()
    data = body["data"]
    assert body["success"] is True
    assert (data["btcDominance"], data["ethDominance"]) == (55.5, None)
    assert (data["activeCryptocurrencies"], data["activeCoins"]) == (17000, 17000)
    assert data["timestamp"] == int(NOW.timestamp() * 1000)
    assert body["timestamp"] == data["timestamp"] + 5000
    assert len(data["trending"]) == 7
    for part in (body, data):
        assert (part["source"], part["age"], part["stale"]) == ("coingecko", 5, False)
        assert part["lastUpdate"] == "2026-05-04T12:02:30.000Z"


def test_trends_in_the_overview_have_an_age_of_their_own(client):
    given_totals()
    assert client.get(OVERVIEW).json()["data"]["trendingAsOf"] is None
    cache.delete("snapshot:trending:version")
    given_trending("pepe", at=NOW - timedelta(hours=1))
    found = client.get(OVERVIEW).json()["data"]["trendingAsOf"]
    assert (found["source"], found["age"], found["stale"]) == ("coingecko", 3605, True)


def test_a_total_has_every_digit(client, market):
    exact = json.loads(client.get(OVERVIEW).content, parse_float=Decimal)
    assert exact["data"]["totalMarketCap"] == Decimal("2500000000000.123456789012")


def test_movers_are_tracked_fresh_and_widely_traded(client, market):
    data = client.get(OVERVIEW).json()["data"]
    assert symbols(data["topGainers"]) == ["ADA", "BTC"]
    assert symbols(data["topLosers"]) == ["ETH"]
    assert data["moversOf"] == 4


def test_five_movers_at_most_stand_in_the_overview_each_way(client, settings):
    names = ["BTC", "ETH", "SOL", "XRP", "ADA", "DOT"]
    given_assets(settings, *names)
    for place, symbol in enumerate(names):
        moving(symbol, str(place + 1))
    given_totals()
    data = client.get(OVERVIEW).json()["data"]
    assert symbols(data["topGainers"]) == ["DOT", "ADA", "XRP", "SOL", "ETH"]
    assert data["topLosers"] == []


def test_gainers_and_losers_are_prices_in_their_order(client, market):
    gainers = client.get("/api/market/gainers?limit=1").json()
    assert symbols(gainers["data"]) == ["ADA"]
    assert gainers["data"][0]["priceExact"] == "10"
    assert (gainers["count"], gainers["source"]) == (1, "binance+kraken")
    assert symbols(client.get("/api/market/losers").json()["data"]) == ["ETH"]


def test_without_a_fresh_price_there_are_no_movers(client, market):
    with time_machine.travel(NOW + timedelta(seconds=31), tick=False):
        response = client.get("/api/market/gainers")
        data = client.get(OVERVIEW).json()["data"]
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "PROVIDER_ERROR"
    assert (data["topGainers"], data["topLosers"], data["moversOf"]) == ([], [], 0)


def test_seven_trends_are_the_usual_answer(client, market):
    body = client.get("/api/trending").json()
    assert body["coins"] == body["data"]
    assert [one["position"] for one in body["data"]] == list(range(1, 8))
    assert body["data"][0] == {
        "position": 1,
        "symbol": "COIN-1",
        "name": "Coin-1",
        "id": "coin-1",
        "rank": None,
        "asset": None,
    }
    assert body["timestamp"] == "2026-05-04T12:02:35.000Z"


def test_more_trends_than_there_are_is_all_there_are(client, market):
    assert client.get("/api/trending?limit=50").json()["count"] == 11


def test_only_the_newest_trends_are_shown(client, market):
    given_trending("older", at=NOW - timedelta(minutes=10))
    given_trending("newer", at=NOW + timedelta(seconds=1))
    assert [one["id"] for one in client.get("/api/trending").json()["data"]] == ["newer"]


def test_the_older_address_gives_the_same_trends(client, market):
    old, new = client.get("/api/hf/trending"), client.get("/api/trending")
    assert old.json() == new.json()


def test_twenty_protocols_are_the_usual_answer(client, market):
    body = client.get("/api/defi").json()
    assert (body["count"], body["total"]) == (20, 30)
    assert [one["position"] for one in body["data"]] == list(range(1, 21))
    assert (body["data"][0]["symbol"], body["data"][0]["tvl"]) == (None, 999999999)


def test_the_chart_has_a_day_for_each_date(client, market):
    body = client.get("/api/defi/tvl-chart?days=3").json()
    assert [(one["date"], one["closed"]) for one in body["data"]] == [
        ("2026-05-02", True),
        ("2026-05-03", True),
        ("2026-05-04", False),
    ]
    assert body["data"][0]["tvl"] == 100000000002
    assert (body["complete"], body["missing"]) == (True, [])


def test_a_day_that_is_missing_is_named_and_not_invented(client):
    given_days(5, 4, 1)
    body = client.get("/api/defi/tvl-chart").json()
    assert body["count"] == 3
    assert (body["complete"], body["missing"]) == (False, ["2026-05-01", "2026-05-02"])


@pytest.mark.parametrize(
    ("url", "seconds"),
    [(OVERVIEW, 900), ("/api/trending", 900), ("/api/defi", 7200), ("/api/defi/tvl-chart", 7200)],
)
def test_old_figures_say_so_by_themselves(client, market, url, seconds):
    with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
        young = client.get(url).json()
    with time_machine.travel(NOW + timedelta(seconds=seconds + 1), tick=False):
        old = client.get(url).json()
    assert (young["age"], young["stale"]) == (seconds, False)
    assert (old["age"], old["stale"]) == (seconds + 1, True)


@pytest.mark.parametrize("url", EVERY)
def test_without_data_there_is_an_error_and_no_number(client, url):
    response = client.get(url)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "PROVIDER_ERROR"
    assert response["Retry-After"]


@pytest.mark.parametrize(("url", "name", "most"), LIMITED)
def test_the_ends_of_what_is_accepted_are_accepted(client, market, url, name, most):
    for typed in ("1", str(most), " 5 "):
        assert client.get(url, {name: typed}).status_code == 200


@pytest.mark.parametrize(
    "typed", ["0", "-1", "1000000000", "1e3", "", "ten", "\x00", "५", "9" * 9999]
)
@pytest.mark.parametrize(("url", "name", "most"), LIMITED)
def test_what_is_no_number_is_refused_with_what_is_accepted(client, url, name, most, typed):
    response = client.get(url, {name: typed})
    error = response.json()["error"]
    assert response.status_code == 400
    assert error["code"] == "INVALID_REQUEST"
    assert error["details"]["accepted"] == {"least": 1, "most": most}
    assert len(response.content) < 500


def test_one_more_than_accepted_is_refused(client, market):
    for url, name, most in LIMITED:
        assert client.get(url, {name: most + 1}).status_code == 400


@pytest.mark.parametrize("url", EVERY)
def test_whoever_has_the_answer_already_is_sent_nothing(client, market, url):
    first = client.get(url)
    assert first["Cache-Control"] == "no-cache"
    again = client.get(url, headers={"if-none-match": f'"other", {first["ETag"]}'})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert client.get(url, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("url", [OVERVIEW, "/api/trending", "/api/defi", "/api/defi/tvl-chart"])
def test_figures_that_grew_old_are_another_answer(client, market, url):
    mark = client.get(url)["ETag"]
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        assert client.get(url, headers={"if-none-match": mark}).status_code == 200


def test_another_limit_is_another_answer(client, market):
    mark = client.get("/api/defi?limit=5")["ETag"]
    again = client.get("/api/defi?limit=6", headers={"if-none-match": mark})
    assert again.status_code == 200


def test_a_price_that_grew_old_is_another_overview(client, market):
    mark = client.get(OVERVIEW)["ETag"]
    with time_machine.travel(NOW + timedelta(seconds=31), tick=False):
        assert client.get(OVERVIEW, headers={"if-none-match": mark}).status_code == 200


def test_a_simulated_market_is_marked(client, market, settings):
    settings.SIMULATED = True
    for url in EVERY:
        assert client.get(url).json()["simulated"] is True


def test_figures_are_only_read(client, market):
    for url in EVERY:
        assert client.post(url).status_code == 405
