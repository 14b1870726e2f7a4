"""The collection: one round at a time, from the tap to the store."""

from dataclasses import replace

import pytest
from django.utils import timezone

from cryptodt.common.single import single
from market.models import Price
from market.tasks.quotes import collect_quotes
from market.tests.quotes import given_assets, quote
from providers import agreed, gateway
from providers.types import Failure, QuoteRound

pytestmark = pytest.mark.django_db


@pytest.fixture
def rounds(monkeypatch, settings):
    """The tap, with a round of our own in it; counts how often it was opened."""
    given_assets(settings, "BTC")
    opened = []

    def fetch(instruments):
        opened.append([one.symbol for one in instruments])
        fresh = replace(quote(), observed_at=timezone.now())
        return QuoteRound((fresh,), (Failure("binance", "late", "did not answer"),))

    monkeypatch.setattr(gateway, "fetch_quotes", fetch)
    return opened


def test_a_round_asks_for_every_asset_and_records_what_came(rounds):
    collect_quotes()
    assert rounds == [["BTC", "USDT", "USDC"]]
    assert Price.objects.get().price == 64000


def test_a_round_is_skipped_while_another_goes_on(rounds):
    with single("collect_quotes", seconds=60):
        collect_quotes()
    assert rounds == []
    collect_quotes()
    assert len(rounds) == 1


def test_a_round_that_broke_does_not_stop_the_next(rounds, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(gateway, "fetch_quotes", lambda instruments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            collect_quotes()
    collect_quotes()
    assert Price.objects.exists()


def test_what_a_quorum_agreed_on_is_reported_to_the_pump(rounds, monkeypatch):
    collect_quotes()
    # One provider alone is no quorum.
    assert agreed.price_of("BTC") is None
    now = timezone.now()
    both = [replace(quote(source=one), observed_at=now) for one in ("binance", "kraken")]
    monkeypatch.setattr(gateway, "fetch_quotes", lambda _: QuoteRound(tuple(both), ()))
    collect_quotes()
    assert agreed.price_of("BTC") == 64000
