"""Who is asked first."""

from collections import Counter
from dataclasses import dataclass
from itertools import count

import pytest

from providers.strategy import in_order


@dataclass(frozen=True)
class Member:
    name: str
    place: int
    health: float = 1.0
    used: int = 0


A, B, C = Member("a", 30), Member("b", 10), Member("c", 20)


def names(strategy, members=(A, B, C), turn=0):
    return "".join(member.name for member in in_order(strategy, members, lambda: turn))


@pytest.mark.parametrize("strategy", ["priority", "all_at_once"])
def test_priority_follows_the_places(strategy):
    assert names(strategy) == "bca"


def test_round_robin_begins_with_another_each_time():
    turns = count()
    first = [in_order("round_robin", (A, B, C), lambda: next(turns))[0].name for _ in range(6)]
    assert "".join(first) == "bcabca"


def test_the_least_used_goes_first():
    busy = (Member("a", 1, used=9), Member("b", 2, used=0), Member("c", 3, used=4))
    assert names("least_used", busy) == "bca"


def test_the_healthier_is_drawn_first_more_often_and_the_sick_one_now_and_then():
    members = (Member("well", 1, health=1.0), Member("sick", 2, health=0.1))
    first = Counter(in_order("weighted", members, lambda: 0)[0].name for _ in range(2000))
    assert 0.8 < first["well"] / 2000 < 0.99
    assert first["sick"] > 20


@pytest.mark.parametrize(
    "strategy", ["priority", "round_robin", "weighted", "least_used", "all_at_once"]
)
def test_nobody_is_left_out_and_nobody_is_asked_twice(strategy):
    assert sorted(names(strategy, turn=7)) == ["a", "b", "c"]
    assert in_order(strategy, (), lambda: 0) == []
