"""Lists: our own price before the aggregator's word, and each with its own source and age."""

from datetime import timedelta
from decimal import Decimal

import orjson
import pytest
import time_machine
from django.core.cache import cache

from cryptodt.common.errors import NoData
from market.models import Asset, GlobalSnapshot, Standing
from market.selectors.standings import board, listed_prices, top, totals
from market.tests.quotes import NOW, given_assets, given_price

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        yield


def given_standing(symbol, rank, price, *, observed_at=NOW, **columns):
    asset, _ = Asset.objects.get_or_create(
        symbol=symbol, defaults={"ticker": symbol, "name": symbol.title()}
    )
    return Standing.objects.create(
        asset=asset,
        rank=rank,
        price=None if price is None else Decimal(price),
        source="coingecko",
        observed_at=observed_at,
        **columns,
    )


@pytest.fixture(autouse=True)
def _market(settings):
    given_assets(settings, "BTC", "ETH")
    given_price("BTC", "64000.5", change_24h=Decimal(10), rank=None, observed_at=NOW)
    given_standing("BTC", 1, "63990", market_cap=Decimal(5), volume_24h=Decimal(2))
    given_standing("ETH", 2, "3000", market_cap=Decimal(3), change_24h=Decimal(-50))
    given_standing("PEPE", 3, "0.000000000001", volume_24h=Decimal(9))
    given_standing("ODD", None, None)


def shapes(listing):
    return [orjson.loads(item) for item in listing.items]


def test_our_own_price_stands_before_the_aggregators_and_keeps_its_sources():
    btc, eth, pepe, odd = shapes(top(10))
    assert (btc["priceExact"], btc["source"], btc["rank"]) == ("64000.5", "binance+kraken", 1)
    assert (eth["priceExact"], eth["source"]) == ("3000", "coingecko")
    assert (pepe["priceExact"], odd["price"]) == ("0.000000000001", None)


def test_a_change_is_in_dollars_and_the_percentage_has_its_own_name():
    eth = shapes(top(2))[1]
    assert (eth["change24h"], eth["changeAbs24h"], eth["changePercent24h"]) == (-3000, -3000, -50)


def test_each_line_grows_old_by_its_own_measure(settings):
    for seconds, stale in ((30, [False, False]), (31, [True, False]), (661, [True, True])):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            listing = top(2)
            assert [one["stale"] for one in shapes(listing)] == stale
            assert [one["age"] for one in shapes(listing)] == [seconds, seconds]


def test_the_name_of_an_answer_changes_with_what_is_old_in_it():
    names = set()
    for seconds in (1, 5, 31, 60, 661):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            names.add(top(2).etag)
    assert len(names) == 3


@pytest.mark.parametrize(
    ("sort", "symbols"),
    [
        ("rank", ["BTC", "ETH", "PEPE", "ODD"]),
        ("-rank", ["PEPE", "ETH", "BTC", "ODD"]),
        ("price", ["BTC", "ETH", "PEPE", "ODD"]),
        ("-price", ["PEPE", "ETH", "BTC", "ODD"]),
        ("change", ["BTC", "ETH"]),
        ("volume", ["PEPE"]),
        ("symbol", ["BTC", "ETH", "ODD", "PEPE"]),
    ],
)
def test_a_list_comes_in_the_order_asked_for_and_the_unknown_last(sort, symbols):
    found = [line.shape["symbol"] for line in board(None, sort=sort, limit=10).lines]
    assert found[: len(symbols)] == symbols
    assert len(found) == 4


def test_only_what_was_asked_for_is_listed():
    listing = board("eth,bitcoin,USDT", sort="rank", limit=10)
    assert [line.shape["symbol"] for line in listing.lines] == ["BTC", "ETH"]


def test_nothing_at_all_is_an_error():
    with pytest.raises(NoData):
        board("USDC", sort="rank", limit=10)


def test_totals_are_told_only_where_they_are_known():
    assert totals() is None
    GlobalSnapshot.objects.create(
        at=NOW,
        total_market_cap=Decimal("2500000000000.123456789012"),
        btc_dominance=Decimal("55.5"),
        source="coingecko",
        observed_at=NOW,
    )
    cache.delete("snapshot:standings:version")
    found = totals()
    assert found is not None
    item, told = found
    assert told == {
        "total_market_cap": Decimal("2500000000000.123456789012"),
        "btc_dominance": Decimal("55.5"),
    }
    assert (item.observed_ms, item.sources) == (int(NOW.timestamp() * 1000), ("coingecko",))


def test_a_list_is_warm_without_the_store(django_assert_num_queries):
    cache.delete_many([f"snapshot:{one}:version" for one in ("prices", "assets", "standings")])
    with django_assert_num_queries(3):
        board("BTC,PEPE", sort="price", limit=10)
        totals()
    with django_assert_num_queries(0):
        board("BTC,PEPE", sort="price", limit=10)
        top(10)


def test_listed_prices_are_those_of_the_last_hour():
    assert listed_prices(NOW)["PEPE"] == Decimal("1E-12")
    assert "ODD" not in listed_prices(NOW)
    assert listed_prices(NOW + timedelta(minutes=61)) == {}
