"""Candles as a table: the same digits, and nothing that a spreadsheet would run."""

import csv
import io
from datetime import timedelta

import pytest
import time_machine

from market.models import Source
from market.tests.candles import NOW, OPEN, candle, given_candles, given_series, record
from market.tests.quotes import given_assets

pytestmark = pytest.mark.django_db
URL = "/api/ohlcv"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        yield


@pytest.fixture
def series(settings):
    given_assets(settings, "BTC")
    return given_series()


def table(client, *, headers=None, **typed):
    response = client.get(URL, {"symbol": "BTC", "interval": "1m", **typed}, headers=headers)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return response


def rows(response):
    return list(csv.DictReader(io.StringIO(response.text, newline="")))


@pytest.mark.parametrize(
    ("typed", "headers"),
    [
        ({"format": "csv"}, {}),
        ({}, {"Accept": "text/csv"}),
        ({"format": "CSV"}, {"Accept": "*/*"}),
    ],
)
def test_a_table_can_be_asked_for_in_two_ways(client, series, typed, headers):
    record(series, candle(series, -1, "0.000000000001"), candle(series, 0, closed=False))
    response = table(client, headers=headers, **typed)
    assert response.text.splitlines()[0] == (
        "timestamp_ms,open,high,low,close,volume,state,revision,source"
    )
    first, last = rows(response)
    assert first["timestamp_ms"] == str((OPEN - 60) * 1000)
    assert first["close"] == "0.000000000001"
    assert (first["state"], last["state"]) == ("closed", "open")
    assert (first["revision"], first["source"]) == ("0", "binance")


def test_json_wins_when_it_is_asked_for_by_name(client, series):
    given_candles(series, [0])
    response = client.get(
        URL,
        {"symbol": "BTC", "interval": "1m", "format": "json"},
        headers={"Accept": "text/csv"},
    )
    assert response["Content-Type"] == "application/json"
    assert response.json()["count"] == 1


def test_a_table_is_saved_under_the_name_of_its_pair(client, series):
    given_candles(series, [0])
    response = table(client, format="csv")
    assert response["Content-Disposition"] == 'attachment; filename="BTCUSDT-1m.csv"'


def test_what_is_said_of_the_whole_is_in_the_headers(client, series):
    given_candles(series, [-3, -1, 0])
    first = table(client, format="csv", limit=2)
    assert (first["X-CryptoDT-Complete"], first["X-CryptoDT-Stale"]) == ("true", "false")
    second = table(client, format="csv", limit=2, cursor=first["X-CryptoDT-Next"])
    assert "X-CryptoDT-Next" not in second
    assert second["X-CryptoDT-Complete"] == "false"
    assert [row["timestamp_ms"] for row in rows(second)] == [str((OPEN - 180) * 1000)]


def test_a_table_and_json_of_one_question_are_two_things(
    client, series, django_assert_num_queries
):
    given_candles(series, [-1, 0])
    typed = {"symbol": "BTC", "interval": "1m"}
    held = client.get(URL, typed)["ETag"]
    response = table(client, format="csv", headers={"If-None-Match": held})
    with django_assert_num_queries(0):
        again = client.get(
            URL, {**typed, "format": "csv"}, headers={"If-None-Match": response["ETag"]}
        )
    assert again.status_code == 304


def test_an_empty_table_has_its_columns(client, series):
    given_candles(series, [0])
    assert rows(table(client, format="csv", since="2030-01-01")) == []


@pytest.mark.parametrize(
    ("slug", "shown"),
    [("=cmd|'/C calc'!A0", "cmd"), ("+1", "1"), ('-"a",b', "a"), ("@x\r\n=y", "x"), ("", "")],
)
def test_no_name_of_a_provider_is_a_formula(client, series, slug, shown):
    given_candles(series, [0])
    Source.objects.update(slug=slug)
    assert rows(table(client, format="csv"))[0]["source"] == shown
