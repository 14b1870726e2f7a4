"""When candles are worth asking for: new ones at once, the open one while it is looked at."""

import pytest

from market.due import REFRESH, due_since, lateness, missed

NOON = 1_793_880_000 // 86400 * 86400 + 43200


@pytest.mark.parametrize(
    ("interval", "tried", "now", "since"),
    [
        ("1m", 5, 34, None),
        ("1m", 5, 61, 60),
        ("5m", 5, 214, None),
        ("5m", 5, 299, 245),
        ("5m", 240, 305, 300),
        ("1h", 5, 60, None),
        ("1h", 5, 5 + REFRESH, 5 + REFRESH),
        ("1h", 3500, 3605, 3600),
        ("1d", 5, 5 + REFRESH - 31, None),
        # The schedule ticked a moment early.
        ("1d", 5, 5 + REFRESH - 1, 5 + REFRESH - 1),
    ],
)
def test_a_watched_series_is_due_for_a_new_candle_or_a_new_look(interval, tried, now, since):
    assert due_since(interval, NOON + tried, NOON + now, is_watched=True) == (
        since and NOON + since
    )


def test_an_unwatched_series_is_due_for_a_new_candle_only():
    assert due_since("1h", NOON + 5, NOON + 3599, is_watched=False) is None
    assert due_since("1h", NOON + 5, NOON + 3601, is_watched=False) == NOON + 3600


def test_a_clock_that_was_set_back_stops_nothing():
    assert due_since("1h", NOON + 9000, NOON, is_watched=False) == NOON


def test_lateness_counts_in_periods_of_its_own():
    assert lateness("1m", NOON, NOON + 60) == lateness("1d", NOON, NOON + REFRESH) == 1


@pytest.mark.parametrize(("now", "count"), [(30, 0), (65, 0), (125, 1), (3605, 59)])
def test_missed_are_those_that_must_have_closed(now, count):
    # The one of noon is closed and held; the one that is open now is not missed.
    assert missed("1m", NOON, NOON + now) == count
