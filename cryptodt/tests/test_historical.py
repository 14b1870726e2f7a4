"""The past, for those whose tier reaches it: as pages, as CSV, as Parquet."""

import io
import time
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from accounts.tests.people import given_key, given_person, shown
from market.tests.candles import NOW, OPEN, candle, given_candles, given_series, record
from market.tests.quotes import given_assets

pytestmark = pytest.mark.django_db
URL = "/api/historical-data"
DAY = 86400


@pytest.fixture(autouse=True)
def series(settings):
    given_assets(settings, "BTC", "ETH")
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        series = given_series()
        given_candles(series, range(-10, 0))
        record(series, candle(series, 0, "123456789.123456789012", closed=False))
        yield series


@pytest.fixture
def pro():
    return shown(given_key(given_person(tier="pro"), scopes=["read", "export"]))


def ask(client, headers, url=URL, **typed):
    return client.get(url, {"symbol": "BTC", "interval": "1m", **typed}, headers=headers)


def test_a_stranger_must_show_a_key_and_a_free_key_is_not_enough(client):
    assert ask(client, {}).status_code == 401
    refused = ask(client, shown(given_key()))
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "FORBIDDEN")


def test_a_key_of_a_higher_tier_still_needs_the_scope(client):
    key = given_key(given_person(tier="pro"))
    assert ask(client, shown(key)).status_code == 403


def test_a_span_is_read_page_by_page(client, pro):
    span = {"from": (OPEN - 600) * 1000, "to": OPEN * 1000, "limit": 4}
    opened: list[int] = []
    body = ask(client, pro, **span).json()
    opened += [bar["timestamp"] // 1000 for bar in body["data"]]
    while following := body["meta"]["next"]:
        body = ask(client, pro, cursor=following, **span).json()
        opened += [bar["timestamp"] // 1000 for bar in body["data"]]
    assert opened == list(range(OPEN - 600, OPEN, 60))


def test_a_file_has_the_digits_of_the_page(client, pro):
    parquet = pytest.importorskip("pyarrow.parquet")
    told = ask(client, pro, format="csv")
    assert told["Content-Type"].startswith("text/csv")
    assert "123456789.123456789012" in told.content.decode()
    file = ask(client, pro, format="parquet")
    assert file["Content-Disposition"] == 'attachment; filename="BTCUSDT-1m.parquet"'
    rows = parquet.read_table(io.BytesIO(file.content)).to_pylist()
    assert len(rows) == 11
    assert rows[-1]["close"] == Decimal("123456789.123456789012")


@pytest.mark.parametrize("typed", [{"from": "soon"}, {"to": "x"}, {"format": "xlsx"}])
def test_what_cannot_be_meant_is_refused(client, pro, typed):
    assert ask(client, pro, **typed).status_code == 400


def back(days):
    return int((time.time() - days * DAY) * 1000)


def test_a_tier_reaches_so_far_back_and_says_so(client, pro):
    assert ask(client, pro, **{"from": back(89)}).status_code == 200
    refused = ask(client, pro, **{"from": back(91)})
    assert refused.status_code == 429
    assert refused.json()["rate_limit_info"] == {"limit": "window", "allowed": 90, "asked": 91}


def test_candles_reach_as_far_back_as_the_tier(client, pro):
    free = shown(given_key(given_person("eve")))
    since = {"since": back(8)}
    assert ask(client, free, "/api/ohlcv", **since).status_code == 429
    assert ask(client, free, "/api/ohlcv", order="desc", **since).status_code == 429
    assert ask(client, free, "/api/ohlcv", since=back(6)).status_code == 200
    # Without a key the past is open: limits of calls are what protects it there.
    assert ask(client, {}, "/api/ohlcv", **since).status_code == 200


def test_who_names_no_beginning_is_given_what_its_tier_reaches(client, settings):
    free = shown(given_key())
    series = given_series(interval="1d")
    given_candles(series, range(-20, 0))
    assert ask(client, free, "/api/ohlcv", interval="1d").json()["count"] == 7
    assert ask(client, {}, "/api/ohlcv", interval="1d").json()["count"] == 20
