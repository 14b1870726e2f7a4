"""Namesakes: who is asked by a ticker may mean another coin, and is never believed unproven."""

from datetime import timedelta
from decimal import Decimal

import pytest

from market.models import Asset, Price, Standing
from market.services.assets import sync_assets
from market.services.prices import record_quotes
from market.services.rounds import Identity, agree_all
from market.tests.quotes import NOW, given_assets, quote, stored

IDENTITY = {"GAS": Identity({"coingecko": "gas", "coinpaprika": "gas-gas"}, Decimal("2.4"))}


def outcome_of(*quotes, identities=IDENTITY):
    (outcome,) = agree_all(quotes, {}, now=NOW, identities=identities)
    return outcome


def reasons(outcome):
    return {one.quote.source: one.reason for one in outcome.excluded}


def test_a_majority_that_means_another_coin_is_outvoted_by_those_who_know_the_id():
    outcome = outcome_of(
        quote("binance", "0.08", symbol="GAS"),
        quote("kraken", "0.0801", symbol="GAS"),
        quote("okx", "0.0802", symbol="GAS"),
        quote("coingecko", "2.41", symbol="GAS", age=30),
    )
    assert outcome.price == Decimal("2.41")
    assert reasons(outcome) == dict.fromkeys(("binance", "kraken", "okx"), "namesake")


def test_an_exchange_that_means_the_same_coin_takes_part():
    outcome = outcome_of(
        quote("binance", "2.42", symbol="GAS"), quote("coingecko", "2.41", symbol="GAS", age=30)
    )
    assert [one.source for one in outcome.contributors] == ["binance", "coingecko"]
    assert outcome.excluded == ()


def test_without_anybody_who_knows_the_id_the_listing_decides():
    near, far = quote("okx", "2.45", symbol="GAS"), quote("kraken", "0.08", symbol="GAS")
    outcome = outcome_of(near, far)
    assert outcome.price == Decimal("2.45")
    assert reasons(outcome) == {"kraken": "namesake"}


def test_without_id_and_listing_a_ticker_proves_nothing():
    unlisted = {"GAS": Identity({"coingecko": "gas"})}
    outcome = outcome_of(quote("okx", "2.45", symbol="GAS"), identities=unlisted)
    assert not hasattr(outcome, "price")
    assert reasons(outcome) == {"okx": "namesake"}


def test_of_what_is_tracked_the_operator_has_said_what_it_means():
    outcome = outcome_of(quote("okx", "64000"), quote("kraken", "64001"), identities={})
    assert reasons(outcome) == {}


@pytest.mark.django_db
def test_a_price_on_demand_is_never_that_of_a_namesake(settings):
    given_assets(settings, "BTC")
    Asset.objects.create(symbol="GAS", ticker="GAS", name="Gas", ids={"coingecko": "gas"})
    sync_assets()
    said = [quote(one, "0.08", symbol="GAS") for one in ("okx", "kraken", "binance")]
    recorded = record_quotes(said, now=NOW)
    assert recorded.changed == ()
    assert set(recorded.left_out) == {(one, "namesake") for one in ("okx", "kraken", "binance")}
    assert recorded.dissent == {}
    record_quotes([*said, quote("coingecko", "2.4", symbol="GAS")], now=NOW)
    assert stored("GAS").price == Decimal("2.4")
    assert {one["reason"] for one in stored("GAS").receipts["excluded"]} == {"namesake"}


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "is_believed"), [(59, True), (61, False)])
def test_only_a_young_listing_tells_namesakes_apart(settings, minutes, is_believed):
    given_assets(settings, "BTC")
    gas = Asset.objects.create(symbol="GAS", ticker="GAS", name="Gas", ids={"coingecko": "gas"})
    sync_assets()
    Standing.objects.create(
        asset=gas,
        price=Decimal("2.4"),
        source="coingecko",
        observed_at=NOW - timedelta(minutes=minutes),
    )
    record_quotes([quote("okx", "2.41", symbol="GAS")], now=NOW)
    assert Price.objects.filter(asset=gas).exists() is is_believed


def in_tether(source, symbol, price):
    return quote(source, price, symbol=symbol, currency="USDT")


def yesterday_of(source):
    """Three assets far off, and one that has hardly moved since."""
    prices = {"BTC": "60000", "ETH": "2800", "SOL": "150", "XRP": "4.002"}
    return [in_tether(source, symbol, price) for symbol, price in prices.items()]


def honest(*sources):
    prices = {"BTC": "64000", "ETH": "3000", "SOL": "160", "XRP": "2"}
    return [quote("kraken", "0.5", symbol="USDT")] + [
        quote(source, price, symbol=symbol)
        for source in sources
        for symbol, price in prices.items()
    ]


def test_what_a_distrusted_provider_said_is_told_in_dollars():
    quotes = [*honest("kraken", "bitfinex", "coingecko"), *yesterday_of("gate")]
    outcomes = {one.symbol: one for one in agree_all(quotes, {}, now=NOW)}
    (caught,) = outcomes["BTC"].excluded
    assert (caught.reason, caught.quote.price, caught.quote.currency) == (
        "outlier",
        Decimal(30000),
        "USD",
    )
    assert {one.quote.currency for one in outcomes["XRP"].excluded} == {"USD"}


def test_what_only_a_distrusted_provider_quotes_is_left_out_by_name():
    quotes = [*honest("kraken", "bitfinex", "coingecko"), *yesterday_of("gate")]
    quotes.append(in_tether("gate", "DOGE", "0.2"))
    (outcome,) = (one for one in agree_all(quotes, {}, now=NOW) if one.symbol == "DOGE")
    assert reasons(outcome) == {"gate": "wrong on others"}
    assert not hasattr(outcome, "price")
