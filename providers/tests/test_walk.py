"""Walking the pools: one provider whenever the caller goes on, in their order, each named."""

from dataclasses import replace

import pytest

from providers import breaker, budget, gateway, roster
from providers.exceptions import NoProviderLeft
from providers.registry import BY_SLUG
from providers.roster import Group, Member, Roster
from providers.types import Answered, CandleAsk, Failure

ASK = CandleAsk("BTC", "USDT", "1h", limit=3)


def member(slug, place, **changes):
    row = replace(BY_SLUG[slug], **changes)
    return Member(row=row, capability="candles", place=place, key="", is_on=True)


@pytest.fixture(autouse=True)
def _three_in_two_pools(monkeypatch):
    first = Group("first", "priority", (member("binance", 1), member("okx", 2)))
    second = Group("second", "priority", (member("gate", 1),))
    monkeypatch.setattr(roster, "current", lambda: Roster(1, {"candles": (first, second)}))


def asked(sim):
    """Return who was asked for candles, in order."""
    return list(dict.fromkeys(one.provider for one in sim.requests()))


def why(one):
    assert one.failure is not None
    return one.failure


def test_all_pools_are_walked_in_their_order(sim):
    answers = list(gateway.walk("candles", ASK))
    assert [one.source for one in answers] == ["binance", "okx", "gate"]
    assert all(one.failure is None and len(one.found) == 3 for one in answers)
    assert {candle.source for one in answers for candle in one.found} == {"binance", "okx", "gate"}


def test_nobody_is_asked_before_the_caller_goes_on(sim):
    walking = gateway.walk("candles", ASK)
    assert asked(sim) == []
    assert next(walking).source == "binance"
    assert asked(sim) == ["binance"]
    assert next(walking).source == "okx"
    assert asked(sim) == ["binance", "okx"]


def test_a_failure_is_told_and_the_walk_goes_on(sim):
    sim.fault("binance", "server_error")
    first, second, _ = gateway.walk("candles", ASK)
    assert first == Answered(
        "binance", None, Failure("binance", "unreachable", why(first).message)
    )
    assert "HTTP 500" in why(first).message
    assert (second.source, second.failure) == ("okx", None)


def test_who_has_no_budget_left_or_rests_is_named_and_not_asked(sim, monkeypatch):
    poor = Group("poor", "priority", (member("binance", 1, budget=0), member("okx", 2)))
    rest = Group("rest", "priority", (member("gate", 1), member("kucoin", 2)))
    monkeypatch.setattr(roster, "current", lambda: Roster(1, {"candles": (poor, rest)}))
    budget.pause("okx", seconds=60)
    breaker.failed("gate:candles", pause=60)
    *left_out, last = gateway.walk("candles", ASK)
    assert [(one.source, why(one).reason) for one in left_out] == [
        ("binance", "over_budget"),
        ("okx", "over_budget"),
        ("gate", "resting"),
    ]
    assert (last.source, last.failure) == ("kucoin", None)
    assert asked(sim) == ["kucoin"]


def test_the_first_answer_of_a_walk_is_what_is_fetched(sim):
    sim.fault("binance", "rate_limited")
    fetched = gateway.fetch_candles(ASK)
    assert {candle.source for candle in fetched} == {"okx"}
    assert asked(sim) == ["binance", "okx"]


def test_when_the_walk_ends_without_an_answer_every_reason_is_told(sim):
    for slug in ("binance", "okx", "gate"):
        sim.fault(slug, "server_error")
    with pytest.raises(NoProviderLeft, match="nobody answered for candles") as caught:
        gateway.fetch("candles", ASK)
    assert [one.source for one in caught.value.failures] == ["binance", "okx", "gate"]
    assert [why(one).source for one in gateway.walk("candles", ASK)] == [
        "binance",
        "okx",
        "gate",
    ]


def test_what_nobody_offers_is_a_walk_of_no_steps():
    assert list(gateway.walk("weather")) == []


def test_who_is_known_not_to_have_it_is_not_asked(sim):
    answers = gateway.walk("candles", ASK, without={"binance", "gate"})
    assert [one.source for one in answers] == ["okx"]
    assert asked(sim) == ["okx"]


def test_one_whose_word_is_needed_is_asked_alone(sim):
    assert [one.source for one in gateway.walk("candles", ASK, only="gate")] == ["gate"]
    assert asked(sim) == ["gate"]
