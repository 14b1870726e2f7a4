"""The ledger of gaps: found once, with one reason each, and never closed by less than candles."""

from datetime import timedelta

import pytest

from market.models import Gap
from market.selectors import candles as selectors
from market.services.gaps import close_gaps, find_gaps
from market.tests.candles import NOW, OPEN, candle, given_candles, given_series, record

pytestmark = pytest.mark.django_db
MINUTE = 60
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def series():
    return given_series()


def find(series, first=0, last=10, *, now=LATER):
    return find_gaps(series, since=OPEN + first * MINUTE, until=OPEN + last * MINUTE, now=now)


def ledger(series, *, repaired=False):
    """Return the places of the gaps, counted from NOW."""
    gaps = Gap.objects.filter(series=series, repaired_at__isnull=not repaired).order_by("start")
    return [((gap.start - OPEN) // MINUTE, (gap.end - OPEN) // MINUTE) for gap in gaps]


def test_what_is_missing_is_entered_once(series):
    given_candles(series, [0, 1, 4, 5, 9])
    found = find(series)
    assert ledger(series) == [(2, 4), (6, 9)]
    assert {gap.reason for gap in found} == {"not collected"}
    assert [gap.next_try_at for gap in found] == [LATER, LATER]
    again = find(series, now=LATER + timedelta(hours=1))
    assert [gap.pk for gap in again] == [gap.pk for gap in found]
    assert again[0].found_at == LATER


def test_the_candle_that_is_open_now_is_not_missing(series):
    given_candles(series, [0])
    find(series, now=NOW + timedelta(minutes=3, seconds=59))
    assert ledger(series) == [(1, 3)]
    assert find(series, 3, 10, now=NOW + timedelta(minutes=3, seconds=59)) == []


def test_nothing_is_missing_before_the_first_candle_of_all(series):
    series.begins_at = OPEN + 5 * MINUTE
    given_candles(series, [6])
    find(series)
    assert ledger(series) == [(5, 6), (7, 10)]


def test_a_gap_that_grows_stays_one_and_keeps_its_history(series):
    given_candles(series, [0])
    (gap,) = find(series, last=3)
    Gap.objects.filter(pk=gap.pk).update(attempts=4, said={"binance": "down"})
    (grown,) = find(series, last=6)
    assert grown.pk == gap.pk
    assert (grown.attempts, grown.said, grown.found_at) == (4, {"binance": "down"}, LATER)
    assert ledger(series) == [(1, 6)]


def test_a_known_reason_is_kept_and_only_the_rest_is_new(series):
    given_candles(series, [0])
    (gap,) = find(series, last=4)
    Gap.objects.filter(pk=gap.pk).update(reason=Gap.Reason.UPSTREAM_EMPTY)
    find(series, last=8)
    assert ledger(series) == [(1, 4), (4, 8)]
    assert list(Gap.objects.order_by("start").values_list("reason", flat=True)) == [
        "upstream empty",
        "not collected",
    ]


def test_gaps_that_touch_for_the_same_reason_become_one(series):
    given_candles(series, [0])
    for last in (3, 4, 5):
        find(series, last=last)
        Gap.objects.update(reason=Gap.Reason.UPSTREAM_OUTAGE, attempts=last)
    given_candles(series, [7])
    find(series)
    assert ledger(series) == [(1, 5), (5, 7), (8, 10)]
    assert Gap.objects.get(end=OPEN + 5 * MINUTE).attempts == 5


def test_what_came_is_repaired_and_the_ledger_tells_from_where(series):
    given_candles(series, [0, 5])
    (gap,) = find(series, last=6)
    given_candles(series, [1, 2, 3, 4], source="kraken")
    close_gaps(series, source="kraken", now=LATER)
    gap.refresh_from_db()
    assert (gap.repaired_at, gap.repaired_by, gap.next_try_at) == (LATER, "kraken", None)
    assert ledger(series) == []


def test_what_came_in_part_leaves_the_rest_open(series):
    given_candles(series, [0, 9])
    (gap,) = find(series)
    Gap.objects.update(attempts=3)
    given_candles(series, [3, 4, 7])
    close_gaps(series, source="okx", now=LATER)
    assert ledger(series) == [(1, 3), (5, 7), (8, 9)]
    assert ledger(series, repaired=True) == [(3, 5), (7, 8)]
    assert set(Gap.objects.values_list("attempts", flat=True)) == {3}
    gap.refresh_from_db()
    assert (gap.start, gap.end, gap.repaired_by) == (OPEN + MINUTE, OPEN + 3 * MINUTE, "")
    given_candles(series, [1, 2, 5, 6, 8])
    close_gaps(series, source="gate", now=LATER)
    assert ledger(series) == []
    assert ledger(series, repaired=True) == [(1, 3), (3, 5), (5, 7), (7, 8), (8, 9)]


def test_nothing_came_and_nothing_changed(series, django_assert_max_num_queries):
    given_candles(series, [0, 3])
    close_gaps(series, source="okx", now=LATER)
    find(series, last=4)
    close_gaps(series, source="okx", now=LATER)
    assert ledger(series) == [(1, 3)]


def test_a_place_that_is_missing_a_second_time_is_open_again(series):
    given_candles(series, [0, 2])
    find(series, last=3)
    given_candles(series, [1])
    close_gaps(series, source="okx", now=LATER)
    series.candle_set.filter(opened_at=OPEN + MINUTE).delete()
    (gap,) = find(series, last=3)
    assert (gap.repaired_at, gap.repaired_by, gap.next_try_at) == (None, "", LATER)
    assert ledger(series, repaired=True) == []


def test_the_gaps_of_a_span_are_those_that_overlap_it(series):
    given_candles(series, [0, 3, 6])
    find(series)
    spans = selectors.gaps_in(series, OPEN + 2 * MINUTE, OPEN + 5 * MINUTE)
    assert [(gap.start, gap.end) for gap in spans] == [
        (OPEN + MINUTE, OPEN + 3 * MINUTE),
        (OPEN + 4 * MINUTE, OPEN + 6 * MINUTE),
    ]
    assert selectors.gaps_in(series, OPEN + 3 * MINUTE, OPEN + 4 * MINUTE) == []


def test_a_candle_that_was_left_open_is_missing_until_its_end_is_told(series):
    given_candles(series, [0, 3])
    record(series, candle(series, 1, closed=False), candle(series, 2, closed=False))
    find(series, last=4)
    assert ledger(series) == [(1, 3)]
    record(series, candle(series, 2))
    close_gaps(series, source="okx", now=LATER)
    assert ledger(series) == [(1, 2)]
    assert ledger(series, repaired=True) == [(2, 3)]
