"""A shelf holds what is asked for, and never more than its size."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from market.shelf import Shelf


def test_what_nobody_asks_for_goes_first():
    shelf: Shelf[str, int] = Shelf(most=2)
    shelf.put("a", 1, size=1)
    shelf.put("b", 2, size=1)
    assert shelf.get("a") == 1
    shelf.put("c", 3, size=1)
    assert [shelf.get(key) for key in "abc"] == [1, None, 3]


def test_what_is_put_again_takes_its_place_once():
    shelf: Shelf[str, int] = Shelf(most=2)
    for number in range(10):
        shelf.put("a", number, size=1)
    shelf.put("b", 1, size=1)
    assert (shelf.get("a"), shelf.get("b")) == (9, 1)


def test_what_is_too_large_is_not_kept():
    shelf: Shelf[str, int] = Shelf(most=2)
    shelf.put("a", 1, size=3)
    assert shelf.get("a") is None
    shelf.put("b", 2, size=2)
    assert shelf.get("b") == 2


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), max_size=50))
def test_all_that_is_held_fits(puts):
    shelf: Shelf[int, int] = Shelf(most=10)
    for key, size in puts:
        shelf.put(key, size, size=size)
        assert sum(shelf.get(key) or 0 for key in range(6)) <= 10
        assert size > 10 or shelf.get(key) == size


def test_threads_may_use_it_at_once():
    shelf: Shelf[int, int] = Shelf(most=3)

    def use():
        for number in range(2000):
            shelf.put(number % 7, number, size=1)
            shelf.get(number % 5)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(shelf.get(key) is not None for key in range(7)) == 3
