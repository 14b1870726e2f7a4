"""Candles over HTTP: every digit, what is missing, how old it is, and no query when warm."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache
from django.test import TestCase

from market.models import Gap, Series
from market.tests.candles import NOW, OPEN, candle, given_candles, given_series, record
from market.tests.quotes import given_assets

pytestmark = pytest.mark.django_db
URL = "/api/ohlcv"
ALIASES = [URL, "/api/hf/ohlcv", "/api/market/history"]
MINUTE = 60
OPEN_MS = OPEN * 1000


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False) as traveler:
        yield traveler


@pytest.fixture
def series(settings):
    given_assets(settings, "BTC", "ETH")
    return given_series()


@pytest.fixture
def full(series):
    """Ten closed candles up to the one that is open now."""
    given_candles(series, range(-10, 0))
    record(series, candle(series, 0, "1234.5", closed=False))
    return series


def written(series, *candles, later=5):
    """Record as the collection does: readers are told when it is committed."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        record(series, *candles, later=later)


def ask(client, url=URL, *, status=200, headers=None, **typed):
    response = client.get(url, {"symbol": "BTC", "interval": "1m", **typed}, headers=headers)
    assert response.status_code == status, response.content[:500]
    return response


def places(body):
    return [(one["timestamp"] - OPEN_MS) // (MINUTE * 1000) for one in body["data"]]


@pytest.mark.parametrize("url", ALIASES)
def test_candles_come_oldest_first_and_the_open_one_says_so(client, full, url):
    body = ask(client, url, limit=3).json()
    assert body["data"][-1] == {
        "timestamp": OPEN_MS,
        "open": 100,
        "high": 110,
        "low": 90,
        "close": 1234.5,
        "volume": 5,
        "closed": False,
        "state": "open",
        "revision": 0,
        "source": "binance",
    }
    assert places(body) == [-2, -1, 0]
    assert [one["closed"] for one in body["data"]] == [True, True, False]
    assert body["success"] is True
    assert (body["symbol"], body["interval"], body["timeframe"]) == ("BTCUSDT", "1m", "1m")
    assert (body["count"], body["source"]) == (3, "binance")
    assert body["complete"] is True
    assert body["meta"]["gaps"] == []
    assert body["lastUpdate"] == "2026-05-04T00:00:00.000Z"
    assert (body["age"], body["stale"]) == (5, False)
    assert body["timestamp"] == OPEN_MS + 5000


def test_the_service_has_an_envelope_of_its_own(client, full):
    body = ask(client, "/api/service/history", limit=2).json()
    assert set(body) == {"data", "meta"}
    assert places(body) == [-1, 0]
    meta = body["meta"]
    assert meta["source"] == "binance"
    assert meta["generated_at"] == "2026-05-04T00:00:05.000Z"
    assert meta["cache_ttl_seconds"] == 300
    assert meta["attempted"] == ["binance"]
    assert (meta["complete"], meta["gaps"], meta["age"], meta["stale"]) == (True, [], 5, False)


@pytest.mark.parametrize(
    "digits", ["0.000000000001", "123456789.123456789012", "0." + "123456789" * 6, "1" * 60]
)
def test_every_digit_arrives(client, series, digits):
    record(series, candle(series, 0, digits))
    response = ask(client)
    found = json.loads(response.content, parse_float=Decimal, parse_int=Decimal)
    assert found["data"][0]["close"] == Decimal(digits)
    assert f'"close":{digits},' in response.text
    assert f",{digits}," in ask(client, format="csv").text


def test_a_browser_gets_a_page_with_the_same_digits(client, series, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    record(series, candle(series, 0, "123456789.123456789012"))
    response = ask(client, headers={"Accept": "text/html"})
    assert response["Content-Type"].startswith("text/html")
    assert "123456789.123456789012" in response.text


def test_a_warm_answer_runs_no_query(client, full, django_assert_num_queries):
    cache.delete("snapshot:assets:version")
    with django_assert_num_queries(3):
        # The names of all assets, which every answer shares; the candles; what is missing.
        ask(client)
    with django_assert_num_queries(2):
        ask(client, limit=5, closed_only="1")
    with django_assert_num_queries(0):
        ask(client)
        ask(client, symbol="btc/usdt", timeframe="1m")
        ask(client, "/api/service/history")
        ask(client, limit=5, closed_only="true")


def test_a_written_candle_is_seen_by_the_next_request(client, full):
    assert places(ask(client, limit=2).json()) == [-1, 0]
    written(full, candle(full, 0, "1300"), candle(full, 1, "1301", closed=False))
    body = ask(client, limit=2).json()
    assert places(body) == [0, 1]
    assert body["data"][0]["state"] == "closed"


def test_a_correction_shows(client, full):
    ask(client)
    written(full, candle(full, -1, "77"))
    corrected = ask(client, limit=2).json()["data"][0]
    assert (corrected["close"], corrected["closed"]) == (77, True)
    assert (corrected["state"], corrected["revision"]) == ("corrected", 1)


def test_sources_are_joined(client, series):
    record(series, candle(series, -1, source="kraken"), candle(series, 0, source="binance"))
    assert ask(client).json()["source"] == "binance+kraken"
    assert [one["source"] for one in ask(client).json()["data"]] == ["kraken", "binance"]


def test_only_closed_candles_when_that_is_wanted(client, full):
    body = ask(client, limit=2, closed_only="true").json()
    assert places(body) == [-2, -1]
    assert body["complete"] is True


def test_newest_first(client, full):
    assert places(ask(client, limit=3, order="desc").json()) == [0, -1, -2]


@pytest.mark.parametrize("spelled", [str, lambda second: str(second * 1000)])
def test_a_span_holds_what_opens_in_it(client, full, spelled):
    span = {"since": spelled(OPEN - 3 * MINUTE), "until": spelled(OPEN - MINUTE)}
    body = ask(client, **span).json()
    assert places(body) == [-3, -2]
    assert body["complete"] is True


def test_what_is_closed_never_grows_old(client, full, clock):
    clock.shift(timedelta(days=3))
    body = ask(client, until=str(OPEN)).json()
    assert (body["stale"], body["complete"]) == (False, True)
    assert body["age"] == 3 * 86400 + 5
    live = ask(client).json()
    assert (live["stale"], live["complete"]) == (True, False)


def test_an_old_answer_says_so_without_being_read_again(client, full, clock, settings):
    settings.CACHE_TTL_OHLCV = 40
    assert ask(client).json()["stale"] is False
    clock.shift(timedelta(seconds=36))
    found = ask(client).json()
    assert (found["age"], found["stale"]) == (41, True)


def test_a_time_of_a_clock_that_runs_ahead_is_not_fresh(client, series):
    record(series, candle(series, 0, closed=False), later=3600)
    body = ask(client).json()
    assert (body["age"], body["stale"]) == (0, True)


def test_a_gap_is_told_with_its_reason(client, series):
    given_candles(series, [-9, -8, -4, -1, 0])
    Gap.objects.create(
        series=series,
        start=OPEN - 7 * MINUTE,
        end=OPEN - 5 * MINUTE,
        reason=Gap.Reason.UPSTREAM_OUTAGE,
        found_at=NOW,
        said={"kraken": "does not answer"},
    )
    body = ask(client).json()
    assert body["complete"] is False
    assert body["meta"]["gaps"] == [
        hole(-7, -5, "upstream outage"),
        hole(-5, -4, "not collected"),
        hole(-3, -1, "not collected"),
    ]
    assert ask(client, limit=2).json()["complete"] is True
    service = ask(client, "/api/service/history").json()["meta"]
    assert service["gaps"] == body["meta"]["gaps"]
    assert service["attempted"] == ["binance", "kraken"]


def hole(start, end, reason):
    return {
        "from": OPEN_MS + start * MINUTE * 1000,
        "to": OPEN_MS + end * MINUTE * 1000,
        "reason": reason,
        "missing": end - start,
    }


def test_what_was_asked_for_and_never_collected_is_a_gap(client, full):
    body = ask(client, since=str(OPEN - 12 * MINUTE), limit=5).json()
    assert body["meta"]["gaps"] == [hole(-12, -10, "not collected")]
    Series.objects.update(begins_at=OPEN - 10 * MINUTE)
    written(full, candle(full, 0, "1235", closed=False))
    body = ask(client, since=str(OPEN - 12 * MINUTE), limit=5).json()
    assert body["complete"] is True


def test_what_should_have_opened_since_is_a_gap_as_time_goes_by(client, full, clock):
    etag = ask(client)["ETag"]
    clock.shift(timedelta(seconds=114))
    assert ask(client)["ETag"] == etag
    clock.shift(timedelta(seconds=1))
    response = ask(client)
    assert response.json()["meta"]["gaps"] == [hole(1, 2, "not collected")]
    assert response["ETag"] != etag
    clock.shift(timedelta(seconds=60))
    body = ask(client).json()
    assert body["meta"]["gaps"] == [hole(1, 3, "not collected")]
    assert ask(client, until=str(OPEN + 2 * MINUTE)).json()["meta"]["gaps"] == [
        hole(1, 2, "not collected")
    ]


def test_a_known_reason_is_told_of_what_should_have_opened_since(client, full, clock):
    Gap.objects.create(
        series=full,
        start=OPEN + MINUTE,
        end=OPEN + 3 * MINUTE,
        reason=Gap.Reason.UPSTREAM_OUTAGE,
        found_at=NOW,
    )
    clock.shift(timedelta(seconds=5 * MINUTE))
    assert ask(client).json()["meta"]["gaps"] == [
        hole(1, 3, "upstream outage"),
        hole(3, 5, "not collected"),
    ]


def test_an_empty_span_is_an_honest_answer(client, full):
    body = ask(client, since=str(OPEN + 3600)).json()
    assert (body["success"], body["data"], body["count"]) == (True, [], 0)
    assert (body["source"], body["meta"]["next"]) == ("", None)


def test_who_has_it_already_is_told_so(client, full):
    first = ask(client)
    assert first["ETag"].startswith('W/"')
    for held in (first["ETag"], first["ETag"].removeprefix("W/"), f'"x", {first["ETag"]}', "*"):
        again = ask(client, status=304, headers={"If-None-Match": held})
        assert again.content == b""
        assert again["ETag"] == first["ETag"]
        assert again["Cache-Control"] == "no-cache"
    written(full, candle(full, 0, "1300", closed=False))
    assert ask(client, headers={"If-None-Match": first["ETag"]})["ETag"] != first["ETag"]


def test_other_questions_and_forms_have_other_etags(client, full):
    answers = [
        ask(client),
        ask(client, limit=5),
        ask(client, order="desc"),
        ask(client, format="csv"),
        ask(client, "/api/service/history"),
    ]
    assert len({answer["ETag"] for answer in answers}) == len(answers)


def test_caches_ask_before_they_show_it_again(client, full):
    response = ask(client)
    assert response["Cache-Control"] == "no-cache"
    assert "Accept" in response["Vary"]


def test_head_is_get_without_the_body(client, full):
    response = client.head(URL, {"symbol": "BTC", "interval": "1m"})
    assert (response.status_code, response.content) == (200, b"")
    assert response["ETag"] == ask(client)["ETag"]


@pytest.mark.parametrize("url", [*ALIASES, "/api/service/history", "/api/candles/gaps"])
def test_a_simulated_market_is_marked(client, full, settings, url):
    assert "simulated" not in ask(client, url).json()
    settings.SIMULATED = True
    assert ask(client, url).json()["simulated"] is True
