"""Missing spans: all of the time without a candle, and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from market.gaps import missing, without
from market.intervals import INTERVALS, is_open_time, opens

MINUTE = 60
intervals = st.sampled_from(list(INTERVALS))
spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 10)).map(lambda pair: (pair[0], sum(pair)))
)


def seconds(found):
    return [second for start, end in found for second in range(start, end)]


def test_a_series_without_candles_is_one_gap():
    assert missing([], 0, 300, "1m") == [(0, 300)]


def test_a_whole_series_has_none():
    assert missing(range(0, 300, MINUTE), 0, 300, "1m") == []


def test_the_edges_are_open_times_within_the_span():
    assert missing([120], 30, 250, "1m") == [(60, 120), (180, 300)]


def test_an_empty_span_misses_nothing():
    assert missing([], 60, 60, "1m") == []
    assert missing([], 61, 119, "1m") == []
    assert missing([], 600, 60, "1m") == []


@given(intervals, st.integers(-3, 3), st.integers(0, 60), st.sets(st.integers(0, 60)), st.data())
def test_what_is_missing_is_exactly_what_did_not_open(interval, shift, length, places, data):
    step = INTERVALS[interval]
    since = 1_700_000_000 + data.draw(st.integers(0, step))
    until = since + length * step + shift
    calendar = list(opens(interval, since, until))
    there = {calendar[place] for place in places if place < len(calendar)}
    noise = [at + 1 for at in there] + [since - step, until + step]
    said = data.draw(st.permutations([*there, *there, *noise]))
    found = missing(said, since, until, interval)
    assert all(is_open_time(interval, edge) for span in found for edge in span)
    assert [at for start, end in found for at in range(start, end, step)] == [
        at for at in calendar if at not in there
    ]
    # As few as possible: between two of them there is a candle.
    assert all(left[1] < right[0] for left, right in zip(found, found[1:], strict=False))


@given(spans, spans)
def test_what_is_left_is_what_was_not_known(some, known):
    some = [(start + 100 * n, end + 100 * n) for n, (start, end) in enumerate(some)]
    taken = set(seconds(known))
    left = seconds(without(some, known))
    assert left == [second for second in seconds(some) if second not in taken]
