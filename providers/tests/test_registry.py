"""The rows, and where an operator sends them."""

import pytest

from providers.registry import BY_SLUG, ROWS

KRAKEN = BY_SLUG["kraken"]


@pytest.fixture(autouse=True)
def _plain_settings(settings):
    settings.PROVIDERS_BASE_URL = ""
    settings.PROVIDER_URLS = {}


def test_a_provider_is_asked_at_its_own_address_over_https():
    for row in ROWS:
        assert row.addresses[0] == row.origin
        assert all(address.startswith("https://") for address in row.addresses)
        assert not row.is_redirected


def test_one_address_for_all_sends_each_to_its_own_place(settings):
    settings.PROVIDERS_BASE_URL = "http://127.0.0.1:7861/"
    assert KRAKEN.addresses[0] == "http://127.0.0.1:7861/kraken"
    assert all(row.is_redirected for row in ROWS)


def test_an_address_for_one_goes_before_the_address_for_all(settings):
    settings.PROVIDERS_BASE_URL = "http://127.0.0.1:7861"
    settings.PROVIDER_URLS = {"kraken": "https://mirror.example/"}
    assert KRAKEN.addresses[0] == "https://mirror.example"
    assert BY_SLUG["binance"].addresses[0] == "http://127.0.0.1:7861/binance"


def test_only_a_redirected_provider_may_be_on_this_machine(settings):
    settings.PROVIDER_URLS = {"binance": "http://127.0.0.1:1"}
    assert BY_SLUG["binance"].is_redirected
    assert not KRAKEN.is_redirected


def test_every_row_can_keep_its_own_rhythm():
    for row in ROWS:
        assert row.budget > 0
        assert "quotes" not in row.offers or row.frozen_after > row.every
        assert row.every == 0 or row.budget >= 60 / row.every


def test_coingecko_is_spared():
    assert BY_SLUG["coingecko"].every == 30
    assert BY_SLUG["coingecko"].budget <= 5
