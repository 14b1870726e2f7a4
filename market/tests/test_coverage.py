"""A page claims the time that it answers for: all of it, once, and no more than there is."""

from dataclasses import replace

import pytest

from market.coverage import Extent, Stretch, candles_in, claimed, is_live

MINUTE = 60
EXTENT = Extent(interval="1m", newest=600, newest_is_open=True)
FIRST = Stretch(
    opened=[120, 180],
    has_more=True,
    since=60,
    until=None,
    after=None,
    forward=True,
    closed_only=False,
)
LATEST = replace(FIRST, forward=False, since=None, opened=[540, 600])


def test_pages_forward_claim_adjoining_spans():
    assert claimed(FIRST, EXTENT) == (60, 240)
    assert claimed(replace(FIRST, after=180, opened=[300]), EXTENT) == (240, 360)
    last = replace(FIRST, after=300, opened=[], has_more=False)
    assert claimed(last, EXTENT) == (360, 660)


def test_pages_backward_claim_adjoining_spans():
    assert claimed(LATEST, EXTENT) == (540, 660)
    assert claimed(replace(LATEST, after=540, opened=[120, 480]), EXTENT) == (120, 540)
    last = replace(LATEST, after=120, opened=[60], has_more=False)
    assert claimed(last, EXTENT) == (60, 120)
    assert claimed(replace(last, since=1), EXTENT) == (1, 120)


def test_nothing_is_claimed_after_the_end_that_was_asked_for():
    assert claimed(replace(LATEST, until=300, opened=[240]), EXTENT) == (240, 300)
    assert claimed(replace(LATEST, until=900), EXTENT) == (540, 660)


def test_an_open_candle_is_not_missed_by_whom_wants_closed_ones():
    assert claimed(replace(LATEST, closed_only=True, opened=[540]), EXTENT) == (540, 600)
    settled = replace(EXTENT, newest_is_open=False)
    assert claimed(replace(LATEST, closed_only=True), settled) == (540, 660)


def test_nothing_is_missing_before_an_upstream_begins():
    assert claimed(FIRST, replace(EXTENT, begins_at=120)) == (120, 240)
    assert claimed(FIRST, replace(EXTENT, begins_at=9000)) == (9000, 9000)


def test_zero_means_from_the_first_there_is():
    assert claimed(replace(FIRST, since=0), EXTENT) == (120, 240)
    assert claimed(replace(FIRST, since=0, opened=[], has_more=False), EXTENT) == (660, 660)


@pytest.mark.parametrize(
    ("stretch", "live"),
    [
        (LATEST, True),
        (replace(LATEST, after=540), False),
        (replace(LATEST, until=600), False),
        (replace(LATEST, until=601), True),
        (FIRST, False),
        (replace(FIRST, has_more=False), True),
        (replace(FIRST, has_more=False, until=300), False),
    ],
)
def test_only_what_reaches_up_to_now_can_grow_old(stretch, live):
    assert is_live(stretch, EXTENT) is live


@pytest.mark.parametrize(
    ("now", "behind"),
    [(600, None), (719, None), (720, (660, 720)), (800, (660, 780)), (0, None)],
)
def test_a_candle_is_behind_when_the_next_has_opened_after_it(now, behind):
    assert EXTENT.behind(now, since=None, until=None) == behind


@pytest.mark.parametrize(
    ("since", "until", "behind"),
    [
        (0, None, (660, 900)),
        (661, None, (720, 900)),
        (901, None, None),
        (None, 720, (660, 720)),
        (None, 721, (660, 780)),
        (None, 660, None),
    ],
)
def test_what_is_behind_is_missed_where_it_is_asked_for(since, until, behind):
    assert EXTENT.behind(950, since=since, until=until) == behind


def test_candles_of_a_span_are_counted():
    assert [candles_in(0, end, "1m") for end in (0, 1, 60, 61)] == [0, 1, 1, 2]
