"""The order of truth against a plain model of it, and with writers that do not wait in line."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market.models import Correction
from market.selectors import candles as selectors
from market.services.candles import Stored
from market.tests.candles import OPEN, bars, candle, given_series, page_of, record

MINUTE = 60
PATIENCE = 2 * MINUTE
LEAD = 300

SOURCES = ("binance", "kraken", "okx")
said_once = st.tuples(
    st.integers(0, 3), st.sampled_from(("1", "2", "3.5")), st.booleans(), st.sampled_from(SOURCES)
)
batches = st.lists(
    st.tuples(st.sampled_from((0, 1, 61, 121, 400, -30, -400)), st.lists(said_once, max_size=8)),
    max_size=12,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Held:
    close: str
    state: int
    revision: int
    source: str
    seen: int


class Model:
    """What the store should hold, one candle after the other and in plain words."""

    def __init__(self) -> None:
        self.held: dict[int, Held] = {}
        self.kept: list[tuple[int, int, str]] = []
        self.counts = {"added": 0, "updated": 0, "corrected": 0}

    def record(self, batch: Sequence[tuple[int, str, bool, str]], seen: int) -> None:
        self.counts = dict.fromkeys(self.counts, 0)
        for source in dict.fromkeys(said[3] for said in batch):
            word: dict[int, tuple[str, bool]] = {}
            for place, close, closed, who in batch:
                if who == source and (closed or not word.get(place, ("", False))[1]):
                    word[place] = (close, closed)
            for place, (close, closed) in word.items():
                self._say(place, Held(close, int(closed), 0, source, seen))

    def _say(self, place: int, new: Held) -> None:
        old = self.held.get(place)
        if old is None:
            self.held[place] = new
            self.counts["added"] += 1
        elif old.state == 0:
            if new.state == 1 or self._follows(old, new):
                self.held[place] = new
                self.counts["updated"] += 1
        elif self._is_correction(old, new):
            self.kept.append((place, old.revision, old.close))
            self.held[place] = replace(new, state=2, revision=old.revision + 1)
            self.counts["corrected"] += 1

    def _follows(self, old: Held, new: Held) -> bool:
        if old.source != new.source:
            return new.seen - old.seen > PATIENCE
        return old != new and self._is_later(old, new)

    def _is_correction(self, old: Held, new: Held) -> bool:
        says_other = new.close != old.close and new.state == 1
        return says_other and new.source == old.source and self._is_later(old, new)

    def _is_later(self, old: Held, new: Held) -> bool:
        return new.seen >= old.seen or old.seen - new.seen > LEAD


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_whatever_is_said_the_store_holds_what_the_model_does(told):
    series, model = given_series(), Model()
    series.candle_set.all().delete()
    Correction.objects.all().delete()
    clock = 1000
    for later, batch in told:
        clock += later
        stored = record(
            series,
            *(
                candle(series, place, close, closed=closed, source=source)
                for place, close, closed, source in batch
            ),
            later=clock,
        )
        model.record(batch, OPEN + clock)
        assert (stored.added, stored.updated, stored.corrected) == tuple(model.counts.values())
        assert (stored == Stored()) == (stored.newest is None)
    found = {
        (bar.opened_at - OPEN) // MINUTE: Held(
            bar.close, bar.state, bar.revision, bar.source, bar.seen_at
        )
        for bar in bars(series)
    }
    assert found == model.held
    kept = Correction.objects.order_by("pk").values_list("opened_at", "revision", "close")
    assert sorted(((at - OPEN) // MINUTE, r, f"{close:f}") for at, r, close in kept) == sorted(
        model.kept
    )


class AtOnce(ThreadPoolExecutor):
    """Threads that all begin together, each with a database connection of its own."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._begin = threading.Barrier(count)

    def start(self, work, *values):
        return self.submit(self._run, work, values)

    def _run(self, work, values):
        self._begin.wait(10)
        try:
            return work(*values)
        finally:
            connections.close_all()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", [20, 2500])
def test_two_writers_at_once_leave_no_half_round_and_no_duplicate(size):
    series, written = given_series(), threading.Event()

    def write(name):
        return [
            record(series, *(candle(series, place, f"{name}.{n}") for place in range(size)))
            for n in range(1, 7)
        ]

    def read():
        while not written.is_set():
            page = page_of(series, since=OPEN, limit=size)
            assert len(page.bars) in (0, size)
            assert len({bar.close for bar in page.bars}) <= 1

    with AtOnce(3) as threads:
        reader = threads.start(read)
        writers = [threads.start(write, name) for name in (1, 2)]
        try:
            stored = [batch for writer in writers for batch in writer.result(60)]
        finally:
            written.set()
        reader.result(60)
    page = page_of(series, since=OPEN, limit=size + 1)
    assert len(page.bars) == selectors.count(series) == size
    assert {bar.revision for bar in page.bars} == {11}
    assert Correction.objects.count() == 11 * size
    # Neither counted the work of the other.
    assert sorted((batch.added, batch.corrected) for batch in stored) == [
        *[(0, size)] * 11,
        (size, 0),
    ]


@pytest.mark.django_db(transaction=True)
def test_two_who_name_the_same_new_source_agree_on_its_number():
    both = [given_series("BTC"), given_series("ETH")]
    with AtOnce(2) as threads:
        for done in [
            threads.start(record, series, candle(series, source="somebody new")) for series in both
        ]:
            done.result(30)
    assert [bar.source for series in both for bar in bars(series)] == ["somebody new"] * 2
