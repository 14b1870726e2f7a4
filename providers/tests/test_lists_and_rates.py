"""Lists of assets and exchange rates from the tap to the simulator and back, by who is switched on."""

import time

import pytest
import time_machine
from django.core.management import call_command

from providers import budget, gateway, roster, selectors, services, tasks
from providers.models import Provider
from providers.registry import BY_SLUG
from providers.selectors import observed_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _as_installed(sim):
    services.sync_roster()


def sources(found):
    return {one.source for one in found}


def test_a_fresh_installation_lists_more_than_a_thousand_assets(sim):
    first, second, *_ = gateway.walk("listing", 1200)
    # The rest of its minute belongs to prices.
    assert (first.source, len(first.found)) == ("coingecko", 750)
    assert len(sim.requests("coingecko")) == 3
    assert second.source == "coinpaprika"
    assert len({one.upstream_id for one in second.found}) == 1200


def test_where_the_budget_ends_the_list_is_short_and_the_next_question_goes_elsewhere(sim):
    allowed = BY_SLUG["coingecko"].budget
    # Early in a minute, so that none ends in between and begins another budget.
    with time_machine.travel(time.time() // 60 * 60 + 5):
        # Two of what is left are for others than prices.
        for _ in range(allowed - 4):
            assert budget.take("coingecko", per_minute=allowed)
        assert len(gateway.fetch("listing", 1200)) == 500
        left_out, second, *_ = gateway.walk("listing", 1200)
    assert left_out.failure is not None
    assert (left_out.source, left_out.failure.reason) == ("coingecko", "over_budget")
    assert (second.source, len(second.found)) == ("coinpaprika", 1200)
    assert len(sim.requests("coingecko")) == 2


def test_who_comes_next_lists_when_the_first_cannot(sim):
    sim.fault("coingecko", "server_error")
    walk = gateway.walk("listing", 300)
    first, second, third = (next(walk) for _ in range(3))
    assert first.failure is not None
    assert "HTTP 500" in first.failure.message
    assert [len(one.found) for one in (second, third)] == [300, 300]
    assert (second.source, third.source) == ("coinpaprika", "coinlore")


def test_rates_are_told_without_a_key_and_their_age_is_known(sim):
    assert sources(gateway.fetch("rates")) == {"coingecko"}
    assert observed_of("coingecko", "rates").newest_at is not None


def test_a_keyed_provider_joins_as_soon_as_it_has_its_key(sim):
    coincap = Provider.objects.get(slug="coincap")
    services.switch([coincap], is_on=True)
    services.set_key(coincap, "a-key-of-its-own")
    roster.changed()
    told = {one.source: one.found for one in gateway.walk("rates")}
    assert told.keys() == {"coingecko", "coincap"}
    assert {one.currency for one in told["coincap"]} >= {"BTC", "USD", "EUR"}


@pytest.mark.parametrize("slug", ["coingecko", "coinpaprika", "coinlore", "coincap"])
def test_a_probe_asks_for_a_short_list(sim, slug):
    for capability in {"listing", "rates"} & set(selectors.capabilities_of(slug)):
        question = tasks.QUESTIONS.get(capability, ())
        assert gateway.probe(slug, capability, question) == ""
    assert all(int(one.query.get("per_page", 10)) <= 10 for one in sim.requests("coingecko"))


def test_the_table_of_providers_shows_who_lists_and_who_tells_rates(capsys):
    call_command("providers", "--on")
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "listing,rates" in lines["coingecko"]
    assert "listing" in lines["coinlore"]
