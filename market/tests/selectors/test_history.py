"""The record of prices: the first of every interval, and never more than a chart can hold."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cryptodt.common.errors import InvalidRequest, InvalidSymbol
from market.models import Asset, PricePoint
from market.selectors.assets import index
from market.selectors.history import MOST_POINTS, price_history
from market.tests.quotes import NOW, given_assets

pytestmark = pytest.mark.django_db
END = int(NOW.timestamp()) // 86400 * 86400


@pytest.fixture(autouse=True)
def _points(settings):
    given_assets(settings, "BTC", "ETH")
    btc = Asset.objects.get(symbol="BTC")
    PricePoint.objects.bulk_create(
        PricePoint(
            asset=btc, at=END - n * 60, price=Decimal(n + 1), observed_ms=(END - n * 60) * 1000
        )
        for n in range(600)
    )


def read(typed="BTC", *, days=1, interval=None):
    return price_history(typed, days=days, interval=interval, now=NOW)


def test_a_day_has_every_minute_oldest_first_in_one_query(django_assert_num_queries):
    index()
    with django_assert_num_queries(1):
        points = read("bitcoin")
    assert len(points) == 600
    assert points[-1] == (END * 1000, Decimal(1))
    assert points == sorted(points)


@pytest.mark.parametrize(("interval", "count"), [("5m", 120 + 1), ("1h", 10 + 1), ("1d", 2)])
def test_a_longer_interval_has_its_first_price(interval, count, django_assert_num_queries):
    index()
    with django_assert_num_queries(1):
        points = read(interval=interval)
    assert len(points) == count
    assert all(at % 60_000 == 0 for at, _ in points)
    # The last one is that of the interval which only began.
    assert points[-1] == (END * 1000, Decimal(1))


@pytest.mark.parametrize("days", [1, 2, 3, 30, 34, 35, 90, 365, 416, 3650])
def test_no_answer_holds_more_points_than_a_chart(days, monkeypatch):
    seen: list[int] = []
    monkeypatch.setattr(
        "market.selectors.history.INTERVALS",
        _Noted(
            {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14400, "1d": 86400, "1w": 604800},
            seen,
        ),
    )
    read(days=days)
    assert days * 86400 / seen[-1] <= MOST_POINTS


class _Noted(dict[str, int]):
    def __init__(self, values, seen):
        super().__init__(values)
        self.seen = seen

    def __getitem__(self, name):
        value = super().__getitem__(name)
        self.seen.append(value)
        return value


def test_an_interval_that_is_too_short_is_refused_with_those_that_are_not():
    with pytest.raises(InvalidRequest) as refused:
        read(days=90, interval="5m")
    assert refused.value.details["accepted"] == ["15m", "1h", "4h", "1d"]


def test_what_was_never_recorded_is_empty_and_who_is_unknown_is_refused():
    assert read("ETH", days=30) == []
    with pytest.raises(InvalidSymbol):
        read("NOPE")


def test_only_what_was_asked_for_is_told():
    assert len(price_history("BTC", days=1, interval=None, now=NOW + timedelta(hours=12))) < 600
