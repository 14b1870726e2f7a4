"""Receipts and figures: who said what, and one provider's word with an age of its own."""

from datetime import timedelta
from decimal import Decimal

import pytest

from market.services.prices import record_quotes
from market.tests.quotes import NOW, given_assets, quote, stored

pytestmark = pytest.mark.django_db
FULL = {
    "change_1h": Decimal("0.5"),
    "change_24h": Decimal("1.25"),
    "change_7d": Decimal(-3),
    "volume_24h": Decimal(31_000_000_000),
    "market_cap": Decimal(1_280_000_000_000),
    "rank": 1,
}


@pytest.fixture(autouse=True)
def _assets(settings):
    given_assets(settings, "BTC")


def test_receipts_name_contributors_with_their_weights_and_the_excluded_with_a_reason():
    record_quotes(
        [
            quote("binance", "64000"),
            quote("kraken", "64010", age=20),
            quote("okx", "64020"),
            quote("gate", "70000"),
        ],
        now=NOW,
    )
    receipts = stored().receipts
    assert receipts["contributors"] == [
        {"source": "binance", "price": "64000", "observedAt": "2026-05-04T12:02:30.000Z",
         "weight": "1"},
        {"source": "kraken", "price": "64010", "observedAt": "2026-05-04T12:02:10.000Z",
         "weight": "0.5"},
        {"source": "okx", "price": "64020", "observedAt": "2026-05-04T12:02:30.000Z",
         "weight": "1"},
    ]  # fmt: skip
    assert [(one["source"], one["reason"]) for one in receipts["excluded"]] == [
        ("gate", "outlier")
    ]


def test_a_row_does_not_grow_with_what_is_thrown_at_it():
    noise = [quote(f"liar-{n}", "70000", age=400) for n in range(300)]
    record_quotes([quote("binance", "64000"), *noise], now=NOW)
    assert len(stored().receipts["excluded"]) == 50


def test_a_price_keeps_how_far_it_can_be_trusted():
    record_quotes([quote("binance", "64000"), quote("kraken", "64000")], now=NOW)
    assert stored().confidence == Decimal("0.75")


def test_figures_are_the_word_of_the_one_who_tells_most():
    thin = quote("kraken", "64000", change_24h=Decimal(9))
    record_quotes([thin, quote("coingecko", "64001", age=30, **FULL)], now=NOW)
    row = stored()
    assert (row.figures_source, row.figures_at) == ("coingecko", NOW - timedelta(seconds=30))
    assert {name: getattr(row, name) for name in FULL} == FULL


@pytest.mark.parametrize(
    ("minutes", "source"), [(4, "coingecko"), (29, "coingecko"), (31, "kraken")]
)
def test_fuller_figures_stay_for_half_an_hour_and_keep_their_own_time(minutes, source):
    record_quotes([quote("coingecko", "64000", **FULL)], now=NOW)
    later = NOW + timedelta(minutes=minutes)
    thin = quote("kraken", "64000", age=-minutes * 60, change_24h=Decimal(9))
    record_quotes([thin, quote("okx", "64000", age=-minutes * 60)], now=later)
    row = stored()
    assert row.observed_at == later
    assert row.figures_source == source
    assert row.figures_at == (NOW if source == "coingecko" else later)


def test_nobody_with_figures_is_nobodys_word():
    record_quotes([quote("kraken", "64000")], now=NOW)
    assert (stored().figures_source, stored().figures_at) == ("", None)


@pytest.mark.parametrize("price", ["0.000000000001", "123456789.123456789012"])
def test_every_digit_survives_from_the_quote_to_the_receipt_and_the_answer(client, price):
    record_quotes([quote("kraken", price), quote("okx", price)], now=NOW)
    assert format(stored().price, "f") == price
    assert stored().receipts["contributors"][0]["price"] == price
    content = client.get("/api/prices?symbols=BTC&detail=full").content.decode()
    assert content.count(f'"price":{price},') == 3
    assert f'"priceExact":"{price}"' in content
