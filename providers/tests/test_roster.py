"""The roster: what the operator chose takes effect, at once and everywhere."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from providers import gateway, roster, services
from providers.models import Membership, Pool, Provider
from providers.tests.conftest import BTC

pytestmark = pytest.mark.django_db


def kraken(**changes):
    Provider.objects.filter(slug="kraken").update(**changes)
    roster.changed()
    return next(one for one in roster.current().members("quotes") if one.slug == "kraken")


def test_every_provider_of_the_code_is_in_a_pool_for_all_that_it_offers():
    for provider in Provider.objects.all():
        row = roster.row_of(provider)
        held = set(provider.memberships.values_list("capability", flat=True))
        assert row is not None
        assert held == set(row.offers)


def test_an_older_database_gets_the_pools_of_capabilities_that_came_later():
    younger = ("listing", "rates")
    Membership.objects.filter(capability__in=younger).delete()
    Pool.objects.filter(capability__in=younger).delete()
    Provider.objects.filter(slug="coinlore").update(is_on=False)
    services.sync_roster()
    listing = [one.slug for one in roster.current().members("listing")]
    assert listing == ["coingecko-pro", "coingecko", "coinpaprika", "coinlore", "coincap"]
    rates = {one.slug: one.is_usable for one in roster.current().members("rates")}
    assert rates == {"coingecko-pro": False, "coingecko": True, "coincap": False}
    assert not Provider.objects.get(slug="coinlore").is_on


def test_a_warm_roster_runs_no_query(django_assert_num_queries):
    first = roster.current()
    with django_assert_num_queries(0):
        assert roster.current() is first


def test_a_change_is_seen_at_once():
    assert kraken(is_on=True).is_usable
    assert not kraken(is_on=False).is_usable


def test_a_version_that_the_cache_lost_only_costs_a_reading():
    before = roster.current()
    cache.delete(roster.VERSION_KEY)
    assert roster.current().version > before.version


def test_the_name_is_the_operators():
    assert kraken(name="The Kraken").row.name == "The Kraken"


def test_who_is_put_aside_comes_back_by_itself():
    later, before = timezone.now() + timedelta(minutes=1), timezone.now() - timedelta(seconds=1)
    assert not kraken(is_on=True, aside_until=later).is_usable
    assert kraken(is_on=True, aside_until=before).is_usable


def test_a_stored_key_goes_before_one_of_the_environment(settings):
    settings.PROVIDER_KEYS = {"kraken": "from-environment"}
    assert kraken().key == "from-environment"
    services.set_key(Provider.objects.get(slug="kraken"), "from-the-operator")
    assert kraken().key == "from-the-operator"


def test_a_provider_without_the_key_it_needs_is_left_out():
    roster.changed()
    lacking = [one for one in roster.current().all_members() if one.lacks_key]
    assert lacking
    assert not any(one.is_usable for one in lacking)
    slug = lacking[0].slug
    services.set_key(Provider.objects.get(slug=slug), "a-key-of-its-own")
    roster.changed()
    assert not any(one.lacks_key for one in roster.current().all_members() if one.slug == slug)


def test_a_provider_that_the_code_forgot_is_left_out_and_kept():
    provider = Provider.objects.create(slug="gone", name="Gone", is_on=True)
    pool = Pool.objects.get(name="quotes")
    Membership.objects.create(provider=provider, capability="quotes", pool=pool)
    roster.changed()
    assert "gone" not in {one.slug for one in roster.current().all_members()}


def test_the_place_decides_the_order_and_the_position_the_pool():
    pool = Pool.objects.create(name="first", capability="quotes", position=0, strategy="priority")
    Pool.objects.filter(name="quotes").update(position=5)
    Membership.objects.filter(capability="quotes", provider__slug="kraken").update(
        pool=pool, place=9
    )
    Membership.objects.filter(capability="quotes", provider__slug="binance").update(
        pool=pool, place=3
    )
    roster.changed()
    first, second, *_ = roster.current().groups["quotes"]
    assert (first.name, first.strategy, second.name) == ("first", "priority", "quotes")
    assert [one.slug for one in first.members] == ["binance", "kraken"]


@pytest.mark.parametrize(
    ("kind", "address", "upstream", "capability"),
    [
        ("ccxt", "kraken", "kraken", "quotes"),
        ("coingecko", "https://mirror.example", "coingecko", "quotes"),
        ("rss", "https://mine.example/feed.xml", "mine-news", "news"),
    ],
)
def test_what_an_added_provider_says_carries_its_own_name(
    sim, settings, kind, address, upstream, capability
):
    settings.PROVIDER_URLS = {"mine": f"{sim.url}/{upstream}"}
    Provider.objects.update(is_on=False)
    mine = Provider.objects.create(
        slug="mine", name="Mine", is_on=True, added_format=kind, added_address=address
    )
    services.take_in(mine)
    roster.changed()
    if capability == "quotes":
        answered = gateway.fetch_quotes([BTC]).quotes
    else:
        answered = gateway.fetch_each(capability)["mine"]
    assert answered
    assert {one.source for one in answered} == {"mine"}


def test_the_two_instances_of_one_exchange_are_told_apart(sim, settings):
    settings.PROVIDER_URLS = {"second-kraken": f"{sim.url}/kraken"}
    Provider.objects.exclude(slug="kraken").update(is_on=False)
    second = Provider.objects.create(
        slug="second-kraken", name="2", is_on=True, added_format="ccxt", added_address="kraken"
    )
    services.take_in(second)
    roster.changed()
    sources = {quote.source for quote in gateway.fetch_quotes([BTC]).quotes}
    assert sources == {"kraken", "second-kraken"}
