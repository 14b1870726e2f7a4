"""The catalog over days: names are kept, namesakes apart, and history with its asset."""

from datetime import timedelta
from decimal import Decimal

import pytest

from cryptodt.common.errors import InvalidSymbol
from market.models import Alias, Asset, PricePoint, Standing
from market.resolver import symbol_of
from market.selectors.assets import index
from market.selectors.standings import top
from market.services.catalog import is_due, record_catalog, record_standings
from market.tests.listed import crowd, listed
from market.tests.quotes import NOW, given_assets, given_price

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _assets(db, settings):
    given_assets(settings, "BTC", "ETH")


@pytest.fixture
def refresh(django_capture_on_commit_callbacks):
    def refreshed(*lists, day=0):
        with django_capture_on_commit_callbacks(execute=True):
            return record_catalog({rows[0].source: rows for rows in lists}, now=NOW + day * DAY)

    return refreshed


def test_a_thousand_assets_come_with_their_ids_and_resolve(refresh, django_assert_max_num_queries):
    index()
    with django_assert_max_num_queries(20):
        done = refresh(
            [listed("bitcoin", "BTC"), listed("pepe", "PEPE", "Pepe", "1"), *crowd(1200)]
        )
    assert len(done.added) == 1201
    assert Asset.objects.get(symbol="PEPE").ids == {"coingecko": "pepe"}
    assert symbol_of("pepe", index()) == "PEPE"
    assert symbol_of("COINGE7", index()) == "COINGE7"


def test_what_the_operator_tracks_keeps_its_name_and_its_ticker(refresh):
    done = refresh([listed("bitcoin", "XBTC", "Bitcoin Classic")])
    assert (done.added, done.renamed) == ((), ())
    assert Asset.objects.get(symbol="BTC").name == "Bitcoin"
    assert Asset.objects.get(symbol="BTC").listed_at == NOW


def test_a_namesake_of_a_tracked_asset_goes_by_its_id(refresh):
    refresh([listed("bitcoin", "BTC"), listed("batcat", "BTC", "Batcat", "0.01")])
    assert Asset.objects.get(symbol="batcat").ticker == "BTC"
    assert symbol_of("BTC", index()) == "BTC"


def test_a_ticker_that_gets_a_namesake_is_ambiguous_from_then_on_and_changes_no_symbol(refresh):
    refresh([listed("pepe", "PEPE", "Pepe", "1")])
    refresh([listed("pepe", "PEPE", "Pepe", "1"), listed("frog", "PEPE", "Frog", "9")], day=1)
    assert set(Asset.objects.filter(ticker="PEPE").values_list("symbol", flat=True)) == {
        "PEPE",
        "frog",
    }
    with pytest.raises(InvalidSymbol):
        symbol_of("PEPE", index())
    assert symbol_of("coingecko:pepe", index()) == "PEPE"


def test_a_renamed_asset_keeps_symbol_and_history_and_is_found_by_both_names(refresh):
    refresh([listed("render-token", "RNDR", "Render", "4")])
    asset = Asset.objects.get(symbol="RNDR")
    PricePoint.objects.create(asset=asset, at=60, price=Decimal(4), observed_ms=60_000)
    done = refresh([listed("render-token", "RENDER", "Render Network", "4")], day=1)
    assert done.renamed == ("RNDR",)
    asset.refresh_from_db()
    assert (asset.symbol, asset.ticker, asset.name) == ("RNDR", "RENDER", "Render Network")
    assert Alias.objects.get().word == "RNDR"
    assert {symbol_of(word, index()) for word in ("RNDR", "render", "RENDERUSDT")} == {"RNDR"}
    assert PricePoint.objects.get().asset == asset


def test_a_name_that_is_free_again_leads_to_nobody_else(refresh):
    refresh([listed("render-token", "RNDR", "Render", "4")])
    refresh([listed("render-token", "RENDER", "Render", "4"), listed("other", "RNDR", "O", "9")])
    assert Asset.objects.get(ticker="RNDR").symbol == "other"
    with pytest.raises(InvalidSymbol):
        symbol_of("RNDR", index())


def test_only_the_first_lister_renames(refresh):
    refresh(
        [listed("pepe", "PEPE", "Pepe", "1")],
        [listed("pepe-pepe", "PEPE", "Pepe", "1", source="coinpaprika")],
    )
    done = refresh([listed("pepe-pepe", "FROG", "Frog", "1", source="coinpaprika")], day=1)
    assert done.renamed == ()
    assert Asset.objects.get(symbol="PEPE").name == "Pepe"


def test_what_vanishes_from_every_whole_list_for_days_is_gone_and_keeps_its_history(refresh):
    refresh([listed("luna", "LUNA", "Luna", "1"), *crowd()])
    given_price("LUNA", "1")
    assert [refresh(crowd(), day=day).gone for day in (1, 2, 3, 4)] == [(), (), ("LUNA",), ()]
    assert Asset.objects.get(symbol="LUNA").gone_at == NOW + 3 * DAY
    assert index().entries["LUNA"].is_gone
    assert symbol_of("luna", index()) == "LUNA"
    done = refresh([listed("luna", "LUNA", "Luna", "1"), *crowd()], day=9)
    assert done.back == ("LUNA",)
    assert Asset.objects.get(symbol="LUNA").gone_at is None
    assert Asset.objects.get(symbol="LUNA").price.price == 1


@pytest.mark.parametrize("left", [0, 1, 999])
def test_a_short_list_says_nothing_about_who_is_missing(refresh, left):
    refresh([listed("luna", "LUNA", "Luna", "1"), *crowd()])
    for day in range(1, 9):
        assert refresh([listed("bitcoin", "BTC"), *crowd(left)][:999], day=day).gone == ()


def test_one_list_says_nothing_about_an_asset_that_another_knows_too(refresh):
    paprika = [listed("luna-luna", "LUNA", "Luna", "1", source="coinpaprika")]
    refresh([listed("luna", "LUNA", "Luna", "1"), *crowd()], paprika)
    for day in range(1, 9):
        assert refresh(crowd(), day=day).gone == ()
    assert refresh(crowd(), crowd(source="coinpaprika"), day=9).gone == ("LUNA",)


def test_the_same_lists_again_change_nothing(refresh):
    rows = [listed("bitcoin", "BTC"), listed("a", "DUP", "A", "1"), listed("b", "DUP", "B", "2")]
    refresh(rows)
    before = list(Asset.objects.order_by("symbol").values_list("symbol", "ticker", "name", "ids"))
    assert refresh(rows, day=1).added == ()
    after = list(Asset.objects.order_by("symbol").values_list("symbol", "ticker", "name", "ids"))
    assert after == before


def test_two_upstreams_that_mean_different_coins_by_one_ticker_are_kept_apart(refresh):
    refresh(
        [listed("gas", "GAS", "Gas", "2.40")],
        [listed("gas-gas", "GAS", "Gas", "0.08", source="coinpaprika")],
    )
    assert set(Asset.objects.filter(ticker="GAS").values_list("symbol", flat=True)) == {
        "coingecko:gas",
        "gas-gas",
    }


def test_a_tracked_asset_without_ids_is_joined_when_its_own_price_proves_it(refresh, settings):
    given_assets(settings, "BTC", "PEPE")
    given_price("PEPE", "0.0000049", observed_at=NOW)
    refresh([listed("pepe", "PEPE", "Pepe", "0.0000049")])
    assert Asset.objects.get(symbol="PEPE").ids == {"coingecko": "pepe"}


def test_the_catalog_is_due_once_a_day(refresh):
    assert is_due(NOW)
    refresh([listed("bitcoin", "BTC")])
    assert not is_due(NOW + timedelta(hours=22))
    assert is_due(NOW + DAY)
    # After a clock was set back, the last refresh stands in the future.
    assert is_due(NOW - timedelta(hours=2))


@pytest.fixture
def rank(django_capture_on_commit_callbacks):
    def ranked(*rows, now=NOW):
        with django_capture_on_commit_callbacks(execute=True):
            return record_standings(rows, now=now)

    return ranked


def test_places_are_replaced_by_those_of_the_next_list(rank):
    assert rank(listed(rank=1), listed("ethereum", "ETH", rank=2), listed("nobody", rank=3)) == 2
    assert rank(listed("ethereum", "ETH", rank=1)) == 1
    assert Standing.objects.get().asset.symbol == "ETH"
    assert [line.shape["symbol"] for line in top(10).lines] == ["ETH"]


def test_an_empty_list_leaves_the_places_as_they_are(rank):
    rank(listed(rank=1))
    assert (rank(), rank(listed("nobody"))) == (0, 0)
    assert Standing.objects.count() == 1


def test_an_absurd_figure_of_a_list_is_left_out(rank):
    rank(listed(rank=1, change_24h=Decimal("1e40"), market_cap=Decimal(-5)))
    row = Standing.objects.get()
    assert (row.price, row.change_24h, row.market_cap) == (Decimal(64000), None, None)
