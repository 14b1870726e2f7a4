"""Whatever is typed at the candles' addresses is answered or refused by name, and never a crash."""

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from market.intervals import INTERVALS
from market.tests.candles import given_candles, given_series
from market.tests.quotes import given_assets

pytestmark = pytest.mark.django_db
URLS = ["/api/ohlcv", "/api/hf/ohlcv", "/api/market/history", "/api/service/history"]
GAPS = "/api/candles/gaps"
NAMES = ["symbol", "interval", "timeframe", "limit", "since", "until", "order", "closed_only",
         "cursor", "format", "state"]  # fmt: skip


@pytest.fixture(autouse=True)
def _stored(settings):
    given_assets(settings, "BTC")
    given_candles(given_series(), range(3))


def refusal(client, url=URLS[0], **typed):
    response = client.get(url, {"symbol": "BTC", "interval": "1m", **typed})
    assert response.status_code == 400, response.content[:300]
    assert len(response.content) < 2000
    body = response.json()
    assert body["success"] is False
    return body["error"]


@pytest.mark.parametrize("url", [*URLS, GAPS])
@pytest.mark.parametrize(
    "typed",
    ["", "NOPE", "\x00", "BTC\x00", "ВТС", "ＢＴＣ", "BTC\u200b", "ſOL", "BTC-EUR", "USDT",
     "B" * 5000, ",".join(["BTC"] * 10_000), "../../etc/passwd", "BTC';--", "🚀"],
)  # fmt: skip
def test_what_is_no_pair_is_refused(client, url, typed):
    assert refusal(client, url, symbol=typed)["code"] == "INVALID_SYMBOL"


def test_an_unknown_symbol_is_told_what_is_accepted(client):
    assert refusal(client, symbol="NOPE")["details"]["accepted"] == ["BTC", "USDC", "USDT"]


@pytest.mark.parametrize("url", URLS)
def test_nobody_in_particular_is_refused(client, url):
    response = client.get(url)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "INVALID_SYMBOL"


@pytest.mark.parametrize("url", [*URLS, GAPS])
@pytest.mark.parametrize("name", ["interval", "timeframe"])
@pytest.mark.parametrize("typed", ["", "2h", "1M", "0", "1m\x00", "１m", "m" * 5000])
def test_an_interval_that_there_is_not_is_refused_with_those_there_are(client, url, name, typed):
    response = client.get(url, {"symbol": "BTC", name: typed})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "INVALID_INTERVAL")
    assert error["details"]["accepted"] == list(INTERVALS)


def test_two_intervals_that_differ_are_refused(client):
    assert refusal(client, timeframe="1h")["code"] == "INVALID_INTERVAL"


@pytest.mark.parametrize("url", [*URLS, GAPS])
@pytest.mark.parametrize(
    "typed",
    [
        {"limit": "0"}, {"limit": "-1"}, {"limit": str(10**9)}, {"limit": "abc"},
        {"limit": "1e3"}, {"limit": ""}, {"limit": "1001"}, {"limit": "9" * 5000},
        {"limit": ["5", "6"]}, {"since": "20260131"}, {"since": "31.01.2026"},
        {"since": "2026-02-30"}, {"since": "9" * 30}, {"until": "yesterday"}, {"until": "\x00"},
        {"since": "2026-01-02", "until": "2026-01-01"}, {"since": ["2026-01-01", "2026-01-02"]},
        {"since": "1767225600", "until": "1767225600000"}, {"cursor": "\x00"},
        {"cursor": "no-such-cursor"}, {"cursor": "0"}, {"cursor": "-1"},
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_and_named(client, url, typed):
    error = refusal(client, url, **typed)
    assert error["code"] == "INVALID_REQUEST"
    assert any(f"`{name}`" in error["message"] for name in typed)


@pytest.mark.parametrize(
    "typed",
    [{"order": "up"}, {"closed_only": "maybe"}, {"format": "xml"}, {"format": "csv\x00"}],
)
def test_a_choice_that_there_is_not_is_refused(client, typed):
    error = refusal(client, **typed)
    assert (error["code"], error["details"]["parameter"]) == ("INVALID_REQUEST", next(iter(typed)))


@pytest.mark.parametrize("typed", [{"state": "closed"}, {"state": ""}])
def test_a_state_that_no_gap_has_is_refused(client, typed):
    assert refusal(client, GAPS, **typed)["code"] == "INVALID_REQUEST"


def test_what_nobody_asked_about_is_ignored(client):
    response = client.get(URLS[0], {"symbol": "BTC", "interval": "1m", "convert": "EUR", "_": "1"})
    assert response.status_code == 200


def test_a_refusal_has_its_form_when_a_table_was_wanted(client):
    for typed, accepted in (({"format": "csv"}, "*/*"), ({}, "text/csv")):
        response = client.get(URLS[0], {"symbol": "NOPE", **typed}, headers={"Accept": accepted})
        assert response.status_code == 400
        assert response["Content-Type"] == "application/json"
        assert response.json()["error"]["code"] == "INVALID_SYMBOL"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("url", [*URLS, GAPS])
def test_candles_are_only_read(client, method, url):
    response = getattr(client, method)(url)
    assert response.status_code == 405
    assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"


@settings(
    max_examples=100,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    url=st.sampled_from([URLS[0], URLS[3], GAPS]),
    typed=st.dictionaries(
        st.sampled_from(NAMES),
        st.lists(st.text() | st.sampled_from(["1", "BTC", "1m", "csv", "0"]), max_size=2),
    ),
)
@example(url=URLS[0], typed={"symbol": ["BTC"], "until": ["0"]})
@example(url=GAPS, typed={"since": ["0"], "until": ["253402300799"]})
def test_anything_typed_is_answered_or_refused(url, typed):
    response = Client().get(url, {"interval": "1m"} | typed)
    assert response.status_code in (200, 400)


@pytest.mark.parametrize(
    "query",
    ["symbol=%00", "symbol=%ff%fe", "symbol=BTC&limit=%C0%80", "symbol[]=BTC", "%00=%00", "&&&=",
     "symbol=BTC&since=2026-01-31T12:00:00+02:00", "symbol=%E2%80%8BBTC", "a=" + "b" * 100_000],
)  # fmt: skip
@pytest.mark.parametrize("url", [URLS[0], GAPS])
def test_raw_bytes_are_answered_or_refused(client, url, query):
    assert client.get(f"{url}?{query}").status_code in (200, 400)
