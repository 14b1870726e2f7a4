"""Where an answer ends, the live feed begins: no seam between what was read and what is told."""

from dataclasses import asdict
from datetime import timedelta

import pytest
from django.test import TestCase

from cryptodt.common import broadcast
from market.services.prices import record_quotes
from market.tests.candles import candle, given_candles, given_series, record
from market.tests.quotes import NOW, given_assets, quote

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _assets(settings):
    given_assets(settings, "BTC", "ETH")


def recorded(price, *, later=0, symbol="BTC"):
    at = timedelta(seconds=later)
    with TestCase.captureOnCommitCallbacks(execute=True):
        sources = ("kraken", "binance")
        quotes = [quote(one, price, age=-later, symbol=symbol) for one in sources]
        record_quotes(quotes, now=NOW + at)


def test_prices_say_from_where_the_feed_goes_on(client):
    recorded("64000")
    first = client.get("/api/prices").json()["stream"]
    assert first == {"topic": "prices", **asdict(broadcast.position("prices"))}
    recorded("64001", later=1)
    assert client.get("/api/prices").json()["stream"] == {**first, "offset": first["offset"] + 1}


def test_one_asset_has_a_topic_of_its_own(client):
    recorded("64000")
    told = client.get("/api/prices?symbols=btc").json()["stream"]
    recorded("3000", symbol="ETH")
    assert told == {"topic": "prices:BTC", **asdict(broadcast.position("prices:BTC"))}
    assert client.get("/api/prices?symbols=BTC").json()["stream"] == told


def test_a_list_has_a_place_in_the_feed_only_where_one_topic_tells_of_all_of_it(client):
    recorded("64000")
    recorded("3000", symbol="ETH")
    everything = client.get("/api/prices").json()["stream"]
    assert client.get("/api/prices?symbols=BTC,ETH").json()["stream"] == everything
    # It is priced because others are quoted in it, and not told of in `prices`.
    recorded("1", symbol="USDT")
    told = client.get("/api/prices?symbols=BTC,USDT").json()
    assert [one["symbol"] for one in told["data"]] == ["BTC", "USDT"]
    assert "stream" not in told
    alone = client.get("/api/prices?symbols=USDT").json()["stream"]
    assert alone == {"topic": "prices:USDT", **asdict(broadcast.position("prices:USDT"))}


@pytest.mark.parametrize("url", ["/api/ohlcv", "/api/service/history"])
def test_candles_say_from_where_the_feed_goes_on(client, url):
    def told():
        body = client.get(url, {"symbol": "BTC", "interval": "1m"}).json()
        return (body if "stream" in body else body["meta"])["stream"]

    series = given_series()
    given_candles(series, range(-3, 0))
    before = told()
    assert before["topic"] == "candles:BTCUSDT:1m"
    with TestCase.captureOnCommitCallbacks(execute=True):
        record(series, candle(series, 0, "1234.5", closed=False))
    assert told() == {**before, "offset": before["offset"] + 1}


def test_what_is_told_while_an_answer_is_made_is_repeated_and_not_lost(client, monkeypatch):
    recorded("64000")
    held = broadcast.position

    def position(topic):
        found = held(topic)
        recorded("64001", later=1)
        return found

    monkeypatch.setattr("market.api.prices.broadcast.position", position)
    answer = client.get("/api/prices?symbols=BTC").json()
    assert answer["data"][0]["priceExact"] == "64001"
    assert answer["stream"]["offset"] == held("prices:BTC").offset - 1
