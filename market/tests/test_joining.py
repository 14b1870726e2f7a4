"""What is one asset stays one, and what only shares a ticker is kept apart."""

import pytest

from market.joining import Known, give_symbols, joined
from market.tests.listed import listed


def put_together(*lists, known=()):
    assets = joined({rows[0].source: rows for rows in lists}, known)
    give_symbols(assets, [asset.symbol for asset in assets if asset.symbol])
    return {asset.symbol: asset.ids for asset in assets}


def paprika(one, symbol, name, price, **columns):
    return listed(one, symbol, name, price, source="coinpaprika", **columns)


def test_the_same_ticker_name_and_price_is_one_asset():
    found = put_together(
        [listed("pepe", "PEPE", "Pepe", "0.0000049")],
        [paprika("pepe-pepe", "PEPE", "PEPE", "0.00000495")],
    )
    assert found == {"PEPE": {"coingecko": "pepe", "coinpaprika": "pepe-pepe"}}


@pytest.mark.parametrize(
    ("name", "price"), [("Pepe", "0.0000052"), ("Pepe", "4.9"), ("Pepe 2.0", "0.0000049")]
)
def test_another_price_or_another_name_is_another_asset(name, price):
    found = put_together(
        [listed("pepe", "PEPE", "Pepe", "0.0000049")],
        [paprika("pepe-other", "PEPE", name, price)],
    )
    assert found == {
        "coingecko:pepe": {"coingecko": "pepe"},
        "pepe-other": {"coinpaprika": "pepe-other"},
    }


def test_two_of_one_list_are_never_one_asset():
    found = put_together([listed("one", "DUP", "Dup", "1"), listed("two", "DUP", "Dup", "1")])
    assert found == {"one": {"coingecko": "one"}, "two": {"coingecko": "two"}}


def test_one_that_fits_two_joins_neither():
    found = put_together(
        [listed("one", "DUP", "Dup", "1"), listed("two", "DUP", "Dup", "1")],
        [paprika("dup-dup", "DUP", "Dup", "1")],
    )
    assert set(found) == {"one", "two", "dup-dup"}


def test_a_known_id_needs_no_other_proof():
    known = Known("PEPE", "PEPE", "Pepe", {"coinpaprika": "pepe-pepe"})
    found = put_together([paprika("pepe-pepe", "FROG", "Frog", "7")], known=[known])
    assert found == {"PEPE": {"coinpaprika": "pepe-pepe"}}
    assert known.listed["coinpaprika"].symbol == "FROG"


def test_a_renamed_asset_is_found_by_its_new_ticker_on_the_same_day():
    known = Known("RNDR", "RNDR", "Render", {"coingecko": "render-token"})
    found = put_together(
        [listed("render-token", "RENDER", "Render", "4")],
        [paprika("render-render", "RENDER", "Render", "4.01")],
        known=[known],
    )
    assert found == {"RNDR": {"coingecko": "render-token", "coinpaprika": "render-render"}}


def test_a_known_asset_without_a_price_is_joined_to_nobody():
    known = Known("PEPE", "PEPE", "Pepe")
    found = put_together([listed("pepe", "PEPE", "Pepe", "1")], known=[known])
    assert found == {"PEPE": {}, "coingecko:pepe": {"coingecko": "pepe"}}


def test_a_namesake_that_comes_later_does_not_take_the_symbol():
    known = Known("PEPE", "PEPE", "Pepe", {"coingecko": "pepe"})
    found = put_together(
        [listed("pepe", "PEPE", "Pepe", "1"), listed("pepe-2", "PEPE", "Pepe", "500")],
        known=[known],
    )
    assert found == {"PEPE": {"coingecko": "pepe"}, "pepe-2": {"coingecko": "pepe-2"}}


def test_an_id_that_is_a_ticker_of_another_is_no_name():
    rows = [listed("ai", "XAI", "X", "1"), listed("other", "XAI", "Y", "2")]
    found = put_together([*rows, listed("sleepless", "AI", "Sleepless", "3")])
    assert set(found) == {"coingecko:ai", "other", "sleepless"}


@pytest.mark.parametrize(
    ("one", "ticker", "symbol"),
    [("toolong", "A" * 30, "toolong"), ("dollar", "$WEN", "dollar"), ("emoji", "🐸", "emoji")],
)
def test_a_ticker_that_nobody_could_type_is_no_symbol(one, ticker, symbol):
    assert set(put_together([listed(one, ticker, "Odd", "1")])) == {symbol}


def test_an_asset_without_any_usable_name_is_left_out():
    assets = joined({"coingecko": [listed("🐸", "🐸", "Frog", "1")]}, [])
    assert give_symbols(assets, []) == []


def test_a_new_asset_without_a_price_is_not_added():
    assert joined({"coingecko": [listed("dead", "DEAD", "Dead", None)]}, []) == []


def test_prices_in_another_currency_prove_nothing():
    assert joined({"coingecko": [listed("eur", "EUR", "Euro", "1", currency="EUR")]}, []) == []


def test_who_only_numbers_its_assets_adds_ids_and_no_assets():
    lore = [listed("90", "BTC", "Bitcoin", "64010", source="coinlore"),
            listed("91", "NEW", "New", "1", source="coinlore")]  # fmt: skip
    found = put_together([listed("bitcoin", "BTC", "Bitcoin")], lore)
    assert found == {"BTC": {"coingecko": "bitcoin", "coinlore": "90"}}


def test_two_addresses_of_one_service_are_one_lister():
    found = put_together([listed("bitcoin", "BTC", "Bitcoin", source="coingecko-pro")])
    assert found == {"BTC": {"coingecko": "bitcoin"}}
