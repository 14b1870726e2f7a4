"""A series that nobody asked for before is collected, never fetched: wait a moment, or come back."""

import threading
import time
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from market.models import Series
from market.services import demand
from market.services.candles import record_candles
from market.tests.candles import candle, given_series
from market.tests.quotes import given_assets

pytestmark = pytest.mark.django_db
URL = "/api/ohlcv"
LONG_AGO = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _assets(settings):
    given_assets(settings, "BTC", "ETH")


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(demand, "WAIT_SECONDS", 0.0)


def ask(client, **typed):
    return client.get(URL, {"symbol": "ETH-USD", "interval": "15m", **typed})


@pytest.mark.parametrize(
    "url", [URL, "/api/hf/ohlcv", "/api/market/history", "/api/service/history"]
)
def test_who_is_first_is_told_to_come_back(client, impatient, url):
    response = client.get(url, {"symbol": "ETH-USD", "interval": "15m"})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (202, "NOT_YET")
    assert response["Retry-After"] == str(error["retryAfter"])
    series = Series.objects.get(asset__symbol="ETH", currency="USD", interval="15m")
    assert series.asked_at is not None


def test_a_refused_question_makes_no_series(client, impatient):
    client.get(URL, {"symbol": "NOPE", "interval": "15m"})
    client.get(URL, {"symbol": "ETH", "interval": "2h"})
    assert not Series.objects.exists()


def test_what_everybody_was_asked_for_in_vain_is_an_error_that_says_so(client):
    now = timezone.now()
    given_series("ETH", "15m", currency="USD")
    Series.objects.update(asked_at=now, tried_at=now, problem="kraken: has no such pair")
    cache.set("wanted:ETH:USD:15m", 1)
    response = ask(client)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "PROVIDER_ERROR"
    assert "kraken: has no such pair" in response.json()["error"]["message"]


def test_answers_without_a_candle_are_an_error_and_not_an_empty_list(client):
    given_series("ETH", "15m", currency="USD")
    Series.objects.update(asked_at=timezone.now(), collected_at=timezone.now())
    response = ask(client)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "PROVIDER_ERROR")


def test_a_series_is_collected_as_long_as_it_is_asked_for(client, django_assert_num_queries):
    series = given_series("ETH", "15m", currency="USD")
    record_candles(series, [candle(series, 0)], now=timezone.now())
    assert ask(client).status_code == 200
    assert Series.objects.filter(asked_at__isnull=False).update(asked_at=LONG_AGO) == 1
    with django_assert_num_queries(0):
        ask(client)
    cache.delete("wanted:ETH:USD:15m")
    ask(client)
    assert Series.objects.get().asked_at != LONG_AGO


def test_a_tracked_series_needs_nobody_to_ask(client, settings):
    for interval in ("15m", "4h"):
        settings.SUPPORTED_INTERVALS = ["15m"]
        series = given_series("ETH", interval)
        record_candles(series, [candle(series, 0)], now=timezone.now())
        assert client.get(URL, {"symbol": "ETH", "interval": interval}).status_code == 200
    assert Series.objects.get(interval="15m").asked_at is None
    assert Series.objects.get(interval="4h").asked_at is not None


@pytest.mark.django_db(transaction=True)
def test_who_waits_gets_what_was_collected_meanwhile(client):
    def collect():
        end = time.monotonic() + 10
        while time.monotonic() < end:
            series = Series.objects.filter(asked_at__isnull=False).first()
            if series is not None:
                record_candles(series, [candle(series, 0)], now=datetime.now(UTC))
                Series.objects.update(collected_at=timezone.now())
                break
            time.sleep(0.02)
        connection.close()

    worker = threading.Thread(target=collect)
    worker.start()
    response = ask(client)
    worker.join()
    assert response.status_code == 200
    assert response.json()["symbol"] == "ETHUSD"
    assert response.json()["count"] == 1
