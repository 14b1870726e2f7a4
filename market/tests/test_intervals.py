"""Every second belongs to one candle of each interval, and to the one that calendars say."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptodt.common.errors import InvalidInterval
from market.intervals import INTERVALS, interval_of, is_open_time, open_of, opens

seconds = st.integers(min_value=0, max_value=4_000_000_000)


@given(st.sampled_from(list(INTERVALS)), seconds)
def test_a_second_lies_in_the_candle_it_belongs_to(interval, second):
    opened = open_of(interval, second)
    assert opened <= second < opened + INTERVALS[interval]
    assert is_open_time(interval, opened)
    assert open_of(interval, opened + INTERVALS[interval]) == opened + INTERVALS[interval]


@given(seconds)
def test_days_open_at_midnight_and_weeks_on_monday(second):
    day = datetime.fromtimestamp(open_of("1d", second), UTC)
    week = datetime.fromtimestamp(open_of("1w", second), UTC)
    assert (day.hour, day.minute, day.second) == (0, 0, 0)
    assert (week.weekday(), week.hour, week.minute) == (0, 0, 0)


def test_the_candles_of_a_span_begin_inside_it():
    assert list(opens("1m", 60, 240)) == [60, 120, 180]
    assert list(opens("1m", 61, 240)) == [120, 180]
    assert list(opens("1h", 3601, 3602)) == []


@pytest.mark.parametrize(
    "typed", ["", "2m", "1M", "1H", "60", "1m\x00", "１m", "1h;", "m" * 10_000]
)
def test_another_interval_is_refused_with_those_there_are(typed):
    with pytest.raises(InvalidInterval) as refused:
        interval_of(typed)
    assert refused.value.details["accepted"] == list(INTERVALS)
