"""What nobody collects yet is wanted, collected at once, and waited for, but not for long."""

import threading
from datetime import timedelta

import pytest
from celery import current_app
from django.core.cache import cache
from django.utils import timezone
from kombu.exceptions import OperationalError

from cryptodt.common.errors import InvalidSymbol, NoData, NotYet
from market.models import Series
from market.services import demand
from market.services.demand import TASK, wait_for, want_series
from market.tasks.candles import collect_series
from market.tests.quotes import given_assets

pytestmark = pytest.mark.django_db
WANTED = ("BTC", "USDT", "1h")


@pytest.fixture(autouse=True)
def sent(monkeypatch, settings):
    """The broker: what was sent to the workers."""
    given_assets(settings, "BTC", "ETH")
    messages = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, args, **options: messages.append((name, *args))
    )
    return messages


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(demand, "WAIT_SECONDS", 0.0)


def the_series():
    return Series.objects.get(asset__symbol="BTC", interval="1h")


def tried(**columns):
    Series.objects.update(tried_at=timezone.now(), **columns)


def test_wanting_registers_the_series_and_calls_a_worker(sent):
    want_series(*WANTED)
    assert the_series().asked_at is not None
    assert sent == [(TASK, the_series().pk)]
    assert collect_series.name == TASK


def test_wanting_again_within_five_minutes_costs_no_query(sent, django_assert_num_queries):
    want_series(*WANTED)
    with django_assert_num_queries(0):
        want_series(*WANTED)
    assert len(sent) == 1
    cache.delete(demand._key(*WANTED))
    want_series(*WANTED)
    assert len(sent) == 2


def test_an_unknown_asset_leaves_nothing_behind(sent):
    with pytest.raises(InvalidSymbol):
        want_series("NWHR", "USDT", "1h")
    assert not Series.objects.exists()
    assert sent == []


def test_a_queue_that_cannot_be_reached_is_no_error(monkeypatch, impatient):
    def unreachable(*_, **__):
        raise OperationalError("connection refused")

    monkeypatch.setattr(current_app, "send_task", unreachable)
    want_series(*WANTED)
    assert the_series().asked_at is not None
    with pytest.raises(NotYet):
        wait_for(*WANTED)


def test_what_has_candles_is_not_waited_for():
    want_series(*WANTED)
    tried(collected_at=timezone.now())
    wait_for(*WANTED)


def test_what_comes_in_time_is_waited_for(monkeypatch):
    want_series(*WANTED)
    naps = []

    def nap(seconds):
        naps.append(seconds)
        if len(naps) == 3:
            tried(collected_at=timezone.now())

    monkeypatch.setattr("market.services.demand.time.sleep", nap)
    wait_for(*WANTED)
    assert len(naps) == 3


def test_what_does_not_come_in_time_is_worth_coming_back_for(impatient):
    want_series(*WANTED)
    with pytest.raises(NotYet) as refused:
        wait_for(*WANTED)
    assert refused.value.retry_after == demand.RETRY_AFTER
    assert refused.value.details == {"symbol": "BTC", "currency": "USDT", "interval": "1h"}


def test_what_nobody_has_is_an_error_with_everybodys_word():
    want_series(*WANTED)
    tried(problem="binance: does not trade BTC in USDT")
    with pytest.raises(NoData, match="binance: does not trade BTC in USDT"):
        wait_for(*WANTED)


def test_an_old_failure_is_not_told_to_a_new_demand(impatient):
    want_series(*WANTED)
    tried(problem="binance: HTTP 500")
    Series.objects.update(tried_at=timezone.now() - timedelta(minutes=10))
    with pytest.raises(NotYet):
        wait_for(*WANTED)


def test_the_fourth_who_would_wait_is_sent_away_at_once(monkeypatch):
    want_series(*WANTED)
    waiting, go_on = threading.Semaphore(0), threading.Event()

    def wait(*_):
        waiting.release()
        assert go_on.wait(10)
        return True

    monkeypatch.setattr(demand, "_is_collected", wait)
    threads = [threading.Thread(target=wait_for, args=WANTED) for _ in range(demand.MOST_WAITING)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert waiting.acquire(timeout=10)
    with pytest.raises(NotYet):
        wait_for(*WANTED)
    go_on.set()
    for thread in threads:
        thread.join()
    wait_for(*WANTED)


def test_only_so_many_series_are_kept_wanted(monkeypatch):
    monkeypatch.setattr(demand, "MOST_WANTED", 3)
    intervals = ("1m", "5m", "15m", "1h", "4h")
    for interval in intervals:
        want_series("BTC", "USDT", interval)
        if interval == "1m":
            tried(collected_at=timezone.now())
    wanted = Series.objects.filter(asked_at__isnull=False)
    assert {one.interval for one in wanted} == {"15m", "1h", "4h"}
    # What was collected stays; what never came to anything is gone.
    assert {one.interval for one in Series.objects.all()} == {"1m", "15m", "1h", "4h"}
