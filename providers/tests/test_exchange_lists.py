"""Exchanges as others list them, joined with those that can be spoken to."""

import json
from pathlib import Path

import pytest

from providers import exchange_lists, registry
from providers.exceptions import BadPayload
from providers.exchange_lists import site_of, trimmed
from providers.tests.conftest import Upstream

RECORDED = (
    Path(__file__).resolve().parents[3] / "shared/recordings/coingecko/exchanges_250_2022-04.json"
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gate.io", "Gate"),
        ("Bybit (Spot)", "Bybit"),
        ("Binance CEX", "Binance"),
        ("Crypto.com Exchange", "Crypto.com"),
        ("BtcTurk PRO", "BTCTurk"),
        ("MEXC Global", "mexc"),
    ],
)
def test_two_spellings_are_one_name(one, other):
    assert trimmed(one) == trimmed(other)


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://www.kraken.com/", "kraken.com"),
        ("https://r.kraken.com/Q1m9x", "kraken.com"),
        ("https://bit2c.co.il", "bit2c.co.il"),
        ("https://www.bit2c.co.il/home", "bit2c.co.il"),
        ("https://gate.io", "gate.io"),
        ("nowhere", ""),
        ("https://[", ""),
    ],
)
def test_a_site_is_told_by_the_name_it_was_registered_under(url, site):
    assert site_of(url) == site


@pytest.mark.skipif(not RECORDED.is_file(), reason="no recordings here")
def test_a_recorded_list_is_read_and_joined():
    row = registry.BY_SLUG["coingecko"]
    upstream = Upstream({"/api/v3/exchanges": RECORDED.read_text(encoding="utf-8")})
    listed = exchange_lists._of_coingecko(row, upstream.tap)
    assert len(listed) == len(json.loads(RECORDED.read_text(encoding="utf-8")))
    speakers = exchange_lists._speakers([])
    known = {
        speaker
        for one in listed
        if (speaker := speakers.get(trimmed(one.name)) or speakers.get(site_of(one.url)))
    }
    assert known >= {"binance", "kraken", "okx", "kucoin", "gate", "bitfinex", "bybit", "mexc"}
    assert len(known) >= 40


@pytest.mark.parametrize("body", ['{"status":{"error_code":429}}', "[1]", "<html>", "[]", "null"])
def test_an_odd_list_is_an_error_or_empty(body):
    row = registry.BY_SLUG["coingecko"]
    upstream = Upstream({"/api/v3/exchanges": body})
    if body == "[]":
        assert exchange_lists._of_coingecko(row, upstream.tap) == []
        return
    with pytest.raises(BadPayload):
        exchange_lists._of_coingecko(row, upstream.tap)
