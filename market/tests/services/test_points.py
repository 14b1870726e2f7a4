"""Thinning: what is young is untouched, what is old keeps the first of every five minutes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from market.models import Asset, PricePoint
from market.services.points import thin_points
from market.tests.quotes import NOW

pytestmark = pytest.mark.django_db
OLD = int((NOW - timedelta(hours=50)).timestamp()) // 3600 * 3600


def given_points(symbol, *minutes, start=OLD):
    asset, _ = Asset.objects.get_or_create(symbol=symbol, defaults={"name": symbol})
    for minute in minutes:
        at = start + minute * 60
        PricePoint.objects.create(
            asset=asset, at=at, price=Decimal(minute + 1), observed_ms=at * 1000
        )


def minutes_of(symbol, start=OLD):
    points = PricePoint.objects.filter(asset__symbol=symbol).order_by("at")
    return [(point.at - start) // 60 for point in points]


def test_the_first_of_every_five_minutes_stays_whichever_minute_it_was():
    given_points("BTC", 0, 1, 4, 5, 6, 12, 13, 19)
    given_points("ETH", 3, 4)
    assert thin_points(now=NOW) == 5
    assert minutes_of("BTC") == [0, 5, 12, 19]
    assert minutes_of("ETH") == [3]


def test_what_is_younger_than_two_days_is_left_alone():
    young = int((NOW - timedelta(hours=47)).timestamp()) // 300 * 300
    given_points("BTC", *range(10), start=young)
    assert thin_points(now=NOW) == 0


def test_thinning_twice_is_thinning_once():
    given_points("BTC", *range(30))
    assert (thin_points(now=NOW), thin_points(now=NOW)) == (24, 0)


def test_the_border_of_two_days_cuts_no_five_minutes_in_two():
    border = datetime(2026, 5, 4, 12, 2, 30, tzinfo=UTC) - timedelta(hours=48)
    start = int(border.timestamp()) // 300 * 300
    given_points("BTC", -5, -4, 0, 1, 2, start=start)
    thin_points(now=NOW)
    assert minutes_of("BTC", start) == [-5, 0, 1, 2]
