"""What is asked for on demand: collected from then on, waited for a little, and never for ever."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from cryptodt.common.errors import NoData, NotYet
from market import snapshot
from market.models import Asset
from market.selectors import prices as selectors
from market.selectors.assets import MOST_ASKED, index, instruments
from market.selectors.prices import PriceQuery
from market.services import asked
from market.services.asked import prices_for
from market.tests.quotes import given_assets, given_price

pytestmark = pytest.mark.django_db
PEPE = PriceQuery(("PEPE",))


@pytest.fixture(autouse=True)
def _assets(settings, monkeypatch):
    Asset.objects.create(symbol="PEPE", ticker="PEPE", name="Pepe", ids={"coingecko": "pepe"})
    Asset.objects.create(symbol="pepe-2", ticker="PEPE", name="Pepe", ids={"coingecko": "pepe-2"})
    given_assets(settings, "BTC")
    monkeypatch.setattr(asked, "WAIT_SECONDS", 0.0)


def show_prices():
    snapshot.publish(selectors.stored_items())


def test_what_is_asked_for_is_collected_from_then_on():
    assert "PEPE" not in {one.symbol for one in instruments()}
    with pytest.raises(NotYet) as told:
        prices_for(PEPE)
    assert told.value.retry_after == 5
    asked_for = {one.symbol: dict(one.ids) for one in instruments()}
    assert asked_for["PEPE"] == {"coingecko": "pepe"}


def test_it_is_collected_for_a_day_and_no_longer():
    with pytest.raises(NotYet):
        prices_for(PEPE)
    for hours, count in ((23, 4), (25, 3)):
        with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
            assert len(instruments()) == count


def test_only_so_many_are_collected_the_latest_asked_first():
    now = timezone.now()
    Asset.objects.bulk_create(
        Asset(symbol=f"C{n}", ticker=f"C{n}", name="C", asked_at=now - timedelta(seconds=n))
        for n in range(MOST_ASKED + 20)
    )
    wanted = {one.symbol for one in instruments()}
    assert len(wanted) == MOST_ASKED + 3
    assert "C0" in wanted
    assert f"C{MOST_ASKED}" not in wanted


def test_asking_again_writes_once_in_five_minutes(django_assert_num_queries):
    given_price("PEPE", "0.0000049")
    prices_for(PEPE)
    with django_assert_num_queries(0):
        prices_for(PEPE)


def test_what_is_tracked_is_never_asked_for():
    given_price("BTC")
    prices_for(PriceQuery(("BTC",)))
    prices_for(PriceQuery())
    assert not Asset.objects.exclude(asked_at=None).exists()


def test_an_old_price_is_given_at_once_and_says_that_it_is_old():
    given_price("PEPE", "0.0000049", observed_at=timezone.now() - timedelta(days=2))
    assert prices_for(PEPE).stale == 1
    assert Asset.objects.get(symbol="PEPE").asked_at is not None


def test_what_has_no_price_beside_something_that_has_is_missing():
    given_price("BTC")
    answer = prices_for(PriceQuery(("BTC", "PEPE")))
    assert (answer.found, answer.missing) == (["BTC"], ["PEPE"])


def test_what_nobody_has_is_an_error_after_some_minutes():
    with pytest.raises(NotYet):
        prices_for(PEPE)
    cache.set("asked-first:PEPE", 0, timeout=60)
    with pytest.raises(NoData):
        prices_for(PEPE)


@pytest.mark.django_db(transaction=True)
def test_a_request_waits_for_its_first_price_and_gets_it(monkeypatch):
    monkeypatch.setattr(asked, "WAIT_SECONDS", 20.0)
    waits = threading.Event()
    untracked = selectors.untracked

    def seen(query):
        waits.set()
        return untracked(query)

    index()
    show_prices()
    monkeypatch.setattr(selectors, "untracked", seen)
    got = []
    reader = threading.Thread(target=lambda: got.append(prices_for(PEPE)))
    monkeypatch.setattr(asked, "ask_for", lambda symbols: cache.set("asked-first:PEPE", 9e12))
    reader.start()
    assert waits.wait(10)
    given_price("PEPE", "0.0000049")
    show_prices()
    reader.join(10)
    assert got[0].found == ["PEPE"]


def test_only_three_requests_wait_at_a_time(monkeypatch):
    monkeypatch.setattr(asked, "WAIT_SECONDS", 3600.0)
    for _ in range(3):
        assert asked._waiting.acquire(blocking=False)
    try:
        with pytest.raises(NotYet):
            prices_for(PEPE)
    finally:
        for _ in range(3):
            asked._waiting.release()
