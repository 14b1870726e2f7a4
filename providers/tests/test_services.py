"""What is written down of each provider, and what each kind of failure costs it."""

import logging
import time
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from providers import breaker, roster, services
from providers.exceptions import (
    BadPayload,
    Blocked,
    NotOffered,
    OverBudget,
    RateLimited,
    Unreachable,
)
from providers.models import Provider, ProviderHour, StoreOrigin
from providers.selectors import observed_of


def rest(slug="kraken"):
    return breaker.read(f"{slug}:quotes").open_until - time.time()


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
    services.record_success("kraken", "quotes", [], seconds=0.25)
    seen = observed_of("kraken", "quotes")
    assert (seen.latency, seen.failure) == (0.25, "")
    assert seen.answered_at == seen.checked_at == pytest.approx(time.time(), abs=2)


def test_failure_keeps_the_time_of_the_last_answer():
    services.record_success("kraken", "quotes", [], seconds=0.25)
    answered_at = observed_of("kraken", "quotes").answered_at
    assert answered_at is not None
    services.record_failure("kraken", "quotes", Unreachable("did not answer in time"), seconds=1)
    seen = observed_of("kraken", "quotes")
    assert seen.failure == "did not answer in time"
    assert (seen.answered_at, seen.latency) == (answered_at, None)
    assert (seen.checked_at or 0) >= answered_at


def test_success_takes_the_failure_away(caplog):
    caplog.set_level(logging.INFO)
    services.record_failure("kraken", "quotes", Unreachable("broke the connection"), seconds=1)
    services.record_success("kraken", "quotes", [], seconds=0.1)
    assert observed_of("kraken", "quotes").failure == ""
    assert "kraken answers again" in caplog.text


def test_the_same_failure_is_logged_once(caplog):
    for _ in range(3):
        services.record_failure("kraken", "quotes", Unreachable("broke the connection"), seconds=1)
    assert caplog.text.count("kraken is left out of quotes: broke the connection") == 1


@pytest.mark.parametrize("error", [Unreachable("x"), BadPayload("x")])
def test_five_plain_failures_open_the_breaker(error):
    for _ in range(4):
        services.record_failure("kraken", "quotes", error, seconds=1)
    assert breaker.allows("kraken:quotes")
    services.record_failure("kraken", "quotes", error, seconds=1)
    assert not breaker.allows("kraken:quotes")


@pytest.mark.parametrize("error", [NotOffered("x"), OverBudget("x")])
def test_what_is_no_fault_of_a_provider_does_not_count(error):
    for _ in range(20):
        services.record_failure("kraken", "quotes", error, seconds=1)
    assert breaker.allows("kraken:quotes")
    assert cache.get("breaker:kraken:quotes:failures") is None


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
    services.record_failure("kraken", "quotes", error, seconds=1)
    assert least <= rest() <= most


def test_a_note_does_not_count_against_the_breaker():
    for _ in range(20):
        services.note_failure("kraken", "quotes", "frozen", "its prices stand still")
    assert breaker.allows("kraken:quotes")
    assert observed_of("kraken", "quotes").failure == "its prices stand still"


@pytest.mark.django_db
class TestDissent:
    def rounds(self, count, *, dissenting=("kraken",), heard=("kraken", "binance")):
        for _ in range(count):
            services.note_dissent(dict.fromkeys(dissenting, "BTC is 9 % off"), heard)

    def member(self):
        return next(one for one in roster.current().members("quotes") if one.slug == "kraken")

    def test_three_rounds_in_a_row_put_a_provider_aside_and_say_why(self):
        self.rounds(2)
        assert self.member().is_usable
        self.rounds(1)
        assert not self.member().is_usable
        assert self.member().aside_reason == "BTC is 9 % off"

    def test_one_round_of_agreement_begins_the_count_anew(self):
        self.rounds(2)
        self.rounds(1, dissenting=())
        self.rounds(2)
        assert self.member().is_usable

    def test_it_comes_back_by_itself(self):
        self.rounds(3)
        with time_machine.travel(timezone.now() + services.ASIDE, tick=False):
            assert self.member().is_usable

    def test_an_operator_may_bring_it_back_at_once(self):
        self.rounds(3)
        services.reset("kraken")
        assert self.member().is_usable


@pytest.mark.django_db
def test_the_hours_sums_are_kept_and_written_once():
    for _ in range(3):
        services.record_success("kraken", "quotes", [], seconds=0.1)
    services.record_failure("kraken", "quotes", Unreachable("x"), seconds=1)
    for _ in range(2):
        services.roll_up_calls(now=timezone.now())
    row = ProviderHour.objects.get(slug="kraken")
    assert (row.capability, row.calls, row.failures, row.p50_ms) == ("quotes", 4, 1, 100)


@pytest.mark.django_db
def test_sums_past_ninety_days_are_dropped():
    now = timezone.now()
    for days in (89, 91):
        ProviderHour.objects.create(
            slug="kraken",
            capability="quotes",
            hour=now - timedelta(days=days),
            calls=1,
            failures=0,
        )
    services.roll_up_calls(now=now)
    assert [now - row.hour for row in ProviderHour.objects.all()] == [timedelta(days=89)]


@pytest.mark.django_db
def test_choices_of_the_operator_survive_the_next_start():
    Provider.objects.filter(slug="kraken").update(is_on=False, name="Ours")
    services.sync_roster()
    kraken = Provider.objects.get(slug="kraken")
    assert (kraken.is_on, kraken.name) == (False, "Ours")
    assert not any(one.is_on for one in roster.current().all_members() if one.slug == "kraken")
