"""Sums of calls: added up by all, over an hour, by the hour."""

import pytest
import time_machine

from providers import calls

START = 1_763_712_000.0


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def test_nothing_is_claimed_of_who_was_never_asked(clock):
    assert calls.last_hour("kraken", "quotes") == calls.Tally()
    assert calls.last_hour("kraken", "quotes").success_rate is None


def test_calls_failures_and_latencies_are_summed(clock):
    for seconds in [0.008] * 10 + [0.3] * 9:
        calls.record("kraken", "quotes", is_ok=True, seconds=seconds)
    calls.record("kraken", "quotes", is_ok=False, seconds=9)
    hour = calls.last_hour("kraken", "quotes")
    assert (hour.calls, hour.failures, hour.success_rate) == (20, 1, 0.95)
    assert (hour.p50_ms, hour.p95_ms) == (10, 400)


def test_capabilities_and_providers_are_kept_apart(clock):
    calls.record("kraken", "quotes", is_ok=True, seconds=0.1)
    assert calls.last_hour("kraken", "candles").calls == 0
    assert calls.last_hour("binance", "quotes").calls == 0


def test_what_is_older_than_an_hour_is_forgotten_by_the_hour(clock):
    calls.record("kraken", "quotes", is_ok=True, seconds=0.1)
    clock.shift(3000)
    assert calls.last_hour("kraken", "quotes").calls == 1
    clock.shift(700)
    assert calls.last_hour("kraken", "quotes").calls == 0
    assert calls.in_hour("kraken", "quotes", int(START // 3600)).calls == 1
