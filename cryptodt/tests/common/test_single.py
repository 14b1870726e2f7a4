"""One at a time: the second is told so, and a dead owner is forgotten."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache

from cryptodt.common.single import is_taken, single


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
