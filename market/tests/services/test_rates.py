"""Rates in the store: agreed on, never replaced by older ones, shown as soon as they are kept."""

from datetime import timedelta
from decimal import Decimal

import pytest

from market.models import Rate
from market.selectors.prices import warm_prices
from market.selectors.rates import conversion_to
from market.services.rates import record_rates
from market.tests.quotes import NOW, given_assets
from market.tests.test_conversion import rate
from providers import types

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(django_capture_on_commit_callbacks):
    def recorded(*rates, now=NOW):
        told: dict[str, list[types.Rate]] = {}
        for one in rates:
            told.setdefault(one.source, []).append(one)
        with django_capture_on_commit_callbacks(execute=True):
            return record_rates(told, now=now)

    return recorded


def test_what_sources_agree_on_is_stored_with_their_names(record):
    assert record(rate("1.07", "a"), rate("1.071", "b")) == ("EUR",)
    row = Rate.objects.get()
    assert (row.usd, row.source, row.observed_at) == (Decimal("1.07"), "a+b", NOW)


def test_a_rate_is_warm_as_soon_as_it_is_stored(record, settings):
    given_assets(settings, "BTC")
    record(rate("1.07"))
    assert conversion_to("eur", warm_prices()).usd == Decimal("1.07")
    record(rate("1.08", age=-60), now=NOW + timedelta(minutes=1))
    assert conversion_to(" EUR ", warm_prices()).usd == Decimal("1.08")


def test_an_older_rate_never_replaces_a_newer_one(record):
    record(rate("1.07"))
    assert record(rate("1.08", age=60)) == ()
    assert Rate.objects.get().usd == Decimal("1.07")


def test_one_source_that_jumps_is_not_believed_for_a_day(record):
    record(rate("1.07"))
    hours = [timedelta(hours=one) for one in (1, 25)]
    jumped = [record(rate("10.7", age=-h.total_seconds()), now=NOW + h) for h in hours]
    assert jumped == [(), ("EUR",)]


@pytest.mark.parametrize(
    "odd",
    [
        rate("0"),
        rate("-1"),
        rate("1", currency="USD"),
        rate("1", currency="TOOLONGACODE"),
        rate("1", currency=""),
        rate("1", age=-3600),
    ],
)
def test_what_is_no_rate_is_left_out_and_the_others_stay(record, odd):
    assert record(odd, rate("0.0067", currency="JPY")) == ("JPY",)


def test_nothing_told_changes_nothing(record):
    record(rate("1.07"))
    assert record() == ()
    assert Rate.objects.count() == 1
