"""Figures that cannot be right: refused or left out, one by one and by name."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from market.plausible import (
    KnownTotals,
    plausible_days,
    plausible_protocols,
    plausible_rank,
    plausible_totals,
    problem_of_days,
    problem_of_protocols,
    problem_of_totals,
)
from market.tests.figures import point, protocol, totals
from market.tests.quotes import NOW

CURRENT = timedelta(minutes=15)
NOTHING = KnownTotals()


def problem(found, known=NOTHING):
    return problem_of_totals(found, known, now=NOW, current=CURRENT)


def test_usual_totals_are_taken():
    assert problem(totals()) == ""


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (totals(age=-31), "future"),
        (totals(age=86400), "too old"),
        (totals("0"), "cannot be"),
        (totals("-5"), "cannot be"),
        (totals("1e16"), "cannot be"),
    ],
)
def test_totals_of_another_time_or_of_no_market_are_refused(found, why):
    assert why in problem(found)


@pytest.mark.parametrize("cap", ["25000000000000", "250000000000"])
def test_ten_times_the_last_total_is_refused_in_either_direction(cap):
    last = KnownTotals(total_market_cap=Decimal("2500000000000"), observed_at=NOW)
    assert "far from the last" in problem(totals(cap), last)


def test_a_total_from_long_ago_holds_nobody_to_it():
    last = KnownTotals(
        total_market_cap=Decimal("2500000000000"), observed_at=NOW - timedelta(days=2)
    )
    assert problem(totals("25000000000000"), last) == ""


def test_a_first_total_is_held_against_what_bitcoin_is_worth():
    known = KnownTotals(btc_market_cap=Decimal("1387500000000"))
    assert problem(totals(), known) == ""
    assert "Bitcoin" in problem(totals("25000000000000"), known)


def test_single_figures_that_cannot_be_are_left_out_and_the_rest_stays():
    found = plausible_totals(
        totals(
            total_volume_24h=Decimal(-1),
            btc_dominance=Decimal("120"),
            market_cap_change_24h=Decimal(-101),
            active_assets=10**12,
        )
    )
    assert found.total_market_cap == Decimal("2500000000000")
    assert found.eth_dominance == Decimal("12.25")
    left_out = (found.total_volume_24h, found.btc_dominance, found.market_cap_change_24h)
    assert (*left_out, found.active_assets) == (None, None, None, None)


def test_two_shares_of_more_than_the_whole_are_both_left_out():
    found = plausible_totals(totals(btc_dominance=Decimal(80), eth_dominance=Decimal(30)))
    assert (found.btc_dominance, found.eth_dominance) == (None, None)


def test_exchanges_ledgers_and_the_absurd_are_no_protocols():
    found = [
        protocol("small", "5"),
        protocol("exchange", "9000000000", category="CEX"),
        protocol("ledger", "9000000000", category="Chain"),
        protocol("below", "-1"),
        protocol("beyond", "1e16"),
        protocol("large", "7"),
    ]
    assert [one.slug for one in plausible_protocols(found, {})] == ["large", "small"]


def test_a_protocol_that_is_tenfold_since_an_hour_ago_is_left_out():
    known = {"lido": Decimal(10), "aave": Decimal(10)}
    found = [protocol("lido", "101"), protocol("aave", "99")]
    assert [one.slug for one in plausible_protocols(found, known)] == ["aave"]


def test_an_absurd_change_of_a_protocol_is_left_out_and_the_protocol_stays():
    (found,) = plausible_protocols([protocol(change_1d=Decimal("1e30"))], {})
    assert found.change_1d is None


def test_half_a_list_does_not_replace_a_whole_one():
    known = {str(n): Decimal(5) for n in range(10)}
    told = [protocol(str(n), "5") for n in range(10)]
    assert problem_of_protocols(told, known) == ""
    assert "half" in problem_of_protocols(told[:4], known)
    assert "no protocol" in problem_of_protocols([], {})


def test_a_list_that_is_off_as_a_whole_is_refused():
    known = {str(n): Decimal(5) for n in range(10)}
    assert "as a whole" in problem_of_protocols([protocol(str(n), "20") for n in range(10)], known)


def test_a_day_is_told_once_and_its_last_word_counts():
    late = replace(point(0, "7"), at=point().at + timedelta(hours=3))
    days = plausible_days([late, point(0, "5"), point(1, "6")], now=NOW)
    assert [str(one.tvl) for one in days.values()] == ["6", "7"]


def test_days_to_come_and_days_of_nothing_are_left_out():
    days = plausible_days([point(-1, "5"), point(0, "5"), point(1, "0")], now=NOW)
    assert [day.day for day in days] == [NOW.day]


def test_a_day_far_above_or_below_the_days_beside_it_is_left_out():
    tvls = ["100", "101", "900", "103", "2", "105"]
    found = [point(len(tvls) - place, tvl) for place, tvl in enumerate(tvls)]
    kept = [str(one.tvl) for one in plausible_days(found, now=NOW).values()]
    assert kept == ["100", "101", "103", "105"]


def test_the_newest_day_is_held_against_the_one_before_it():
    days = plausible_days([point(2, "100"), point(1, "101"), point(0, "1010")], now=NOW)
    assert len(days) == 2


def test_what_grew_from_nothing_is_no_spike():
    found = [point(3, "1"), point(2, "50"), point(1, "60"), point(0, "61")]
    assert len(plausible_days(found, now=NOW)) == 4


def test_days_that_are_off_as_a_whole_are_refused():
    told = plausible_days([point(n, "100") for n in range(5)], now=NOW)
    assert problem_of_days(told, {day: Decimal(99) for day in told}) == ""
    assert "as a whole" in problem_of_days(told, {day: Decimal(10) for day in told})
    assert "no day" in problem_of_days({}, {})


@pytest.mark.parametrize(("rank", "kept"), [(1, 1), (0, None), (10**12, None), (None, None)])
def test_a_rank_that_no_list_has_is_left_out(rank, kept):
    assert plausible_rank(rank) == kept
