"""The public shape of a price: the same digits everywhere, and an age that only grows."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from cryptodt.common.snapshot import Item
from market import snapshot
from market.resolver import Entry
from market.tests.quotes import NOW, given_price

pytestmark = pytest.mark.django_db
NOW_MS = int(NOW.timestamp() * 1000)


def shape(row, *, later=0):
    item = snapshot.public_item(row)
    finished = snapshot.with_age(item, now_ms=NOW_MS + later * 1000, fresh_seconds=30)
    return json.loads(finished, parse_float=Decimal, parse_int=Decimal)


@pytest.mark.parametrize(
    "written", ["64000.50", "123456789.123456789012", "1E-12", "1E+3", "0.00001234"]
)
def test_the_number_and_its_text_have_the_same_digits(written):
    found = shape(given_price(price=written))
    assert found["price"] == found["priceUsd"] == Decimal(written)
    assert Decimal(found["priceExact"]) == Decimal(written)
    assert (
        f'"price":{found["priceExact"]},'
        in snapshot.public_item(given_price("ETH", price=written)).head.decode()
    )


def test_an_item_names_its_time_and_its_sources():
    found = shape(given_price(sources=["binance", "kraken"], below_quorum=True))
    assert found["lastUpdate"] == "2026-05-04T12:02:30.000Z"
    assert found["source"] == "binance+kraken"
    assert found["sources"] == 2
    assert found["belowQuorum"] is True


def test_what_nobody_said_is_null_and_not_zero():
    found = shape(given_price())
    for name in ("change1h", "change24h", "change7d", "changeAbs24h", "volume24h", "marketCap"):
        assert found[name] is None
    assert found["rank"] is None


def test_the_absolute_change_follows_from_the_percentage():
    assert shape(given_price(price="110", change_24h=Decimal(10)))["changeAbs24h"] == 10
    assert shape(given_price("ETH", price="50", change_24h=Decimal(-50)))["changeAbs24h"] == -50
    assert shape(given_price("SOL", price="50", change_24h=Decimal(-100)))["changeAbs24h"] is None


@pytest.mark.parametrize(
    ("later", "age", "stale"), [(0, 0, False), (30, 30, False), (31, 31, True), (-5, 0, False)]
)
def test_age_and_staleness_are_of_the_moment_of_reading(later, age, stale):
    found = shape(given_price(), later=later)
    assert (found["age"], found["stale"]) == (age, stale)


def test_a_moment_is_told_in_utc_whatever_zone_it_came_in():
    from_elsewhere = NOW.astimezone(tz=None) + timedelta(milliseconds=7)
    assert snapshot.iso(from_elsewhere) == "2026-05-04T12:02:30.007Z"


def test_names_keep_the_order_of_the_operator():
    snapshot.publish_assets(
        [
            Entry("ETH", "ETH", "Ethereum", is_tracked=True),
            Entry("BTC", "BTC", "Bitcoin", is_tracked=True),
        ]
    )
    assert snapshot.warm_index(list).tracked == ["ETH", "BTC"]


def test_the_version_grows_with_every_publication():
    versions = [snapshot.publish({"BTC": Item(b"{")}).version for _ in range(5)]
    assert versions == sorted(set(versions))
