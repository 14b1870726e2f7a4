"""The catalog: warm without the store, found by any name, and paged without gaps."""

import pytest
from django.core.cache import cache
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from market import snapshot
from market.models import Alias, Asset
from market.resolver import Entry, symbol_of
from market.selectors.assets import asset_page, index, names, stored_entries
from market.tests.quotes import given_assets

CROWD = [Entry(f"C{n:03}", f"C{n:03}", f"Coin {n}") for n in range(57)]


@pytest.mark.django_db
def test_the_index_is_one_query_when_cold_and_none_when_warm(settings, django_assert_num_queries):
    given_assets(settings, "ETH", "BTC")
    for word in ("RNDR", "OLD"):
        btc = Asset.objects.get(symbol="BTC")
        Alias.objects.create(word=word, asset=btc, since=timezone.now())
    cache.delete("snapshot:assets:version")
    with django_assert_num_queries(1):
        known = index()
    with django_assert_num_queries(0):
        assert index() is known
        assert list(names()) == ["ETH", "BTC"]
    assert sorted(known.entries["BTC"].aliases) == ["OLD", "RNDR"]
    assert {symbol_of(word, known) for word in ("OLD", "rndr", "XBT")} == {"BTC"}
    assert known.settled == {"ETH", "BTC", "USDT", "USDC"}


@pytest.mark.django_db
def test_a_new_asset_is_known_as_soon_as_it_is_published(settings):
    given_assets(settings, "BTC")
    assert "NEW" not in index().entries
    Asset.objects.create(symbol="NEW", ticker="NEW", name="New")
    snapshot.publish_assets(stored_entries())
    assert "NEW" in index().entries


@pytest.mark.parametrize("size", [1, 7, 56, 57, 100])
def test_pages_put_together_are_the_catalog(size):
    snapshot.publish_assets(CROWD)
    found, after = [], None
    while True:
        page = asset_page("coin", limit=size, after=after)
        assert page.total == 57
        found += [entry.symbol for entry in page.entries]
        after = page.next
        if after is None:
            break
    assert found == [entry.symbol for entry in CROWD]


def test_the_closest_name_comes_first():
    snapshot.publish_assets(
        [
            Entry("wrapped-eth", "WETH", "Wrapped Eth"),
            Entry("ETHX", "ETHX", "X"),
            Entry("ETH", "ETH", "E"),
        ]
    )
    assert [one.symbol for one in asset_page("eth", limit=9, after=None).entries] == [
        "ETH",
        "ETHX",
        "wrapped-eth",
    ]


@given(st.text(max_size=100))
def test_any_text_can_be_searched_for(text):
    snapshot.publish_assets(CROWD)
    assert asset_page(text, limit=5, after=None).total <= 57
