"""How a provider does, in the words that the page and the API show."""

import dataclasses
import time

import pytest
import time_machine
from django.core.cache import cache

from providers import breaker, services
from providers.exceptions import RateLimited, Unreachable
from providers.registry import ROWS
from providers.selectors import RECENT, circuit_breakers, provider_states, provider_table

pytestmark = pytest.mark.django_db

START = 1_763_712_345.5


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def state():
    return next(state for state in provider_states() if state.slug == "kraken")


def test_every_provider_that_is_asked_for_prices_has_a_state():
    asked = {row.slug for row in ROWS if row.is_default and "quotes" in row.offers}
    assert {state.slug for state in provider_states()} == asked


def test_nothing_is_claimed_of_a_provider_that_was_never_asked():
    assert dataclasses.astuple(state()) == ("kraken", "Kraken", "unknown", None, None, None)


def test_a_provider_that_answered_is_online(clock):
    services.record_success("kraken", "quotes", [], seconds=0.1234)
    assert dataclasses.astuple(state()) == (
        "kraken", "Kraken", "online", 123, "2025-11-21T08:05:45.500Z", None,
    )  # fmt: skip


def test_an_old_answer_says_nothing_about_now(clock):
    services.record_success("kraken", "quotes", [], seconds=0.1)
    clock.shift(RECENT - 1)
    assert state().status == "online"
    clock.shift(1)
    assert state().status == "unknown"


def test_a_first_failure_after_answers_is_degraded(clock):
    services.record_success("kraken", "quotes", [], seconds=0.1)
    clock.shift(5)
    services.record_failure("kraken", "quotes", Unreachable("did not answer in time"), seconds=1)
    assert (state().status, state().error) == ("degraded", "did not answer in time")
    assert state().latency_ms is None
    assert state().last_check == "2025-11-21T08:05:50.500Z"


def test_a_provider_that_never_answered_is_offline(clock):
    services.record_failure("kraken", "quotes", Unreachable("did not answer in time"), seconds=1)
    assert state().status == "offline"


def test_a_failure_long_after_the_last_answer_is_offline(clock):
    services.record_success("kraken", "quotes", [], seconds=0.1)
    clock.shift(RECENT)
    services.record_failure("kraken", "quotes", Unreachable("did not answer in time"), seconds=1)
    assert state().status == "offline"


def test_a_provider_that_rests_is_offline(clock):
    services.record_success("kraken", "quotes", [], seconds=0.1)
    services.record_failure("kraken", "quotes", RateLimited("HTTP 429"), seconds=1)
    assert breaker.read("kraken:quotes").state == "open"
    assert state().status == "offline"


@pytest.mark.parametrize("read", [provider_table, circuit_breakers, provider_states])
def test_so_many_providers_are_few_trips_to_the_cache(monkeypatch, read):
    trips: list[str] = []
    read()

    def counted(name, work):
        def trip(*args, **options):
            # In a process's own cache, many are one after the other.
            if not trips or trips[-1] != "get_many goes on":
                trips.append(name)
            if name == "get_many":
                trips.append("get_many goes on")
            try:
                return work(*args, **options)
            finally:
                if name == "get_many":
                    trips.pop()

        return trip

    for name in ("get", "get_many"):
        monkeypatch.setattr(cache, name, counted(name, getattr(cache, name)), raising=False)
    assert len(read()) > 5
    # The roster's version first.
    assert trips == ["get", "get_many", "get_many"]


def test_states_are_read_without_asking_anybody(monkeypatch):
    monkeypatch.setattr("providers.http.get", lambda *_, **__: pytest.fail("asked"))
    started = time.monotonic()
    provider_states()
    assert time.monotonic() - started < 1
