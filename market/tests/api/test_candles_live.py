"""Candles from a running server: pages read by one while another writes, and odd addresses."""

import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import requests
from django.db import connection

from market.intervals import open_of
from market.services.candles import record_candles
from market.tests.candles import given_series
from market.tests.quotes import given_assets
from providers.types import Candle

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE = 60


@pytest.fixture
def server(live_server, settings):
    given_assets(settings, "BTC")
    return live_server.url


def bar(second, *, close="100"):
    numbers = dict.fromkeys(("open", "high", "low", "close", "volume"), Decimal(close))
    return Candle(
        symbol="BTC",
        currency="USDT",
        interval="1m",
        opened_at=datetime.fromtimestamp(second, UTC),
        is_closed=True,
        source="binance",
        **numbers,
    )


@pytest.fixture
def newest():
    return open_of("1m", int(datetime.now(UTC).timestamp()) - MINUTE)


@pytest.fixture
def series(server, newest):
    series = given_series()
    # Every third is missing, for the writer to bring.
    stored = [bar(newest - n * MINUTE) for n in range(90) if n % 3]
    record_candles(series, stored, now=datetime.now(UTC))
    return series


def pages(server, **asked):
    typed = {"symbol": "BTC", "interval": "1m", "limit": "4", **asked}
    found: list[int] = []
    with requests.Session() as session:
        while True:
            answer = session.get(f"{server}/api/ohlcv", params=typed, timeout=20)
            assert answer.status_code == 200, answer.text
            body = answer.json()
            found += [one["timestamp"] // 1000 for one in body["data"]]
            if body["meta"]["next"] is None:
                return found
            typed["cursor"] = body["meta"]["next"]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_who_reads_while_another_writes_reads_each_candle_once(server, series, newest, order):
    begin = newest - 90 * MINUTE

    def write():
        for n in range(0, 90, 3):
            later = bar(newest + (n // 3 + 1) * MINUTE)
            repaired = bar(newest - n * MINUTE)
            corrected = bar(newest - (n + 1) * MINUTE, close="200")
            record_candles(series, [later, repaired, corrected], now=datetime.now(UTC))
        connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    found = pages(server, since=str(begin), order=order)
    writer.join()
    assert len(set(found)) == len(found)
    assert found == sorted(found, reverse=order == "desc")
    assert {newest - n * MINUTE for n in range(90) if n % 3} <= set(found)


def test_a_client_that_asks_again_is_told_that_nothing_changed(server, series, newest):
    # What ends before now changes by corrections only, whatever the time is when this runs.
    address = f"{server}/api/ohlcv?symbol=BTC&interval=1m&until={newest}"
    etag = requests.get(address, timeout=20).headers["ETag"]
    again = requests.get(address, timeout=20, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    record_candles(series, [bar(newest - MINUTE, close="200")], now=datetime.now(UTC))
    changed = requests.get(address, timeout=20, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.json()["data"][-1]["revision"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "symbol=BTC%00",
        "symbol=%ff",
        "symbol=BTC&limit=%EF%BC%91",
        "symbol=BTC&since=1e12",
        "symbol",
    ],
)
def test_odd_addresses_are_refused(server, query):
    answer = requests.get(f"{server}/api/ohlcv?{query}", timeout=20)
    assert answer.status_code == 400
    assert answer.json()["success"] is False
