"""In which order the members of a pool are asked. Pure but for the counters it is given."""

import random
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar


class Ranked(Protocol):
    """What a strategy looks at."""

    @property
    def place(self) -> int: ...
    @property
    def health(self) -> float: ...
    @property
    def used(self) -> int: ...


Member = TypeVar("Member", bound=Ranked)
# A member in bad health is asked now and then all the same, or nobody would see it recover.
LEAST_WEIGHT = 0.05


def in_order(strategy: str, members: Sequence[Member], turn: Callable[[], int]) -> list[Member]:
    """Return the members as they should be asked, all of them, the first choice first."""
    by_place = sorted(members, key=lambda member: member.place)
    if strategy == "round_robin" and by_place:
        start = turn() % len(by_place)
        return by_place[start:] + by_place[:start]
    if strategy == "weighted":
        return _drawn_by_health(by_place)
    if strategy == "least_used":
        return sorted(by_place, key=lambda member: member.used)
    return by_place


def _drawn_by_health(members: list[Member]) -> list[Member]:
    """Draw without putting back: the healthier, the likelier to come first."""
    drawn = [
        (random.random() ** (1 / max(member.health, LEAST_WEIGHT)), member)  # noqa: S311
        for member in members
    ]
    drawn.sort(key=lambda pair: pair[0], reverse=True)
    return [member for _, member in drawn]
