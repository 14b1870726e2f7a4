"""Never more calls in a minute than were promised, however many ask at once."""

import pytest
import time_machine

from providers import budget
from providers.tests.conftest import together

START = 1_763_712_345.0


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def test_the_budget_is_spent_and_then_refused(clock):
    assert [budget.take("x", per_minute=3) for _ in range(5)] == [True] * 3 + [False] * 2


def test_what_is_reserved_stays_for_others(clock):
    taken = [budget.take("x", per_minute=10, reserved=4) for _ in range(20)]
    assert taken.count(True) == 6
    assert [budget.take("x", per_minute=10) for _ in range(5)] == [True] * 4 + [False]


def test_providers_do_not_share_a_budget(clock):
    budget.take("x", per_minute=1)
    assert budget.take("y", per_minute=1)


def test_the_next_minute_has_a_budget_of_its_own(clock):
    budget.take("x", per_minute=1)
    assert not budget.take("x", per_minute=1)
    clock.shift(60)
    assert budget.take("x", per_minute=1)


def test_a_refused_call_does_not_cost_the_next_minute_anything(clock):
    for _ in range(50):
        budget.take("x", per_minute=1)
    clock.shift(60)
    assert budget.take("x", per_minute=1)


@pytest.mark.parametrize("promised", [1, 7, 40])
def test_sixteen_threads_never_take_more_than_the_budget(clock, promised):
    taken = together(16, lambda _: [budget.take("x", per_minute=promised) for _ in range(10)])
    assert sum(sum(one) for one in taken) == promised
