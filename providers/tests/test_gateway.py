"""The tap over the simulator: who is late or wrong is left out and named, the others stay right."""

import time
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.cache import cache

from providers import breaker, gateway, roster
from providers.exceptions import RateLimited
from providers.registry import BY_SLUG
from providers.roster import Group, Member, Roster
from providers.selectors import provider_states
from providers.tests.conftest import BTC, DOGE, ETH, quiet

ASKED = (BTC, ETH, DOGE)
SLUGS = {"coingecko", "binance", "kraken"}


def three(strategy="all_at_once", keys=(), **changes):
    """Return a roster of three providers, with some fields of their rows changed."""
    members = tuple(
        Member(
            row=replace(BY_SLUG[slug], **changes.get(slug, {})),
            capability="quotes",
            place=place,
            key=dict(keys).get(slug, ""),
            is_on=True,
        )
        for place, slug in enumerate(("coingecko", "binance", "kraken"))
    )
    return Roster(1, {"quotes": (Group("quotes", strategy, members),)})


@pytest.fixture
def rows(monkeypatch):
    """Change fields of rows: rows(binance={"budget": 2})."""

    def change(**changes):
        monkeypatch.setattr(roster, "current", lambda: three(**changes))

    return change


@pytest.fixture(autouse=True)
def _three_providers(rows):
    rows()


@pytest.fixture
def eager(sim, rows):
    """The simulator, with CoinGecko asked in every round."""
    rows(coingecko={"every": 0, "budget": 1000})
    return sim


@pytest.fixture
def patient(monkeypatch, settings):
    """Wait for everybody: a busy machine is no reason to find somebody late."""
    monkeypatch.setattr(gateway, "PATIENCE", 30)
    settings.PROVIDER_DEADLINE = 30


def sources(asked):
    return {quote.source for quote in asked.quotes}


def failures(asked):
    return {failure.source: failure for failure in asked.failures}


def prices(asked, source):
    return {quote.symbol: quote.price for quote in asked.quotes if quote.source == source}


def right(sim, asked, source):
    """Say whether a provider's prices are those of the simulated market."""
    found = prices(asked, source)
    return found.keys() == {"BTC", "ETH", "DOGE"} and all(
        abs(price / Decimal(str(sim.market.price(symbol, sim.clock()))) - 1) < Decimal("0.01")
        for symbol, price in found.items()
    )


def test_all_answer_and_all_are_heard(sim):
    asked = gateway.fetch_quotes(ASKED)
    assert asked.failures == ()
    assert sources(asked) == SLUGS
    assert all(right(sim, asked, slug) for slug in SLUGS)
    assert {state.status for state in provider_states()} == {"online"}


def test_a_provider_that_hangs_holds_nobody_up(sim, settings):
    gateway.fetch_quotes(ASKED)
    settings.PROVIDER_DEADLINE = 0.5
    sim.fault("binance", "hang")
    sim.forget_requests()
    started = time.monotonic()
    asked = gateway.fetch_quotes(ASKED)
    assert 0.4 < time.monotonic() - started < 1.0
    assert failures(asked)["binance"].reason == "late"
    assert right(sim, asked, "kraken")


def test_a_provider_that_is_still_busy_is_named_and_not_asked_twice(sim, settings):
    # Everybody's listing is known first, so that only who hangs is late.
    settings.PROVIDER_DEADLINE = 30
    gateway.fetch_quotes(ASKED)
    asked_before = len(sim.requests("binance"))
    settings.PROVIDER_DEADLINE = 1
    sim.fault("binance", "hang")
    for _ in range(3):
        asked = gateway.fetch_quotes(ASKED)
        assert failures(asked)["binance"].message == "did not answer by the deadline"
        assert "kraken" in sources(asked)
    assert len(sim.requests("binance")) == asked_before + 1


def test_a_busy_provider_does_not_make_the_others_wait(sim, settings):
    settings.PROVIDER_DEADLINE = 0.5
    sim.fault("binance", "hang")
    gateway.fetch_quotes(ASKED)
    started = time.monotonic()
    gateway.fetch_quotes(ASKED)
    assert time.monotonic() - started < 0.4


def test_a_late_answer_serves_the_next_round(sim, settings):
    gateway.fetch_quotes(ASKED)
    cache.delete("provider:binance:quotes")
    settings.PROVIDER_DEADLINE = 0.2
    sim.fault("binance", "slow_body", bytes_per_second=500)
    assert "binance" not in sources(gateway.fetch_quotes(ASKED))
    quiet()
    settings.PROVIDER_DEADLINE = 4
    # It rests now, so what is heard of it can only be the answer that came too late.
    breaker.failed("binance:quotes", pause=60)
    asked = gateway.fetch_quotes(ASKED)
    assert right(sim, asked, "binance")
    assert [failure for failure in asked.failures if failure.source == "binance"] == []


FAULTS = {
    "rate_limited": {"": "HTTP 429"},
    "banned": {"coingecko": "HTTP 403", "binance": "HTTP 418", "kraken": "refused"},
    "geo_blocked": {"": "HTTP 451"},
    "forbidden": {"": "HTTP 403"},
    "server_error": {"": "HTTP 500"},
    "html": {"": "answered with a web page"},
    "error_body": {"coingecko": "Rate Limit", "": "refused"},
    "missing_fields": {"coingecko": "no current_price", "": "answer"},
    "nulls": {"": "answered with nothing in it"},
    "empty": {"": "answered with nothing in it"},
    "reset": {"": "broke the connection"},
    "truncated": {"": "answered with something that is not JSON"},
    "huge": {"": "more than 33554432 bytes"},
}


@pytest.mark.parametrize("slug", sorted(SLUGS))
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.usefixtures("patient")
def test_one_broken_provider_is_named_and_the_others_stay_right(eager, kind, slug, caplog):
    gateway.fetch_quotes(ASKED)
    cache.delete(f"provider:{slug}:quotes")
    eager.fault(slug, kind, **({"megabytes": 40} if kind == "huge" else {}))
    asked = gateway.fetch_quotes(ASKED)
    assert set(failures(asked)) == {slug}
    words = FAULTS[kind].get(slug) or FAULTS[kind][""]
    assert words in failures(asked)[slug].message
    assert sources(asked) == SLUGS - {slug}
    assert all(right(eager, asked, other) for other in SLUGS - {slug})
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("slug", sorted(SLUGS))
@pytest.mark.parametrize("kind", ["numbers_as_strings", "strings_as_numbers"])
@pytest.mark.usefixtures("patient")
def test_numbers_in_another_dress_are_the_same_numbers(eager, kind, slug):
    eager.fault(slug, kind)
    asked = gateway.fetch_quotes(ASKED)
    assert asked.failures == ()
    assert right(eager, asked, slug)


def test_a_broken_listing_is_named(sim):
    for kind in ("empty", "missing_fields", "nulls"):
        sim.fault("binance", kind)
        asked = gateway.fetch_quotes(ASKED)
        assert "binance" in failures(asked)
        assert "binance" not in sources(asked)


def test_a_failing_provider_is_still_believed_about_the_last_minutes(sim):
    before = prices(gateway.fetch_quotes(ASKED), "kraken")
    sim.fault("kraken", "server_error")
    asked = gateway.fetch_quotes(ASKED)
    assert prices(asked, "kraken") == before
    assert "HTTP 500" in failures(asked)["kraken"].message


def test_a_frozen_feed_is_recognized_left_out_and_believed_again(sim, rows):
    rows(kraken={"frozen_after": 0.3})
    gateway.fetch_quotes(ASKED)
    sim.fault("kraken", "frozen")
    gateway.fetch_quotes(ASKED)
    time.sleep(0.4)
    asked = gateway.fetch_quotes(ASKED)
    assert failures(asked)["kraken"].reason == "frozen"
    assert failures(asked)["kraken"].message == "its prices stand still"
    assert sources(asked) == {"coingecko", "binance"}
    sim.heal("kraken")
    time.sleep(1.1)
    asked = gateway.fetch_quotes(ASKED)
    assert "kraken" not in failures(asked)
    assert right(sim, asked, "kraken")


def test_a_provider_that_fails_on_is_left_alone_and_comes_back(sim, settings):
    settings.CIRCUIT_BREAKER_TIMEOUT = 1
    gateway.fetch_quotes(ASKED)
    sim.fault("binance", "server_error")
    for _ in range(7):
        gateway.fetch_quotes(ASKED)
    assert len([one for one in sim.requests("binance") if one.fault]) == 5
    sim.heal()
    assert "binance" in failures(gateway.fetch_quotes(ASKED))
    time.sleep(1.05)
    asked = gateway.fetch_quotes(ASKED)
    assert asked.failures == ()
    assert breaker.read("binance:quotes") == breaker.Breaker()


def test_a_rate_limit_is_obeyed_at_once(sim):
    sim.fault("kraken", "rate_limited", retry_after=120)
    for _ in range(3):
        gateway.fetch_quotes(ASKED)
    assert len(sim.requests("kraken")) == 1
    assert breaker.read("kraken:quotes").open_until - time.time() > 115


def test_coingecko_is_asked_at_most_once_in_its_period(sim, rows, patient):
    rows(coingecko={"every": 2})
    started = time.monotonic()
    while time.monotonic() - started < 1.0:
        asked = gateway.fetch_quotes(ASKED)
        assert "coingecko" in sources(asked)
    assert len(sim.requests("coingecko")) == 1
    time.sleep(1.1)
    gateway.fetch_quotes(ASKED)
    assert len(sim.requests("coingecko")) == 2
    assert BY_SLUG["coingecko"].every == 30


def test_coingecko_is_not_asked_more_often_for_failing(sim):
    sim.fault("coingecko", "server_error")
    for _ in range(4):
        asked = gateway.fetch_quotes(ASKED)
        assert "HTTP 500" in failures(asked)["coingecko"].message
    assert len(sim.requests("coingecko")) == 1


def test_no_provider_is_asked_beyond_its_budget(sim, rows):
    rows(binance={"budget": 4}, kraken={"budget": 3})
    for _ in range(8):
        asked = gateway.fetch_quotes(ASKED)
    # A minute may end in between, and begin another budget.
    assert 4 <= len(sim.requests("binance")) <= 8
    assert 3 <= len(sim.requests("kraken")) <= 6
    assert "budget" in failures(asked)["kraken"].message
    assert breaker.read("kraken:quotes") == breaker.Breaker()


class Broken:
    """An adapter with a mistake in it."""

    def quotes(self, instruments, tap):
        raise ZeroDivisionError("our own mistake")


def test_an_adapter_with_a_mistake_does_not_stop_the_others(sim, rows, caplog):
    rows(binance={"adapter": Broken()})
    asked = gateway.fetch_quotes(ASKED)
    assert failures(asked)["binance"].message == "could not be read (ZeroDivisionError)"
    assert sources(asked) == {"coingecko", "kraken"}
    assert "our own mistake" in caplog.text


class Keyed:
    """An adapter that remembers which key it was given."""

    def __init__(self):
        self.keys = []

    def quotes(self, instruments, tap):
        self.keys.append(tap.key)
        raise RateLimited(f"key {tap.key!r}", retry_after=5)


def test_an_adapter_gets_the_key_of_its_own_provider_and_tells_nobody(sim, monkeypatch):
    keyed, other = Keyed(), Keyed()
    changes = {"coingecko": {"adapter": keyed}, "kraken": {"adapter": other}}
    keys = {"coingecko": "CG-secret"}
    monkeypatch.setattr(roster, "current", lambda: three(keys=keys, **changes))
    asked = failures(gateway.fetch_quotes(ASKED))
    assert (keyed.keys, other.keys) == (["CG-secret"], [""])
    assert asked["coingecko"].message == "key '...'"


def test_a_round_without_anybody_is_a_round_of_failures(sim, settings):
    settings.PROVIDERS_BASE_URL = "http://127.0.0.1:9"
    asked = gateway.fetch_quotes(ASKED)
    assert asked.quotes == ()
    assert set(failures(asked)) == SLUGS
    assert all("nothing listens" in one.message for one in asked.failures)
