"""The collection of candles over HTTP: what is due is asked for, and what comes is exact."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.utils import timezone

from market.intervals import INTERVALS
from market.models import Candle, Gap, Series
from market.selectors.series import due_errands
from market.services import collection
from market.services.candles import series_of
from market.services.collection import record_failure
from market.tasks import candles as tasks
from market.tasks.candles import collect_candles, collect_series
from market.tasks.repair import repair_candles
from market.tests.simulated import kept, true_bar, values
from market.tests.tasks.conftest import BEGIN, NOON, given_points
from providers import budget, calls
from providers.simulator import simulator as simulators
from providers.simulator.wire import binance
from providers.types import Failure

CLOSED = (Candle.State.CLOSED, Candle.State.CORRECTED)
BTC_1M = ("BTC", "USDT", "1m")


def rows(symbol="BTC", interval="1m"):
    return kept(series_of(symbol, "USDT", interval))


def assert_exact(world, symbol, interval, *, since=0):
    """Every closed candle equals the ticks of the venue that it is from."""
    found = [row for row in rows(symbol, interval) if row.state in CLOSED]
    assert found
    for row in found:
        if row.opened_at >= since:
            told = true_bar(world.simulator, row.source.slug, symbol, row.opened_at, interval)
            assert values(row) == told, row.opened_at


def test_the_first_round_brings_every_tracked_series(world):
    collect_candles()
    for symbol in ("BTC", "ETH"):
        for interval, step in INTERVALS.items():
            if interval not in ("1m", "5m", "1h"):
                continue
            found = rows(symbol, interval)
            times = [row.opened_at for row in found]
            assert times[-1] == BEGIN // step * step
            assert times == list(range(times[0], times[-1] + 1, step))
            assert [row.state for row in found[:-1]] == [Candle.State.CLOSED] * (len(found) - 1)
            assert found[-1].state == Candle.State.OPEN
    assert_exact(world, "BTC", "1m", since=NOON - 1800)
    assert_exact(world, "ETH", "5m", since=NOON - 7200)
    assert not Series.objects.exclude(problem="").exists()


def test_a_round_asks_only_for_what_is_new(world):
    collect_candles()
    world.asked()
    collect_candles()
    assert world.asked() == []
    world.pass_by(60)
    collect_candles()
    # One minute later only the minutes have a new candle.
    assert world.asked() == ["binance"] * 2
    world.pass_by(240)
    collect_candles()
    assert world.asked() == ["binance"] * 6
    for symbol in ("BTC", "ETH"):
        assert_exact(world, symbol, "1m", since=NOON)
    assert not Gap.objects.filter(repaired_at=None).exists()


def test_an_open_candle_closes_when_its_successor_is_there(world):
    collect_candles()
    first = rows()[-1]
    assert first.state == Candle.State.OPEN
    world.pass_by(30)
    collect_candles()
    assert rows()[-1].state == Candle.State.OPEN
    world.pass_by(30)
    collect_candles()
    closed, opened = rows()[-2:]
    assert (closed.opened_at, closed.state) == (first.opened_at, Candle.State.CLOSED)
    assert (opened.opened_at, opened.state) == (first.opened_at + 60, Candle.State.OPEN)


def test_a_mute_first_provider_costs_nothing_but_the_next_ones_candles(world):
    collect_candles()
    world.simulator.fault("binance", "server_error")
    world.pass_by(120)
    collect_candles()
    # What was open is told to its end by whoever can.
    assert [row.source.slug for row in rows()[-4:]] == ["binance", "okx", "okx", "okx"]
    world.simulator.heal()
    world.pass_by(600)
    collect_candles()
    assert_exact(world, "BTC", "1m", since=NOON)
    assert {gap.repaired_by for gap in Gap.objects.all()} <= {"okx", "binance"}


def test_everybody_mute_is_written_down_with_everybodys_word(world):
    collect_candles()
    world.break_everybody()
    world.pass_by(60)
    collect_candles()
    problem = Series.objects.get(asset__symbol="BTC", interval="1m").problem
    assert "binance" in problem
    assert "okx" in problem
    # One candle that is late is no hole yet.
    assert not Gap.objects.exists()


def test_six_hours_without_anybody_leave_no_gap_an_hour_later(world):
    collect_candles()
    world.break_everybody()
    for _ in range(36):
        world.pass_by(600)
        collect_candles()
    (gap,) = Gap.objects.filter(series__interval="1m", series__asset__symbol="BTC")
    assert (gap.reason, gap.repaired_at) == (Gap.Reason.UPSTREAM_OUTAGE, None)
    assert gap.end - gap.start > 5.9 * 3600
    assert "binance" in gap.said
    world.simulator.heal()
    for _ in range(60):
        world.pass_by(60)
        collect_candles()
    assert not Gap.objects.filter(repaired_at=None).exists()
    for symbol in ("BTC", "ETH"):
        for interval in ("1m", "5m", "1h"):
            times = [row.opened_at for row in rows(symbol, interval)]
            assert times == list(range(times[0], times[-1] + 1, INTERVALS[interval]))
            assert_exact(world, symbol, interval, since=NOON - 3600)
    ledger = Gap.objects.filter(series__interval="1m", series__asset__symbol="BTC")
    for one in ledger:
        filled = [row for row in rows() if one.start <= row.opened_at < one.end]
        assert {row.source.slug for row in filled} == {one.repaired_by}
    assert sum(one.end - one.start for one in ledger) > 5.9 * 3600


def test_an_outage_goes_on_while_those_who_failed_rest(world):
    collect_candles()
    world.break_everybody()
    world.pass_by(600)
    collect_candles()
    of_bitcoin = Gap.objects.filter(series__interval="1m", series__asset__symbol="BTC")
    before = of_bitcoin.get()
    world.pass_by(600)
    now = timezone.now()
    resting = Failure("binance", "resting", "rests after failing too often")
    for errand in due_errands(now):
        record_failure(errand, (resting,), now=now)
    gap = of_bitcoin.get()
    assert (gap.start, gap.end) == (before.start, before.end + 600)
    assert (gap.reason, gap.said) == (Gap.Reason.UPSTREAM_OUTAGE, before.said)


def test_what_a_dead_process_missed_is_asked_for_and_told(world):
    collect_candles()
    world.pass_by(1800)
    collect_candles()
    times = [row.opened_at for row in rows()]
    assert times == list(range(times[0], times[-1] + 1, 60))
    gaps = Gap.objects.filter(series__interval="1m")
    assert {(gap.reason, gap.repaired_by) for gap in gaps} == {
        (Gap.Reason.NOT_COLLECTED, "binance")
    }


def test_a_series_that_is_far_behind_gets_its_newest_candles_first(world):
    collect_candles()
    world.pass_by(3 * 86400)
    collect_candles()
    assert rows()[-1].opened_at == (BEGIN + 3 * 86400) // 60 * 60
    gaps = Gap.objects.filter(series__interval="1m", series__asset__symbol="BTC", repaired_at=None)
    (gap,) = gaps
    # From the candle that was open then, whose end nobody told, to the thousand newest ones.
    assert (gap.start, gap.end) == (BEGIN // 60 * 60, rows()[-1].opened_at - 999 * 60)


def test_collecting_twice_changes_nothing(world):
    collect_candles()
    before = [(row.opened_at, values(row), row.state, row.revision) for row in rows()]
    collect_series(series_of(*BTC_1M).pk)
    assert [(row.opened_at, values(row), row.state, row.revision) for row in rows()] == before


def test_an_answer_about_another_pair_is_not_believed(world, monkeypatch):
    collect_candles()
    given_points(world)

    def mistaken(view, path, query):
        wrong = {**query, "symbol": "ETHUSDT"} if query.get("symbol") == "BTCUSDT" else query
        return binance.answer(view, path, wrong)

    monkeypatch.setitem(simulators.PROVIDERS, "binance", mistaken)
    world.pass_by(60)
    given_points(world)
    collect_candles()
    newest = rows()[-1]
    assert newest.source.slug == "okx"
    assert abs(newest.close / rows()[-2].close - 1) < Decimal("0.01")
    assert calls.reasons_last_hour("binance", "candles") == {"outlier": 1}


def test_an_answer_in_another_interval_is_not_believed(world, monkeypatch):
    def mistaken(view, path, query):
        return binance.answer(
            view, path, {**query, "interval": "5m"} if "interval" in query else query
        )

    monkeypatch.setitem(simulators.PROVIDERS, "binance", mistaken)
    collect_candles()
    assert {row.source.slug for row in rows()} == {"okx"}
    assert_exact(world, "BTC", "1m", since=NOON - 1800)
    assert {row.source.slug for row in rows(interval="5m")} == {"binance"}
    assert calls.reasons_last_hour("binance", "candles")["bad_payload"] == 4


@pytest.mark.parametrize("kind", ["frozen", "stale", "empty", "html", "nulls", "wrong_price"])
def test_a_first_provider_that_lies_is_passed_over(world, kind):
    collect_candles()
    world.pass_by(60)
    given_points(world)
    world.simulator.fault("binance", kind)
    world.pass_by(120)
    given_points(world)
    collect_candles()
    assert rows()[-1].source.slug == "okx"
    assert_exact(world, "BTC", "1m", since=NOON)


@pytest.mark.parametrize("venue", ["binance", "okx"])
def test_a_feed_that_stopped_within_a_candle_does_not_close_it(world, venue):
    """Okx says by itself that a candle is complete, binance by the next one: both go by the clock."""
    if venue == "okx":
        world.simulator.fault("binance", "server_error")
    collect_candles()
    world.pass_by(20)
    world.simulator.fault(venue, "frozen")
    for _ in range(3):
        world.pass_by(60)
        collect_candles()
        given_points(world)
    world.simulator.heal()
    world.pass_by(600)
    collect_candles()
    assert rows()[-2].state in CLOSED
    assert_exact(world, "BTC", "1m", since=NOON)
    assert {row.revision for row in rows()} == {0}


def test_a_spent_budget_is_waited_for_and_not_mixed(world, monkeypatch):
    collect_candles()
    world.pass_by(60)
    with monkeypatch.context() as spent:
        taken = budget.take
        spent.setattr(
            budget,
            "take",
            lambda slug, **asked: slug != "binance" and taken(slug, **asked),
        )
        collect_candles()
        assert {row.source.slug for row in rows()} == {"binance"}
        assert not Series.objects.exclude(problem="").exists()
        # Whoever waits for too long takes what there is.
        world.pass_by(180)
        collect_candles()
        assert rows()[-1].source.slug == "okx"


def test_whoever_finds_every_budget_spent_stays_due_and_is_first_next_time(world, monkeypatch):
    collect_candles()
    world.pass_by(60)
    tried_at = series_of(*BTC_1M).tried_at
    with monkeypatch.context() as spent:
        spent.setattr(budget, "take", lambda slug, **_: False)
        collect_series(series_of(*BTC_1M).pk)
    assert series_of(*BTC_1M).tried_at == tried_at
    assert "budget" in series_of(*BTC_1M).problem
    collect_candles()
    assert rows()[-1].opened_at == BEGIN // 60 * 60 + 60
    assert series_of(*BTC_1M).problem == ""


def test_rows_that_come_twice_and_in_an_odd_order_are_the_same_candles(world, monkeypatch):
    def shuffled(view, path, query):
        told = binance.answer(view, path, query)
        is_rows = isinstance(told.body, list)
        return replace(told, body=[*told.body[::2], *told.body[::-1]]) if is_rows else told

    monkeypatch.setitem(simulators.PROVIDERS, "binance", shuffled)
    collect_candles()
    found = rows()
    assert {row.source.slug for row in found} == {"binance"}
    assert [row.opened_at for row in found] == sorted({row.opened_at for row in found})
    assert_exact(world, "BTC", "1m", since=NOON - 1800)


def test_a_pair_that_a_provider_does_not_trade_is_not_asked_for_again(world):
    series = series_of("BTC", "USDC", "1h")
    collect_series(series.pk)
    assert "binance: does not trade BTC in USDC" in Series.objects.get(pk=series.pk).problem
    before = calls.reasons_last_hour("binance", "candles")["not_offered"]
    collect_series(series.pk)
    assert calls.reasons_last_hour("binance", "candles")["not_offered"] == before
    assert "binance: does not trade BTC in USDC" in Series.objects.get(pk=series.pk).problem


def test_of_an_answer_that_cannot_be_written_down_whole_nothing_is_stored(world, monkeypatch):
    collect_candles()
    before = len(rows())
    world.pass_by(600)
    with monkeypatch.context() as broken:
        broken.setattr(collection, "close_gaps", lambda *args, **kwargs: 1 / 0)
        collect_candles()
    assert len(rows()) == before
    (gap,) = Gap.objects.filter(series=series_of(*BTC_1M))
    assert gap.repaired_at is None
    world.pass_by(600)
    collect_candles()
    assert len(rows()) == before + 20
    assert not Gap.objects.filter(repaired_at=None).exists()


def test_the_candle_that_was_open_when_everybody_fell_silent_is_told_to_its_end(world):
    collect_candles()
    world.break_everybody()
    world.pass_by(600)
    collect_candles()
    world.simulator.heal()
    world.pass_by(330)
    # The repair comes first, and after it the newest closed candle is a later one.
    repair_candles()
    collect_candles()
    assert {row.state for row in rows()[:-1]} == {Candle.State.CLOSED}
    assert_exact(world, "BTC", "1m", since=NOON)


def test_one_series_that_cannot_be_stored_does_not_stop_the_others(world, monkeypatch):
    stored = collection.record_answer

    def fail_for_bitcoin(errand, *args, **kwargs):
        if errand.symbol == "BTC":
            raise ZeroDivisionError
        stored(errand, *args, **kwargs)

    monkeypatch.setattr(tasks, "record_answer", fail_for_bitcoin)
    collect_candles()
    assert rows("ETH")
    assert "ZeroDivisionError" in Series.objects.get(asset__symbol="BTC", interval="1m").problem
