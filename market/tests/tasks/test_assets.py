"""The catalog's and the standings' rounds: who is asked, and what a bad day leaves as it was."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from cryptodt.common.single import single
from market.models import Asset, Rate, Standing
from market.tasks.assets import CATALOG, STANDINGS, refresh_catalog, refresh_standings
from market.tasks.rates import refresh_rates
from market.tests.listed import crowd, listed
from market.tests.quotes import NOW, given_assets
from market.tests.test_conversion import rate
from providers import gateway
from providers.types import Answered, Failure

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def tap(monkeypatch, settings):
    """The tap, with answers of our own in it; notes what was asked, and of whom."""
    given_assets(settings, "BTC")
    answers: dict[str, list[Any] | None] = {}
    asked: list[tuple[Any, ...]] = []

    def walk(capability, *question):
        for source, found in answers.items():
            asked.append((source, capability, *question))
            failure = None if found else Failure(source, "unreachable", "timed out")
            yield Answered(source, found, failure)

    monkeypatch.setattr(gateway, "walk", walk)
    return SimpleNamespace(answers=answers, asked=asked)


def test_everybody_who_lists_is_asked_and_the_places_are_known_at_once(tap):
    tap.answers["coingecko"] = [listed("bitcoin", "BTC", rank=1), *crowd(300)]
    tap.answers["coinpaprika"] = None
    tap.answers["coincap"] = [listed("bitcoin", "BTC", source="coincap")]
    refresh_catalog()
    assert tap.asked == [(one, "listing", CATALOG) for one in tap.answers]
    assert Asset.objects.count() == 303
    assert Standing.objects.count() == STANDINGS


def test_a_catalog_of_today_is_not_asked_for_again(tap):
    tap.answers["coingecko"] = [listed()]
    refresh_catalog()
    refresh_catalog()
    assert len(tap.asked) == 1
    with time_machine.travel(NOW + timedelta(hours=23), tick=False):
        refresh_catalog()
    assert len(tap.asked) == 2


def test_when_nobody_lists_the_catalog_stays_and_is_tried_again(tap):
    tap.answers["coingecko"] = None
    refresh_catalog()
    assert Asset.objects.count() == 3
    tap.answers["coingecko"] = [listed()]
    refresh_catalog()
    assert Asset.objects.get(symbol="BTC").listed_at == NOW


def test_places_are_the_word_of_the_first_who_answers(tap):
    tap.answers["coingecko"] = None
    tap.answers["coinpaprika"] = [listed("btc-bitcoin", source="coinpaprika", rank=1)]
    tap.answers["coinlore"] = [listed("90", source="coinlore", rank=7)]
    refresh_standings()
    assert [one[0] for one in tap.asked] == ["coingecko", "coinpaprika"]
    assert (Standing.objects.get().source, Standing.objects.get().rank) == ("coinpaprika", 1)


def test_a_list_in_which_nobody_is_known_is_no_answer(tap):
    tap.answers["coingecko"] = crowd(5)
    tap.answers["coinpaprika"] = [listed("btc-bitcoin", source="coinpaprika")]
    refresh_standings()
    assert Standing.objects.get().source == "coinpaprika"


@pytest.mark.parametrize("task", [refresh_catalog, refresh_standings, refresh_rates])
def test_a_round_is_skipped_while_another_goes_on(tap, task):
    tap.answers["coingecko"] = [listed()]
    with single(task.__name__, seconds=60):
        task()
    assert tap.asked == []


def test_rates_are_asked_of_everybody(tap):
    tap.answers["coingecko"] = [rate("1.07")]
    tap.answers["kraken"] = None
    tap.answers["coincap"] = [rate("1.071", "coincap")]
    refresh_rates()
    assert Rate.objects.get().source == "coincap+coingecko"


def test_a_day_without_rates_leaves_the_old_ones(tap):
    tap.answers["coingecko"] = [rate("1.07")]
    refresh_rates()
    tap.answers["coingecko"] = None
    refresh_rates()
    assert Rate.objects.count() == 1
