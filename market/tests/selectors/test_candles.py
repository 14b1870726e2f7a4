"""Pages of candles: every bar once, in order, digit for digit."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryptodt.common.money import spell
from market import candle_snapshot
from market.selectors import candles as selectors
from market.tests.candles import (
    OPEN,
    bars,
    candle,
    given_candles,
    given_series,
    page_of,
    places,
    record,
)

pytestmark = pytest.mark.django_db
MINUTE = 60


@pytest.fixture
def series():
    return given_series()


def at(place):
    return OPEN + place * MINUTE


def pages(series, size, **asked):
    """Return all pages, one after the other, as the places of their bars."""
    found, after = [], None
    while True:
        page = page_of(series, limit=size, after=after, **asked)
        found.append(places(series, page.bars))
        if page.next is None:
            return found
        after = page.next


def test_an_empty_series_has_one_empty_page(series):
    assert page_of(series, limit=5) == selectors.Page([], None, None)
    assert selectors.newest_open(series) is None
    assert selectors.count(series) == 0


def test_without_a_beginning_the_latest_are_meant(series):
    given_candles(series, range(10))
    assert pages(series, 3)[0] == [7, 8, 9]
    assert pages(series, 3, newest_first=True)[0] == [9, 8, 7]
    assert page_of(series, limit=3).next is None


def test_the_end_is_not_part_of_the_span(series):
    given_candles(series, range(10))
    assert pages(series, 10, since=at(2), until=at(5)) == [[2, 3, 4]]
    assert pages(series, 2, until=at(5))[0] == [3, 4]
    assert pages(series, 10, since=at(5), until=at(2)) == [[]]


def test_only_what_closed_when_asked_for(series):
    given_candles(series, range(3))
    record(series, candle(series, 3, closed=False))
    assert pages(series, 2)[0] == [2, 3]
    assert pages(series, 2, closed_only=True)[0] == [1, 2]


def test_another_series_is_another_page(series):
    given_candles(series, range(3))
    for other in (given_series("ETH"), given_series(interval="5m"), given_series(currency="USD")):
        assert bars(other) == []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 40), max_size=20), st.integers(1, 8), st.booleans())
def test_the_pages_of_any_series_are_the_series(series, there, size, newest_first):
    series.candle_set.all().delete()
    given_candles(series, sorted(there))
    found = pages(series, size, since=at(0), newest_first=newest_first)
    assert all(len(page) == size for page in found[:-1])
    assert [place for page in found for place in page] == sorted(there, reverse=newest_first)


@pytest.mark.parametrize("newest_first", [False, True])
def test_candles_that_come_between_two_pages_move_no_other(series, newest_first):
    given_candles(series, [0, 2, 4, 6])
    asked = {"since": at(0), "newest_first": newest_first, "limit": 2}
    first = page_of(series, **asked)
    given_candles(series, [1, 5, 7])
    second = page_of(series, after=first.next, **asked)
    found = places(series, [*first.bars, *second.bars])
    assert found == ([6, 4, 2, 1] if newest_first else [0, 2, 4, 5])


@pytest.mark.parametrize(
    "written",
    [
        "0.000000000001",
        "1E-12",
        "123456789.123456789012",
        "9" * 60,
        "0." + "123456789" * 6 + "123456",
        "1E-59",
        "1E+20",
        "100",
        "64000.50",
        "0",
        "0.000",
        "-0",
    ],
)
@pytest.mark.parametrize("many", [1, 2000])
def test_every_digit_survives_from_the_wire_to_the_page(series, written, many):
    said = [candle(series, number, written, volume=written) for number in range(many)]
    record(series, *said)
    bar = page_of(series, limit=1).bars[0]
    assert bar.close == bar.volume == spell(Decimal(written))
    assert f'"close":{spell(Decimal(written))},'.encode() in candle_snapshot.public_bar(bar)
    row = series.candle_set.get(opened_at=bar.opened_at)
    assert row.close == Decimal(written)
    # Said again, it is the same.
    assert record(series, *said).corrected == 0


def test_a_page_takes_one_query(series, django_assert_num_queries):
    given_candles(series, range(5))
    with django_assert_num_queries(1):
        page_of(series, limit=3)
