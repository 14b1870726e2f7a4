"""The repair of gaps over HTTP: from whom a gap was filled, or what proves that nobody can."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from market.intervals import INTERVALS
from market.models import Candle, Gap, Series
from market.services.candles import series_of
from market.services.gaps import find_gaps
from market.tasks.candles import collect_candles
from market.tasks.repair import repair_candles
from market.tests.simulated import kept, moment, true_bar, values
from market.tests.tasks.conftest import BEGIN, NOON, given_points
from providers import budget
from providers.simulator import simulator as simulators
from providers.simulator.market import OPENED
from providers.simulator.wire import binance

START, END = NOON - 1200, NOON - 600
USDT_VENUES = ("binance", "okx", "bybit", "kucoin", "gate")


@pytest.fixture
def series(world, settings):
    """A collected series with ten minutes missing in the middle."""
    settings.SUPPORTED_INTERVALS = ["1m"]
    collect_candles()
    return with_hole(series_of("BTC", "USDT", "1m"), START, END)


def with_hole(series, start, end):
    Candle.objects.filter(series=series, opened_at__gte=start, opened_at__lt=end).delete()
    find_gaps(series, since=start - 600, until=NOON, now=timezone.now())
    return series


def the_gap():
    return Gap.objects.get(series__asset__symbol="BTC")


def withhold(monkeypatch, *venues, start=START, end=END):
    """Let venues have no candles that opened within a span."""

    def cut(body):
        """Reach the rows where a venue wraps them."""
        if isinstance(body, dict):
            return {name: cut(inner) for name, inner in body.items()}
        if not isinstance(body, list):
            return body
        return [row for row in body if not (is_bar(row) and start <= second(row[0]) < end)]

    for venue in venues:
        known = simulators.PROVIDERS[venue]

        def answer(view, path, query, known=known):
            told = known(view, path, query)
            return replace(told, body=cut(told.body))

        monkeypatch.setitem(simulators.PROVIDERS, venue, answer)


def is_bar(row):
    return isinstance(row, list) and len(row) > 5


def second(stamp):
    number = int(stamp)
    return number // 1000 if number > 10**11 else number


def assert_whole_and_exact(world, series, start, end):
    step = INTERVALS[series.interval]
    rows = [row for row in kept(series) if start <= row.opened_at < end]
    assert [row.opened_at for row in rows] == list(range(start, end, step))
    for row in rows:
        told = true_bar(world.simulator, row.source.slug, "BTC", row.opened_at, series.interval)
        assert values(row) == told


def test_a_gap_is_filled_from_the_first_provider(world, series):
    assert (the_gap().start, the_gap().end) == (START, END)
    repair_candles()
    gap = the_gap()
    assert (gap.repaired_by, gap.reason) == ("binance", Gap.Reason.NOT_COLLECTED)
    assert gap.repaired_at == timezone.now()
    assert_whole_and_exact(world, series, START - 600, NOON)


def test_what_the_first_lacks_comes_from_the_next(world, series, monkeypatch):
    withhold(monkeypatch, "binance", start=START + 300, end=END)
    repair_candles()
    assert {(gap.start, gap.end, gap.repaired_by) for gap in Gap.objects.all()} == {
        (START, START + 300, "binance"),
        (START + 300, END, "okx"),
    }
    assert_whole_and_exact(world, series, START - 600, NOON)


def test_what_nobody_has_is_proven_to_be_empty_and_left_alone_for_a_day(
    world, series, monkeypatch
):
    withhold(monkeypatch, *USDT_VENUES)
    repair_candles()
    gap = the_gap()
    assert gap.reason == Gap.Reason.UPSTREAM_EMPTY
    assert gap.said["binance"] == "has candles before and after, and none in between"
    assert gap.repaired_at is None
    assert gap.next_try_at == timezone.now() + timedelta(days=1)
    world.asked()
    world.pass_by(3600)
    repair_candles()
    assert world.asked() == []
    assert not [row for row in kept(series) if START <= row.opened_at < END]


def test_what_was_empty_is_filled_when_a_venue_delivers_late(world, series, monkeypatch):
    with monkeypatch.context() as late:
        withhold(late, *USDT_VENUES)
        repair_candles()
    world.pass_by(86401)
    repair_candles()
    assert the_gap().repaired_by == "binance"
    assert_whole_and_exact(world, series, START - 600, NOON)


def test_nobody_to_ask_is_an_outage_and_asked_again_later_and_later(world, series):
    world.break_everybody()
    pauses = []
    for _ in range(3):
        repair_candles()
        pauses.append(the_gap().next_try_at - timezone.now())
        world.pass_by(pauses[-1].total_seconds())
    assert pauses == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert the_gap().reason == Gap.Reason.UPSTREAM_OUTAGE
    assert "HTTP 500" in the_gap().said["binance"]
    world.simulator.heal()
    world.pass_by(3600)
    repair_candles()
    assert the_gap().repaired_by in USDT_VENUES
    assert_whole_and_exact(world, series, START - 600, NOON)


def test_what_is_before_the_listing_is_told_as_that(world, settings):
    series = series_of("BTC", "USDT", "1d")
    settings.SUPPORTED_INTERVALS = ["1d"]
    since = OPENED - 30 * 86400
    find_gaps(series, since=since, until=OPENED + 40 * 86400, now=timezone.now())
    repair_candles()
    repair_candles()
    (left,) = Gap.objects.filter(repaired_at=None)
    assert (left.start, left.end, left.reason) == (since, OPENED, Gap.Reason.BEFORE_LISTING)
    assert Series.objects.get(pk=series.pk).begins_at == OPENED
    assert_whole_and_exact(world, series, OPENED, OPENED + 40 * 86400)


def test_a_history_that_is_kept_short_is_not_taken_for_a_listing(world, series, monkeypatch):
    # As with venues that keep some hours of minutes, and years of weeks.
    def short(view, path, query):
        told = binance.answer(view, path, query)
        if query.get("interval") != "1m" or not isinstance(told.body, list):
            return told
        return replace(told, body=[row for row in told.body if second(row[0]) >= END])

    monkeypatch.setitem(simulators.PROVIDERS, "binance", short)
    for venue in USDT_VENUES[1:]:
        world.simulator.fault(venue, "server_error")
    repair_candles()
    gap = the_gap()
    assert gap.reason == Gap.Reason.NOT_COLLECTED
    assert gap.said["binance"] == "has none that old"
    assert Series.objects.get(pk=series.pk).begins_at is None


def test_a_long_gap_is_filled_page_by_page(world, settings):
    settings.SUPPORTED_INTERVALS = ["1m"]
    series = series_of("BTC", "USDT", "1m")
    start = BEGIN // 60 * 60 - 2500 * 60
    find_gaps(series, since=start, until=NOON, now=timezone.now())
    repair_candles()
    assert [gap.repaired_by for gap in Gap.objects.filter(repaired_at__isnull=False)]
    for _ in range(2):
        repair_candles()
    assert not Gap.objects.filter(repaired_at=None).exists()
    times = [row.opened_at for row in kept(series)]
    assert times == list(range(start, NOON, 60))


def test_a_spent_budget_postpones_the_repair(world, series, monkeypatch):
    with monkeypatch.context() as spent:
        spent.setattr(budget, "take", lambda slug, **_: False)
        repair_candles()
    gap = the_gap()
    assert (gap.attempts, gap.repaired_at) == (0, None)
    assert gap.next_try_at == timezone.now() + timedelta(minutes=1)
    world.pass_by(60)
    repair_candles()
    assert the_gap().repaired_by == "binance"


def test_what_nobody_wants_any_more_is_not_repaired(world, series):
    Series.objects.filter(pk=series.pk).update(currency="USDC")
    world.asked()
    repair_candles()
    assert world.asked() == []


def test_candles_that_contradict_the_prices_of_that_time_fill_nothing(world, series):
    world.clock.move_to(moment(START + 30))
    given_points(world)
    world.clock.move_to(moment(BEGIN))
    world.simulator.fault("binance", "wrong_price", factor=10)
    repair_candles()
    assert the_gap().repaired_by == "okx"
    assert_whole_and_exact(world, series, START - 600, NOON)


def test_a_feed_that_stopped_within_the_gap_fills_what_it_saw_and_no_more(world, series):
    world.clock.move_to(moment(START + 330))
    world.simulator.fault("binance", "frozen")
    world.clock.move_to(moment(BEGIN))
    repair_candles()
    assert {(gap.start, gap.end, gap.repaired_by) for gap in Gap.objects.all()} == {
        (START, START + 300, "binance"),
        (START + 300, END, "okx"),
    }
    assert_whole_and_exact(world, series, START - 600, NOON)
