"""Recording figures: whole or not at all, never older over newer, and corrections are counted."""

import logging
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError

from market.models import Asset, DefiProtocol, GlobalSnapshot, TrendingAsset, TvlDay
from market.selectors import figures as selectors
from market.services import figures
from market.services.figures import (
    Refused,
    record_days,
    record_protocols,
    record_totals,
    record_trending,
)
from market.tests.figures import given_days, given_protocols, point, protocol, totals, trend
from market.tests.quotes import NOW, given_assets, given_price

pytestmark = pytest.mark.django_db


def the_totals():
    return GlobalSnapshot.objects.get()


def test_totals_are_kept_to_the_last_digit_with_our_own_prices_of_the_moment(settings):
    given_assets(settings, "BTC", "ETH")
    given_price("BTC", "64000.123456789012")
    given_price("ETH", "3000", observed_at=NOW - timedelta(minutes=10))
    record_totals(totals("2500000000000.123456789012"), now=NOW)
    row = the_totals()
    assert str(row.total_market_cap) == "2500000000000.123456789012"
    assert str(row.btc_price) == "64000.123456789012"
    # Ten minutes ago is not now.
    assert row.eth_price is None
    assert (row.at.minute, row.at.second, row.source) == (0, 0, "coingecko")


def test_the_first_word_on_five_minutes_stands():
    record_totals(totals(), now=NOW)
    record_totals(totals("2600000000000", age=5), now=NOW + timedelta(seconds=60))
    assert the_totals().total_market_cap == Decimal("2500000000000")
    record_totals(totals("2600000000000", age=5), now=NOW + timedelta(seconds=300))
    assert GlobalSnapshot.objects.count() == 2


def test_an_observation_that_is_known_is_not_kept_again_under_a_later_time():
    record_totals(totals(), now=NOW)
    record_totals(totals(), now=NOW + timedelta(seconds=300))
    record_totals(totals("2510000000000", age=31), now=NOW + timedelta(seconds=300))
    assert the_totals().total_market_cap == Decimal("2500000000000")


def test_totals_that_are_still_those_of_long_ago_send_to_the_next_provider():
    record_totals(totals(), now=NOW)
    with pytest.raises(Refused, match="too old"):
        record_totals(totals(), now=NOW + timedelta(minutes=30))


def test_totals_from_before_the_clock_was_set_back_block_nothing():
    record_totals(totals(), now=NOW)
    before = NOW - timedelta(days=3)
    earlier = replace(totals(), observed_at=before)
    record_totals(earlier, now=before)
    assert GlobalSnapshot.objects.count() == 2


def test_ten_times_what_bitcoin_is_worth_is_refused_from_the_start(settings):
    given_assets(settings, "BTC")
    given_price("BTC", market_cap=Decimal("1387500000000"))
    with pytest.raises(Refused, match="Bitcoin"):
        record_totals(totals("25000000000000"), now=NOW)
    assert not GlobalSnapshot.objects.exists()


def test_what_is_trending_is_joined_to_the_assets_that_are_known(settings):
    given_assets(settings, "BTC")
    record_trending([trend(2, "bitcoin"), trend(1, "pepe")], now=NOW)
    rows = TrendingAsset.objects.order_by("position")
    assert [(row.upstream_id, row.asset and row.asset.symbol) for row in rows] == [
        ("pepe", None),
        ("bitcoin", "BTC"),
    ]


def test_an_asset_that_trends_twice_is_shown_once_at_its_better_place():
    record_trending([trend(1, "pepe"), trend(2, "wif"), trend(3, "pepe")], now=NOW)
    rows = TrendingAsset.objects.order_by("position")
    assert [(row.position, row.upstream_id) for row in rows] == [(1, "pepe"), (2, "wif")]


def test_hostile_names_fit_the_columns():
    found = [
        trend(1, "a" * 101),
        trend(2, "nul\0id"),
        trend(3, "fine", name="N\0a\u202eme" + "x" * 500, symbol="S" * 500, rank=10**15),
    ]
    record_trending(found, now=NOW)
    row = TrendingAsset.objects.get()
    assert (row.name[:5], len(row.name), len(row.symbol), row.rank) == ("Namex", 100, 64, None)


def test_ten_thousand_trends_become_fifty():
    record_trending([trend(n, f"coin-{n}") for n in range(1, 10_001)], now=NOW)
    assert TrendingAsset.objects.count() == 50


def test_nothing_that_has_a_name_is_no_answer():
    with pytest.raises(Refused):
        record_trending([trend(1, "\0")], now=NOW)


def test_trends_are_kept_for_ninety_days():
    record_trending([trend()], now=NOW - timedelta(days=91))
    record_trending([trend()], now=NOW - timedelta(days=89))
    record_trending([trend()], now=NOW)
    assert TrendingAsset.objects.count() == 2


def test_an_asset_that_is_deleted_leaves_what_was_trending(settings):
    given_assets(settings, "BTC")
    record_trending([trend(1, "bitcoin")], now=NOW)
    Asset.objects.all().delete()
    assert TrendingAsset.objects.get().asset is None


def test_protocols_are_the_largest_first_and_those_that_vanished_are_gone():
    record_protocols([protocol("a", "9"), protocol("b", "8")], now=NOW)
    later = NOW + timedelta(hours=1)
    record_protocols([protocol("c", "10"), protocol("a", "9.5")], now=later)
    rows = DefiProtocol.objects.all()
    assert [(row.position, row.slug, str(row.tvl)) for row in rows] == [
        (1, "c", "10"),
        (2, "a", "9.5"),
    ]
    assert {row.observed_at for row in rows} == {later}


def test_the_same_list_twice_is_the_same_list():
    for _ in range(2):
        record_protocols([protocol("a", "9"), protocol("b", "8")], now=NOW)
    assert DefiProtocol.objects.count() == 2


def test_two_hundred_protocols_are_kept():
    record_protocols([protocol(f"p-{n}", str(1000 - n)) for n in range(300)], now=NOW)
    assert DefiProtocol.objects.count() == 200


def test_half_a_list_changes_nothing():
    given_protocols(10)
    with pytest.raises(Refused, match="half"):
        record_protocols([protocol("protocol-1", "5")], now=NOW + timedelta(hours=1))
    assert DefiProtocol.objects.count() == 10


def test_a_list_that_was_always_short_is_taken_after_a_day():
    given_protocols(10)
    record_protocols([protocol("protocol-1", "5")], now=NOW + timedelta(hours=25))
    assert DefiProtocol.objects.count() == 1


def test_a_protocol_whose_texts_are_hostile_is_kept_in_what_fits():
    odd = protocol(name="x" * 999, chains=("Eth\0ereum",) * 1000, symbol="\0", chain="\0")
    record_protocols([odd, protocol("s" * 101)], now=NOW)
    row = DefiProtocol.objects.get()
    assert (len(row.name), len(row.chains), row.chains[0]) == (200, 200, "Ethereum")


def test_a_list_that_cannot_be_stored_whole_is_not_stored_in_part(monkeypatch):
    given_protocols(3)
    monkeypatch.setattr(
        DefiProtocol.objects.__class__,
        "bulk_create",
        lambda *_, **__: (_ for _ in ()).throw(DatabaseError("no room")),
    )
    with pytest.raises(DatabaseError):
        record_protocols([protocol(f"q-{n}", "7") for n in range(3)], now=NOW)
    assert {row.slug for row in DefiProtocol.objects.all()} == {
        "protocol-1",
        "protocol-2",
        "protocol-3",
    }


def day(back):
    return TvlDay.objects.get(day=NOW.date() - timedelta(days=back))


def test_the_running_day_moves_without_being_corrected():
    record_days([point(1, "100"), point(0, "110")], now=NOW)
    record_days([point(1, "100"), point(0, "120")], now=NOW + timedelta(hours=1))
    assert (str(day(0).tvl), day(0).revision, day(0).is_closed) == ("120", 0, False)


def test_a_day_that_ended_is_closed_once_it_is_told_again():
    record_days([point(0, "110")], now=NOW)
    tomorrow = NOW + timedelta(days=1)
    record_days([point(0, "110"), point(-1, "112")], now=tomorrow)
    assert (day(0).revision, day(0).is_closed) == (0, True)


def test_another_value_for_a_day_that_is_over_is_a_correction_counted_and_logged(caplog):
    record_days([point(2, "90"), point(1, "100"), point(0, "110")], now=NOW)
    with caplog.at_level(logging.WARNING):
        record_days([point(2, "91"), point(1, "100"), point(0, "111")], now=NOW)
    assert (str(day(2).tvl), day(2).revision, day(1).revision) == ("91", 1, 0)
    (line,) = caplog.records
    assert line.fields["days"] == {day(2).day.isoformat(): "90 -> 91"}


def test_days_that_are_told_again_unchanged_are_not_written_again():
    record_days([point(1, "100"), point(0, "110")], now=NOW)
    later = NOW + timedelta(hours=1)
    record_days([point(1, "100"), point(0, "110")], now=later)
    assert (day(1).observed_at, day(0).observed_at) == (NOW, later)


def test_half_a_chart_takes_no_day_away():
    given_days(3, 2, 1, 0)
    record_days([point(1, "100000000001"), point(0, "100000000000")], now=NOW)
    assert TvlDay.objects.count() == 4


def test_a_chart_that_is_off_as_a_whole_changes_nothing():
    given_days(3, 2, 1, 0)
    with pytest.raises(Refused, match="as a whole"):
        record_days([point(n, "1000000000000") for n in range(4)], now=NOW)
    assert day(1).revision == 0


def test_what_is_recorded_is_shown_at_once(django_capture_on_commit_callbacks):
    with time_machine.travel(NOW, tick=False):
        assert selectors.warm_defi().items == {}
        with django_capture_on_commit_callbacks(execute=True):
            record_protocols([protocol("a", "9")], now=NOW)
            record_days([point(0, "9")], now=NOW)
            record_trending([trend()], now=NOW)
            record_totals(totals(), now=NOW)
        for held in (
            selectors.warm_defi(),
            selectors.warm_tvl(),
            selectors.warm_trending(),
            selectors.warm_totals(),
        ):
            assert len(held.items) == 1


def test_a_snapshot_that_cannot_be_shown_does_not_undo_what_is_stored(
    monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(figures, "show_totals", lambda: 1 / 0)
    with django_capture_on_commit_callbacks(execute=True):
        record_totals(totals(), now=NOW)
    assert GlobalSnapshot.objects.exists()
