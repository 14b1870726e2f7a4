"""Five failures open, a rest that doubles, one probe, and success that closes."""

import subprocess
import sys
import time
import uuid

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from providers import breaker
from providers.tests.conftest import together

START = 1_763_712_345.0
needs_redis = pytest.mark.skipif(
    not django_settings.REDIS_URL, reason="processes share a cache through Redis only"
)


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def fail(times, slug="x"):
    for _ in range(times):
        breaker.failed(slug)


def rest(slug="x"):
    return breaker.read(slug).open_until - time.time()


def test_four_failures_change_nothing(clock):
    fail(4)
    assert breaker.read("x").state == "closed"
    assert breaker.allows("x")


def test_the_fifth_failure_opens_for_about_a_minute(clock):
    fail(5)
    assert breaker.read("x").state == "open"
    assert not breaker.allows("x")
    assert 54 <= rest() <= 60


def test_the_threshold_and_the_rest_are_settings(clock, settings):
    settings.CIRCUIT_BREAKER_THRESHOLD, settings.CIRCUIT_BREAKER_TIMEOUT = 2, 10
    fail(1)
    assert breaker.allows("x")
    fail(1)
    assert not breaker.allows("x")
    assert 9 <= rest() <= 10


def test_providers_do_not_share_a_breaker(clock):
    fail(5)
    assert breaker.allows("y")


def test_success_in_between_forgets_the_failures(clock):
    fail(4)
    breaker.succeeded("x")
    fail(4)
    assert breaker.allows("x")


def test_the_rest_doubles_up_to_a_cap_and_the_cap_is_kept(clock):
    fail(5)
    rests = [rest()]
    for _ in range(25):
        clock.shift(rest() + 0.001)
        assert breaker.allows("x")
        fail(1)
        rests.append(rest())
    for number, length in enumerate(rests):
        full = min(60 * 2**number, breaker.LONGEST_REST)
        assert 0.9 * full - 0.01 <= length <= full


def test_broken_providers_do_not_return_in_step(clock):
    slugs = ("coingecko", "binance", "kraken", "okx", "bybit")
    for slug in slugs:
        fail(5, slug)
    assert len({round(rest(slug), 3) for slug in slugs}) == len(slugs)


def test_a_rested_provider_gets_exactly_one_probe(clock):
    fail(5)
    clock.shift(61)
    assert breaker.read("x").state == "half_open"
    assert breaker.allows("x")
    assert not breaker.allows("x")


def test_eight_threads_get_one_probe():
    with time_machine.travel(START, tick=False) as clock:
        fail(5)
        clock.shift(61)
        assert sum(together(8, lambda _: breaker.allows("x"))) == 1


def test_a_probe_that_succeeds_closes_and_resets(clock):
    fail(5)
    clock.shift(61)
    assert breaker.allows("x")
    breaker.succeeded("x")
    assert breaker.read("x") == breaker.Breaker()
    assert [breaker.allows("x") for _ in range(3)] == [True] * 3
    fail(5)
    assert 54 <= rest() <= 60


def test_a_probe_that_fails_opens_again_at_once(clock):
    fail(5)
    clock.shift(61)
    assert breaker.allows("x")
    fail(1)
    assert not breaker.allows("x")
    assert 108 <= rest() <= 120


def test_a_probe_that_fails_opens_even_when_the_count_was_lost(clock):
    fail(5)
    clock.shift(61)
    cache.delete("breaker:x:failures")
    fail(1)
    assert breaker.read("x").state == "open"


def test_success_closes_even_when_the_count_was_lost(clock):
    fail(5)
    cache.delete("breaker:x:failures")
    breaker.succeeded("x")
    assert breaker.allows("x")


@pytest.mark.skipif(bool(django_settings.REDIS_URL), reason="Redis has a clock of its own")
def test_a_probe_that_died_frees_the_way_later(clock):
    fail(5)
    clock.shift(61)
    assert breaker.allows("x")
    clock.shift(breaker.PROBE - 1)
    assert not breaker.allows("x")
    clock.shift(2)
    assert breaker.allows("x")


def test_the_probe_of_one_rest_does_not_stand_in_the_way_of_the_next(clock, settings):
    settings.CIRCUIT_BREAKER_TIMEOUT = 2
    for _ in range(3):
        fail(5)
        clock.shift(2)
        assert breaker.allows("x")
        breaker.succeeded("x")


def test_an_upstream_that_asks_for_a_pause_gets_it_at_once(clock):
    breaker.failed("x", pause=1000)
    assert rest() == pytest.approx(1000)


def test_a_short_pause_does_not_shorten_the_rest(clock):
    breaker.failed("x", pause=1)
    assert rest() >= 54


def test_late_failures_do_not_lengthen_a_rest_but_the_upstream_may(clock):
    fail(5)
    before = breaker.read("x")
    fail(5)
    assert breaker.read("x") == before
    breaker.failed("x", pause=500)
    assert rest() == pytest.approx(500)
    assert breaker.read("x").openings == 1


@pytest.mark.parametrize("attempt", range(5))
def test_failures_at_the_same_moment_are_all_counted(attempt):
    together(5, lambda _: breaker.failed("x"))
    assert breaker.read("x").state == "open"
    assert breaker.read("x").openings == 1
    assert cache.get("breaker:x:failures") == 5


def test_a_failure_read_before_another_was_written_is_not_lost(monkeypatch):
    """Hold two failures between reading and writing: both must count."""
    fail(3)
    original, arrived = cache.get, []

    def slow(key, *args, **kwargs):
        found = original(key, *args, **kwargs)
        arrived.append(key)
        end = time.monotonic() + 0.3
        while len(arrived) < 2 and time.monotonic() < end:
            time.sleep(0.005)
        return found

    with monkeypatch.context() as patch:
        patch.setattr("django.core.cache.cache.get", slow, raising=False)
        together(2, lambda _: breaker.failed("x"))
    assert breaker.read("x").state == "open"


@given(st.lists(st.sampled_from(["fail", "pause", "succeed", "wait", "ask"]), max_size=40))
def test_whatever_happens_a_provider_is_asked_again_in_time(events):
    slug = str(uuid.uuid4())
    with time_machine.travel(START, tick=False) as clock:
        for event in events:
            if event == "fail":
                breaker.failed(slug)
            elif event == "pause":
                breaker.failed(slug, pause=200)
            elif event == "succeed":
                breaker.succeeded(slug)
                assert breaker.allows(slug)
            elif event == "wait":
                clock.shift(37)
            else:
                breaker.allows(slug)
        assert rest(slug) <= breaker.LONGEST_REST
        clock.shift(breaker.LONGEST_REST + breaker.PROBE + 1)
        assert django_settings.REDIS_URL or breaker.allows(slug)


@needs_redis
def test_processes_share_one_probe():
    with time_machine.travel(time.time() - 120, tick=False):
        fail(5)
    assert breaker.read("x").state == "half_open"
    # The environment carries the prefix of this run's cache.
    code = (
        "import django; django.setup(); from providers import breaker; print(breaker.allows('x'))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert sorted(answers) == ["False", "False", "False", "True"]
