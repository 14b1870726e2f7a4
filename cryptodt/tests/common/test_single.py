"""One at a time: the second is told so, and a dead owner is forgotten."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache

from cryptodt.common import single as module
from cryptodt.common.single import is_taken, single

START = 1_793_923_200
only_here = pytest.mark.skipif(bool(settings.REDIS_URL), reason="Redis has a clock of its own")


def test_only_the_first_may_go_on():
    with single("job", seconds=60) as first, single("job", seconds=60) as second:
        assert (first, second) == (True, False)


def test_who_was_refused_does_not_free_the_lock():
    with single("job", seconds=60):
        with single("job", seconds=60):
            pass
        with single("job", seconds=60) as third:
            assert third is False


def test_the_lock_is_free_again_even_after_a_failure():
    with pytest.raises(ZeroDivisionError), single("job", seconds=60):
        raise ZeroDivisionError
    with single("job", seconds=60) as again:
        assert again is True


def test_two_jobs_do_not_stand_in_each_others_way():
    with single("one", seconds=60) as one, single("other", seconds=60) as other:
        assert one
        assert other


def test_a_lock_that_ran_out_and_went_to_another_is_not_freed():
    with single("job", seconds=60):
        cache.set("single:job", "somebody else", timeout=60)
    assert cache.get("single:job") == "somebody else"


def test_of_many_at_once_exactly_one_goes_on():
    barrier, done = threading.Barrier(8), threading.Barrier(8)

    def attempt(_):
        barrier.wait()
        with single("job", seconds=60) as is_mine:
            done.wait()
            return is_mine

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, range(8))) == [False] * 7 + [True]


def test_it_can_be_seen_whether_somebody_is_at_it():
    assert not is_taken("job")
    with single("job", seconds=60):
        assert is_taken("job")
        assert not is_taken("other")
    assert not is_taken("job")


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@only_here
def test_the_lock_of_one_that_died_is_free_after_its_lease_however_long_it_meant_to_work(
    clock, monkeypatch
):
    # Who is dead does not say that it lives.
    monkeypatch.setattr(module, "BEAT", 3600)
    with single("job", seconds=3600):
        clock.shift(module.LEASE - 1)
        assert is_taken("job")
        clock.shift(2)
        with single("job", seconds=3600) as again:
            assert again


@only_here
def test_who_lives_keeps_the_lock_beyond_the_lease(clock, monkeypatch):
    told = threading.Semaphore(0)
    touch = LocMemCache.touch

    def touch_and_tell(*args):
        told.release()
        return touch(*args)

    monkeypatch.setattr(LocMemCache, "touch", touch_and_tell)
    monkeypatch.setattr(module, "BEAT", 0.001)
    with single("job", seconds=3600):
        for _ in range(3):
            clock.shift(module.LEASE - 1)
            while told.acquire(blocking=False):
                pass
            # The first may have been on its way before; with the third the second is done.
            for _ in range(3):
                assert told.acquire(timeout=10)
        assert is_taken("job")


@only_here
def test_who_hangs_loses_the_lock_when_its_time_is_over(clock, monkeypatch):
    monkeypatch.setattr(module, "BEAT", 0.001)
    with single("job", seconds=20):
        clock.shift(21)
        with single("job", seconds=20) as again:
            assert again


def test_whoever_is_patient_gets_the_next_turn():
    order, is_held = [], threading.Event()

    def hold():
        with single("patient", seconds=60) as is_mine:
            assert is_mine
            is_held.set()
            is_asked.wait(5)
            order.append("first")

    is_asked = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(5)
    is_asked.set()
    with single("patient", seconds=60, patience=5) as is_mine:
        assert is_mine
        order.append("second")
    holder.join()
    assert order == ["first", "second"]


def test_patience_has_an_end():
    with single("impatient", seconds=60), single("impatient", seconds=60, patience=0.05) as mine:
        assert not mine


def test_the_owner_is_told_when_the_lock_is_somebody_elses(monkeypatch):
    monkeypatch.setattr(module, "BEAT", 0.05)
    lost = threading.Event()
    with single("job", seconds=float("inf"), on_lost=lost.set) as is_mine:
        assert is_mine
        assert not lost.wait(0.3)
        cache.set("single:job", "somebody else", timeout=60)
        assert lost.wait(20)
    assert cache.get("single:job") == "somebody else"
