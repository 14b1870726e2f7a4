"""Pages of candles over HTTP: whatever is written between two of them, no bar is skipped or
repeated, and every gap is told once."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client, TestCase
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from market import candle_snapshot
from market.tests.candles import NOW, OPEN, candle, given_candles, given_series, record
from market.tests.quotes import given_assets

pytestmark = pytest.mark.django_db
URL = "/api/ohlcv"
MINUTE = 60
FIRST, LAST = -12, 0
# The last may be repaired, corrected or closed, and further ones may open, while pages are read.
PLACES = range(FIRST, LAST + 4)


@pytest.fixture(autouse=True)
def _now(settings):
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        given_assets(settings, "BTC")
        yield


@dataclass
class Walk:
    """The pages of one question, read to the end, with something written after each."""

    asked: dict[str, str]
    writes: list[list[int]]
    series: object
    pages: list[list[int]] = field(default_factory=list)
    gaps: list[tuple[int, int]] = field(default_factory=list)

    def read(self):
        client, cursor = Client(), None
        while True:
            body = self._page(client, cursor)
            self.pages.append([_place(bar["timestamp"]) for bar in body["data"]])
            self.gaps += [(_place(gap["from"]), _place(gap["to"])) for gap in body["meta"]["gaps"]]
            assert body["complete"] is (body["meta"]["gaps"] == [])
            cursor = body["meta"]["next"]
            if cursor is None:
                return self
            if self.writes:
                self._write(self.writes.pop())

    def _page(self, client, cursor):
        typed = self.asked | ({} if cursor is None else {"cursor": cursor})
        response = client.get(URL, {"symbol": "BTC", "interval": "1m", **typed})
        assert response.status_code == 200, response.content
        return response.json()

    def _write(self, numbers):
        with TestCase.captureOnCommitCallbacks(execute=True):
            record(self.series, *(candle(self.series, n, str(2000 + n)) for n in numbers), later=5)

    @property
    def places(self):
        """All that was read, in the order of the whole walk."""
        is_backward = "since" not in self.asked
        if is_backward and self.asked["order"] == "asc":
            # The latest came first; each page is in the order of time.
            return [place for page in reversed(self.pages) for place in page]
        return [place for page in self.pages for place in page]


def _place(milliseconds):
    return (milliseconds // 1000 - OPEN) // MINUTE


def read(present, asked, writes=()):
    """Read all pages of a series that has these places, the newest of them open."""
    undo = transaction.savepoint()
    try:
        series = given_series()
        *closed, newest = sorted(present)
        given_candles(series, closed)
        record(series, candle(series, newest, closed=False))
        candle_snapshot.renew("BTC/USDT:1m")
        return Walk(asked, [list(places) for places in writes], series).read()
    finally:
        transaction.savepoint_rollback(undo)


def spelled(since, until, limit, order, closed_only):
    asked = {"limit": str(limit), "order": order, "closed_only": str(closed_only).lower()}
    for name, place in (("since", since), ("until", until)):
        if place is not None:
            asked[name] = str(OPEN + place * MINUTE)
    return asked


questions = st.tuples(
    st.none() | st.integers(FIRST - 2, -1),
    st.none() | st.integers(0, LAST + 3),
    st.integers(1, 6),
    st.sampled_from(["asc", "desc"]),
    st.booleans(),
)
stored = st.sets(st.integers(FIRST, LAST), min_size=1)
fast = settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def expected(present, question):
    since, until, _, order, closed_only = question
    low = FIRST - 3 if since is None else since
    high = LAST + 4 if until is None else until
    found = [place for place in sorted(present) if low <= place < high]
    if closed_only and max(present) in found:
        found.remove(max(present))
    return found if order == "asc" else found[::-1]


@fast
@given(present=stored, question=questions)
def test_the_pages_together_are_the_series(present, question):
    walk = read(present, spelled(*question))
    assert walk.places == expected(present, question)
    assert all(len(page) == question[2] for page in walk.pages[:-1])


@fast
@given(present=stored, question=questions)
def test_the_pages_together_tell_each_gap_once(present, question):
    walk = read(present, spelled(*question))
    told = [place for start, end in walk.gaps for place in range(start, end)]
    since, until, _, _, closed_only = question
    found = expected(present, question)
    low = since if since is not None else min(found, default=max(present) + 1)
    newest = max(present)
    # A minute that is not over is missed by nobody, nor one that opens this very minute.
    high = min(LAST + 4 if until is None else until, max(newest + (not closed_only), 0))
    missed = [place for place in range(low, high) if place not in present]
    assert sorted(told) == missed


@fast
@given(
    present=stored,
    question=questions,
    writes=st.lists(st.sets(st.sampled_from(PLACES), max_size=4), max_size=8),
)
@example(present={-3, -2, -1, 0}, question=(None, None, 2, "asc", False), writes=[{1, 2}])
@example(present={-9, -5, 0}, question=(-12, None, 1, "asc", True), writes=[{-8, -4, 0, 1}])
def test_what_was_there_throughout_is_read_once_whatever_is_written(present, question, writes):
    walk = read(present, spelled(*question), writes)
    found = walk.places
    assert len(set(found)) == len(found)
    assert found == sorted(found, reverse=question[3] == "desc")
    assert set(expected(present, question)) <= set(found)
    everything = present.union(*writes)
    since, until, *_ = question
    for place in found:
        assert place in everything
        assert since is None or place >= since
        assert until is None or place < until


def test_what_is_repaired_ahead_of_the_reader_is_read_and_what_is_behind_is_not():
    asked = spelled(FIRST, None, 2, "asc", closed_only=False)
    walk = read({-10, -9, -5, 0}, asked, [[-12, -7]])
    assert walk.places == [-10, -9, -7, -5, 0]


def test_how_many_fit_on_a_page_may_change_from_page_to_page(client):
    series = given_series()
    given_candles(series, range(-9, 1))
    typed = {"symbol": "BTC", "interval": "1m", "order": "desc"}
    first = client.get(URL, {**typed, "limit": "3"}).json()
    second = client.get(URL, {**typed, "limit": "5", "cursor": first["meta"]["next"]}).json()
    third = client.get(URL, {**typed, "limit": "9", "cursor": second["meta"]["next"]}).json()
    bars = [_place(bar["timestamp"]) for body in (first, second, third) for bar in body["data"]]
    assert bars == list(range(0, -10, -1))
    assert third["meta"]["next"] is None
