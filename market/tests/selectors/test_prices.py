"""Reading prices: warm without the store, cold from it, and old only by the clock of the reader."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache

from cryptodt.common.errors import InvalidSymbol, NoData
from market.consensus import Reference
from market.selectors import prices as selectors
from market.selectors.assets import index, instruments, symbols_typed
from market.selectors.prices import PriceQuery
from market.tests.quotes import NOW, given_assets, given_price

pytestmark = pytest.mark.django_db


def answer_to(typed):
    return selectors.price_answer(PriceQuery(symbols_typed(typed)))


@pytest.fixture(autouse=True)
def _prices(settings):
    given_assets(settings, "BTC", "ETH", "SOL")
    given_price("BTC", "64000.5", sources=["binance", "kraken"])
    given_price("ETH", "3000", sources=["coingecko", "kraken"])


def test_an_answer_names_who_is_missing_and_whose_word_it_is():
    answer = answer_to(None)
    assert [item[:15] for item in answer.items] == [b'{"symbol":"BTC"', b'{"symbol":"ETH"']
    assert answer.missing == ["SOL"]
    assert answer.sources == ["binance", "coingecko", "kraken"]


def test_a_warm_answer_asks_the_store_nothing(django_assert_num_queries):
    cache.delete_many(["snapshot:prices:version", "snapshot:assets:version"])
    with django_assert_num_queries(2):
        answer_to(None)
    with django_assert_num_queries(0):
        answer_to("BTC,eth")
        selectors.price_items(["BTC"])
        selectors.price_board()
        selectors.freshness()


def test_a_price_grows_old_without_anybody_writing(settings):
    settings.CACHE_TTL_PRICES = 30
    for seconds, stale in ((0, 0), (30, 0), (31, 2), (3600, 2)):
        with time_machine.travel(NOW + timedelta(seconds=seconds), tick=False):
            assert answer_to(None).stale == stale
            assert selectors.freshness() == (2, stale, 3)
            row = selectors.price_board()[0]
            assert (row.age, row.stale) == (seconds, stale > 0)


def test_nobody_without_a_price_is_shown_as_if_it_had_one():
    with pytest.raises(NoData):
        answer_to("SOL")
    row = selectors.price_board()[2]
    assert (row.symbol, row.price, row.age, row.source) == ("SOL", None, None, "")


def test_an_unknown_symbol_is_refused_before_the_store_is_asked():
    with pytest.raises(InvalidSymbol):
        answer_to("BTC,NOPE")


def test_an_asset_that_only_converts_can_be_asked_for_but_is_not_listed():
    given_price("USDT", "0.999")
    assert answer_to("USDT").items
    assert "USDT" not in index().tracked


def test_the_board_spells_numbers_as_the_api_does():
    given_price("SOL", "1E-12", change_24h=Decimal("-1.50"), volume_24h=Decimal("1E+9"))
    row = selectors.price_board()[2]
    assert (row.price, row.change_24h) == ("0.000000000001", "-1.5")
    assert row.volume_24h == "1000000000"


def test_the_board_begins_with_who_is_ranked_and_makes_up_no_rank():
    given_price("SOL", "150", rank=6)
    assert [(row.symbol, row.rank) for row in selectors.price_board()] == [
        ("SOL", 6),
        ("BTC", None),
        ("ETH", None),
    ]


def test_references_carry_how_well_the_last_price_was_witnessed():
    given_price("SOL", "150", below_quorum=True)
    found = selectors.references()
    assert found["SOL"] == Reference(Decimal(150), NOW, True)
    assert found["BTC"] == Reference(Decimal("64000.5"), NOW, False)


def test_the_collection_asks_for_the_names_that_providers_know():
    asked = {one.symbol: dict(one.ids) for one in instruments()}
    assert asked["BTC"].items() >= {"coingecko": "bitcoin", "coinpaprika": "btc-bitcoin"}.items()
    assert set(asked) == {"BTC", "ETH", "SOL", "USDT", "USDC"}
