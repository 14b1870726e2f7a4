"""The catalog from upstreams' own lists, over real HTTP: a thousand untidy coins, and some news."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from cryptodt.common.errors import InvalidSymbol
from market.models import Asset, Price, Rate, Standing
from market.resolver import symbol_of
from market.selectors.assets import index
from market.services.assets import sync_assets
from market.tasks.assets import refresh_catalog
from market.tasks.quotes import collect_quotes
from market.tasks.rates import refresh_rates
from providers import budget, roster
from providers.models import Provider
from providers.services import sync_roster
from providers.simulator import Simulator

LISTERS = ("coingecko", "coinpaprika")


@pytest.fixture(scope="module")
def simulator():
    with Simulator(seed=11) as running:
        yield running


@pytest.fixture
def upstreams(simulator, settings, db):
    settings.SIMULATED = True
    settings.PROVIDERS_BASE_URL = simulator.url
    simulator.heal()
    sync_roster()
    Provider.objects.exclude(slug__in=(*LISTERS, "binance", "kraken")).update(is_on=False)
    roster.changed()
    sync_assets()
    yield simulator
    simulator.heal()
    simulator.restore_coins()


@pytest.fixture
def refresh(upstreams, monkeypatch, django_capture_on_commit_callbacks):
    """Refresh the catalog, as due, with nothing asked in this minute so far."""
    monkeypatch.setattr("market.services.catalog.is_due", lambda now: True)
    monkeypatch.setattr(budget, "take", lambda slug, **_: True)

    def refreshed():
        with django_capture_on_commit_callbacks(execute=True):
            refresh_catalog()

    return refreshed


def test_a_thousand_assets_are_told_apart_and_every_symbol_leads_back(refresh):
    refresh()
    known = index()
    assert len(known.entries) >= 1200
    assert Standing.objects.count() == 250
    both = [one for one in known.entries.values() if set(LISTERS) <= one.ids.keys()]
    assert len(both) >= 1000
    # An id belongs to one asset.
    owned = Counter(pair for one in known.entries.values() for pair in one.ids.items())
    assert set(owned.values()) == {1}
    for symbol in known.entries:
        assert symbol_of(symbol, known) == symbol
    assert {"DUST", "RARE", "MOON"} <= known.entries.keys()


def test_coins_that_share_a_ticker_are_refused_by_it_and_found_by_their_ids(refresh):
    refresh()
    known = index()
    shared = [t for t, n in Counter(e.ticker for e in known.entries.values()).items() if n > 1]
    assert len(shared) >= 20
    for ticker in shared:
        namesakes = [one for one in known.entries.values() if one.ticker == ticker]
        settled = [one.symbol for one in namesakes if one.is_settled]
        if settled:
            assert symbol_of(ticker, known) == settled[0]
            continue
        with pytest.raises(InvalidSymbol) as refused:
            symbol_of(ticker, known)
        candidates = refused.value.details["candidates"]
        assert isinstance(candidates, list)
        assert {one["symbol"] for one in candidates} == {one.symbol for one in namesakes}


def test_a_rename_and_an_end_are_found_and_nothing_is_lost(refresh, upstreams):
    refresh()
    upstreams.rename("dust", "SPECK")
    upstreams.delist("moonshot")
    # What was listed days ago and is on no list any more is gone.
    Asset.objects.update(listed_at=timezone.now() - timedelta(days=4))
    count = Asset.objects.count()
    refresh()
    assert Asset.objects.count() == count
    assert symbol_of("SPECK", index()) == symbol_of("dust", index()) == "DUST"
    gone = Asset.objects.exclude(gone_at=None)
    assert [asset.symbol for asset in gone] == ["MOON"]


def test_half_an_answer_changes_nothing_that_it_does_not_tell(refresh, upstreams):
    refresh()
    before = list(Asset.objects.order_by("pk").values_list("symbol", "ticker", "name", "ids"))
    upstreams.fault("coingecko", "truncated")
    Asset.objects.update(listed_at=timezone.now() - timedelta(days=4))
    upstreams.delist("moonshot")
    refresh()
    after = list(Asset.objects.order_by("pk").values_list("symbol", "ticker", "name", "ids"))
    assert after == before
    assert not Asset.objects.exclude(gone_at=None).exists()


def test_rates_come_over_the_wire(upstreams):
    refresh_rates()
    euro = Rate.objects.get(currency="EUR")
    assert (euro.kind, euro.source) == ("fiat", "coingecko")
    assert Decimal("0.5") < euro.usd < 2


def test_the_price_of_an_asset_with_namesakes_is_its_own(refresh, upstreams, settings):
    refresh()
    pepes = Asset.objects.filter(ticker="PEPE")
    assert pepes.count() == 2
    pepes.update(asked_at=timezone.now())
    for _ in range(5):
        # On a busy machine the first listing may come too late for its round.
        collect_quotes()
        if Price.objects.filter(asset__ticker="PEPE").count() == 2:
            break
    prices = {row.asset.name: row for row in Price.objects.filter(asset__ticker="PEPE")}
    assert len(prices) == 2
    truth = Decimal(str(upstreams.market.price("PEPE", prices["Pepe"].observed_at)))
    assert abs(prices["Pepe"].price - truth) / truth < Decimal("0.01")
    # Only those who were asked by its id stand for it.
    assert all(set(row.sources) <= set(LISTERS) for row in prices.values())
