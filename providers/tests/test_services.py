"""What is written down of each provider, and what each kind of failure costs it."""

import logging
import time

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured

from providers import breaker, services
from providers.exceptions import (
    BadPayload,
    Blocked,
    NotOffered,
    OverBudget,
    RateLimited,
    Unreachable,
)
from providers.models import StoreOrigin
from providers.selectors import observed_of


def rest(slug="kraken"):
    return breaker.read(slug).open_until - time.time()


@pytest.mark.django_db
def test_an_empty_database_is_claimed_by_the_first_market(settings):
    settings.MARKET = "simulated"
    services.claim_store()
    services.claim_store()
    assert [str(origin) for origin in StoreOrigin.objects.all()] == ["simulated"]


@pytest.mark.django_db
@pytest.mark.parametrize(("holder", "comer"), [("live", "simulated"), ("simulated", "live")])
def test_a_database_of_the_other_market_is_refused(settings, holder, comer):
    settings.MARKET = holder
    services.claim_store()
    settings.MARKET = comer
    with pytest.raises(ImproperlyConfigured, match=f"holds a {holder} market"):
        services.claim_store()


def test_success_is_written_down_with_its_latency():
    services.record_success("kraken", latency=0.25)
    seen = observed_of("kraken")
    assert (seen.latency, seen.failure) == (0.25, "")
    assert seen.answered_at == seen.checked_at == pytest.approx(time.time(), abs=2)


def test_failure_keeps_the_time_of_the_last_answer():
    services.record_success("kraken", latency=0.25)
    answered_at = observed_of("kraken").answered_at
    assert answered_at is not None
    services.record_failure("kraken", Unreachable("did not answer in time"))
    seen = observed_of("kraken")
    assert seen.failure == "did not answer in time"
    assert (seen.answered_at, seen.latency) == (answered_at, None)
    assert (seen.checked_at or 0) >= answered_at


def test_success_takes_the_failure_away(caplog):
    caplog.set_level(logging.INFO)
    services.record_failure("kraken", Unreachable("broke the connection"))
    services.record_success("kraken", latency=0.1)
    assert observed_of("kraken").failure == ""
    assert "kraken answers again" in caplog.text


def test_the_same_failure_is_logged_once(caplog):
    for _ in range(3):
        services.record_failure("kraken", Unreachable("broke the connection"))
    assert caplog.text.count("kraken is left out: broke the connection") == 1


@pytest.mark.parametrize("error", [Unreachable("x"), BadPayload("x")])
def test_five_plain_failures_open_the_breaker(error):
    for _ in range(4):
        services.record_failure("kraken", error)
    assert breaker.allows("kraken")
    services.record_failure("kraken", error)
    assert not breaker.allows("kraken")


@pytest.mark.parametrize("error", [NotOffered("x"), OverBudget("x")])
def test_what_is_no_fault_of_a_provider_does_not_count(error):
    for _ in range(20):
        services.record_failure("kraken", error)
    assert breaker.allows("kraken")
    assert cache.get("breaker:kraken:failures") is None


@pytest.mark.parametrize(
    ("error", "least", "most"),
    [
        (RateLimited("x", retry_after=119), 118, 119),
        (RateLimited("x"), 54, 60),
        (RateLimited("x", retry_after=5), 54, 60),
        (Blocked("x"), 299, 300),
        (Unreachable("x", retry_after=200), 199, 200),
    ],
)
def test_one_refusal_is_enough_when_the_upstream_means_it(error, least, most):
    services.record_failure("kraken", error)
    assert least <= rest() <= most


def test_a_note_does_not_count_against_the_breaker():
    for _ in range(20):
        services.note_failure("kraken", "its prices stand still")
    assert breaker.allows("kraken")
    assert observed_of("kraken").failure == "its prices stand still"
