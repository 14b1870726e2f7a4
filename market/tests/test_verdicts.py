"""What an answer proves about a gap that it leaves open."""

from datetime import timedelta

import pytest

from market.verdicts import Verdict, verdict, wait


@pytest.mark.parametrize(
    ("opened", "said"),
    [
        ([40, 100], Verdict.EMPTY),
        ([40, 60, 100], Verdict.EMPTY),
        ([100, 160], Verdict.LATER),
        ([0, 40], Verdict.UNPROVEN),
        ([], Verdict.UNPROVEN),
    ],
)
def test_only_candles_on_both_sides_prove_that_there_are_none_between(opened, said):
    assert verdict(opened, 60, 100) == said


def test_waiting_doubles_up_to_six_hours():
    waits = [wait(n, is_settled=False, is_answered=False) for n in range(1, 13)]
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits[-1] == timedelta(hours=6)
    assert wait(10**6, is_settled=False, is_answered=False) == timedelta(hours=6)


def test_what_is_proven_is_asked_for_daily_and_then_weekly():
    assert wait(1, is_settled=True, is_answered=True) == timedelta(days=1)
    assert wait(8, is_settled=True, is_answered=True) == timedelta(weeks=1)


def test_an_upstream_that_answers_and_proves_nothing_is_asked_daily_in_the_end():
    assert wait(8, is_settled=False, is_answered=True) < timedelta(days=1)
    assert wait(9, is_settled=False, is_answered=True) == timedelta(days=1)
