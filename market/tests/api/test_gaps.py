"""The ledger of gaps over HTTP: why, who was asked, who brought it; each line once."""

from datetime import timedelta

import pytest

from market.models import Gap
from market.tests.candles import NOW, OPEN, given_series
from market.tests.quotes import given_assets

pytestmark = pytest.mark.django_db
URL = "/api/candles/gaps"
MINUTE = 60


@pytest.fixture(autouse=True)
def _assets(settings):
    given_assets(settings, "BTC", "ETH")


def given_gap(series, start, end, **columns):
    columns = {"reason": Gap.Reason.NOT_COLLECTED, "found_at": NOW, **columns}
    return Gap.objects.create(
        series=series, start=OPEN + start * MINUTE, end=OPEN + end * MINUTE, **columns
    )


def given_repaired(series, start, end):
    return given_gap(
        series, start, end, repaired_at=NOW + timedelta(minutes=1), repaired_by="kraken"
    )


def ask(client, **typed):
    response = client.get(URL, typed)
    assert response.status_code == 200, response.content
    return response.json()


def starts(body):
    return [(line["from"] // 1000 - OPEN) // MINUTE for line in body["data"]]


def test_a_line_tells_all_that_is_known(client):
    given_gap(
        given_series(),
        -9,
        -5,
        reason=Gap.Reason.UPSTREAM_OUTAGE,
        attempts=2,
        next_try_at=NOW + timedelta(minutes=4),
        said={"binance": "does not answer", "kraken": "status 503"},
    )
    body = ask(client)
    assert body["data"] == [
        {
            "symbol": "BTCUSDT",
            "interval": "1m",
            "from": (OPEN - 9 * MINUTE) * 1000,
            "to": (OPEN - 5 * MINUTE) * 1000,
            "missing": 4,
            "reason": "upstream outage",
            "state": "open",
            "foundAt": "2026-05-04T00:00:00.000Z",
            "attempts": 2,
            "nextTryAt": "2026-05-04T00:04:00.000Z",
            "said": {"binance": "does not answer", "kraken": "status 503"},
            "repairedAt": None,
            "repairedBy": None,
        }
    ]
    assert (body["success"], body["count"], body["meta"]) == (True, 1, {"next": None})


def test_a_repaired_gap_says_by_whom(client):
    given_repaired(given_series(), -2, -1)
    line = ask(client)["data"][0]
    assert (line["state"], line["repairedBy"]) == ("repaired", "kraken")
    assert (line["repairedAt"], line["nextTryAt"]) == ("2026-05-04T00:01:00.000Z", None)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ({}, [-1, -3, -5, -7]),
        ({"state": "all"}, [-1, -3, -5, -7]),
        ({"state": "open"}, [-1, -5, -7]),
        ({"state": "REPAIRED"}, [-3]),
        ({"symbol": "btc/usdt"}, [-5, -7]),
        ({"symbol": "ETH"}, [-3]),
        ({"symbol": "ETH-USD"}, [-1]),
        ({"interval": "1h"}, [-5]),
        ({"timeframe": "1"}, [-1, -3, -7]),
        ({"since": str(OPEN - 2 * MINUTE)}, [-1, -5]),
        ({"until": str(OPEN - 4 * MINUTE)}, [-5, -7]),
        ({"since": str(OPEN - 6 * MINUTE), "until": str(OPEN - 3 * MINUTE)}, [-5]),
        ({"limit": "2"}, [-1, -3]),
    ],
)
def test_the_ledger_can_be_narrowed(client, typed, found):
    given_gap(given_series(), -7, -6)
    given_gap(given_series(interval="1h"), -5, 55)
    given_repaired(given_series("ETH"), -3, -2)
    given_gap(given_series("ETH", currency="USD"), -1, 0)
    assert starts(ask(client, **typed)) == found


def test_lines_are_read_once_while_the_ledger_changes(client):
    series = given_series()
    lines = [given_gap(series, n, n + 1) for n in range(0, 20, 2)]
    first = ask(client, limit=4)
    given_gap(series, 100, 101)
    lines[5].delete()
    Gap.objects.filter(pk=lines[4].pk).update(repaired_at=NOW, repaired_by="okx")
    second = ask(client, limit=4, cursor=first["meta"]["next"])
    third = ask(client, limit=4, cursor=second["meta"]["next"])
    assert starts(first) + starts(second) + starts(third) == [18, 16, 14, 12, 8, 6, 4, 2, 0]
    assert third["meta"]["next"] is None


def test_a_page_of_the_ledger_is_one_query(client, django_assert_num_queries):
    series = given_series()
    for place in range(0, 20, 2):
        given_gap(series, place, place + 1)
    ask(client)
    with django_assert_num_queries(1):
        assert ask(client, symbol="BTC", interval="1m", state="open")["count"] == 10
