"""One question to one provider: its addresses, its pauses, and what is written down."""

import time
from dataclasses import replace

import pytest

from providers import asking, breaker, budget, calls, http
from providers.exceptions import (
    BadPayload,
    NotOffered,
    OverBudget,
    RateLimited,
    Resting,
    Unreachable,
)
from providers.registry import BY_SLUG
from providers.roster import Member
from providers.selectors import observed_of
from providers.tests.conftest import BTC
from providers.types import Answer


def member(slug="binance", **changes):
    row = replace(BY_SLUG[slug], **changes)
    return Member(row=row, capability="quotes", place=1, key="", is_on=True)


def quotes(one):
    return asking.ask(one, lambda tap: one.row.adapter.quotes([BTC], tap))


@pytest.fixture
def mirrored(settings):
    """No operator's address stands in the way of a provider's own ones."""
    settings.PROVIDERS_BASE_URL = ""
    settings.PROVIDER_URLS = {}
    settings.SIMULATED = False


def text(one, path="/x"):
    return asking.ask(one, lambda tap: tap.get(path).text)


def test_a_mirror_answers_when_the_first_address_does_not(mirrored, monkeypatch):
    asked = []

    def get(url, **_):
        asked.append(url)
        if "one.example" in url:
            raise Unreachable("did not answer in time")
        return Answer("good", {})

    monkeypatch.setattr(http, "get", get)
    one = member(origin="https://one.example", mirrors=("https://two.example",))
    assert text(one) == "good"
    assert text(one) == "good"
    # The one that failed is tried last for a while, so the second question goes straight on.
    assert asked == ["https://one.example/x", "https://two.example/x", "https://two.example/x"]


def test_a_whole_address_follows_the_mirrors_of_its_own_host_only(mirrored):
    row = member(origin="https://one.example").row
    assert asking.placed("/a", row, "https://two.example") == "https://two.example/a"
    assert (
        asking.placed("https://one.example/a?b=1", row, "https://two.example")
        == "https://two.example/a?b=1"
    )
    assert (
        asking.placed("https://else.example/a", row, "https://two.example")
        == "https://else.example/a"
    )


def test_an_operators_address_takes_every_question(settings):
    settings.PROVIDER_URLS = {"binance": "http://127.0.0.1:1"}
    row = member().row
    assert (
        asking.placed("https://else.example/a?b=1", row, row.addresses[0])
        == "http://127.0.0.1:1/a?b=1"
    )


def test_a_refusal_for_asking_too_often_holds_for_everything_it_is_asked(sim):
    sim.fault("binance", "rate_limited", retry_after=90)
    with pytest.raises(RateLimited):
        quotes(member())
    assert budget.paused_until("binance") - time.time() > 85
    candles = replace(member(), capability="candles")
    with pytest.raises(OverBudget, match="as it wished"):
        text(candles)
    assert len(sim.requests("binance")) == 1


def test_used_weight_near_the_limit_stops_us_for_the_minute(sim, monkeypatch):
    monkeypatch.setattr("providers.signals.BINANCE_WEIGHT", 20)
    # The listing alone weighs 20, so the tickers are not asked for any more.
    with pytest.raises(OverBudget):
        quotes(member())
    assert budget.paused_until("binance") > time.time()
    assert len(sim.requests("binance")) == 1


def test_an_open_breaker_asks_nothing_and_counts_nothing(sim):
    breaker.failed("binance:quotes", pause=60)
    with pytest.raises(Resting):
        quotes(member())
    assert sim.requests("binance") == []


def test_an_empty_answer_is_a_bad_one():
    with pytest.raises(BadPayload, match="nothing in it"):
        asking.ask(member(), lambda tap: [])
    assert observed_of("binance", "quotes").reason == "bad_payload"


def test_what_was_known_already_is_no_call_and_took_no_time(sim):
    quotes(member())
    took = observed_of("binance", "quotes").latency
    assert took is not None
    assert asking.ask(member(), lambda tap: [BTC]) == [BTC]
    assert observed_of("binance", "quotes").latency == took
    with pytest.raises(NotOffered):
        asking.ask(member(), _never_offered)
    assert calls.last_hour("binance", "quotes").calls == 1
    # A failure has none, and what nobody was called for brings none, either.
    asking.ask(member(), lambda tap: [BTC])
    assert observed_of("binance", "quotes").latency is None


def _never_offered(tap):
    raise NotOffered("has no such pair")


def test_the_newest_datum_is_written_down(sim):
    quotes(member())
    seen = observed_of("binance", "quotes")
    assert abs((seen.newest_at or 0) - time.time()) < 5


def test_a_flood_of_other_questions_leaves_room_for_prices(sim):
    """A first fill asks for a hundred series of candles; prices still come at every round."""
    prices = member(budget=30, every=5)
    others = replace(prices, capability="candles")
    for _ in range(17):
        asking.ask(others, lambda tap: tap.get("/api/v3/time").text)
    with pytest.raises(OverBudget):
        asking.ask(others, lambda tap: tap.get("/api/v3/time").text)
    assert observed_of("binance", "candles").failure == ""
    assert len([quotes(prices) for _ in range(12)]) == 12
