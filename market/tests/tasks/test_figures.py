"""Collecting figures over real HTTP: whoever is late, wrong or hostile changes nothing."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.utils import timezone

from cryptodt.common.single import single
from market.models import DefiProtocol, GlobalSnapshot, TrendingAsset, TvlDay
from market.tasks.figures import collect_defi, collect_global, collect_trending, collect_tvl
from market.tests.quotes import given_assets
from providers import roster
from providers.models import Provider
from providers.simulator import Simulator
from providers.tests.listener import Listener, answer

pytestmark = pytest.mark.django_db

TASKS = {
    collect_global: GlobalSnapshot,
    collect_trending: TrendingAsset,
    collect_defi: DefiProtocol,
    collect_tvl: TvlDay,
}
EVERY_TASK = pytest.mark.parametrize(("task", "model"), TASKS.items())
DAY = 86400
# What a single provider can do wrong with an answer that it sends at once.
BROKEN = ("server_error", "html", "error_body", "empty", "truncated", "rate_limited", "reset")


@pytest.fixture(scope="module")
def simulator():
    with Simulator(seed=7) as running:
        yield running


@pytest.fixture
def market(simulator, settings):
    settings.SIMULATED = True
    settings.PROVIDER_URLS = {}
    settings.PROVIDERS_BASE_URL = simulator.url
    simulator.heal()
    simulator.forget_requests()
    given_assets(settings, "BTC", "ETH")
    yield simulator
    simulator.heal()


@pytest.fixture
def said(settings):
    """Let DefiLlama answer with rows of ours."""
    listeners = []
    settings.SIMULATED = False

    def say(rows):
        listener = Listener(answer(body=json.dumps(rows).encode()))
        settings.PROVIDER_URLS = {"defillama": listener.url}
        listeners.append(listener)

    yield say
    for listener in listeners:
        listener.stop()


def only(*slugs):
    Provider.objects.exclude(slug__in=slugs).update(is_on=False)
    roster.changed()


@pytest.fixture(autouse=True)
def _own_roster():
    roster.changed()
    yield
    roster.changed()


@EVERY_TASK
def test_a_first_run_records_what_was_said(market, task, model):
    task()
    assert model.objects.exists()


def test_totals_are_those_of_the_market(market):
    collect_global()
    row = GlobalSnapshot.objects.get()
    assert row.source == "coingecko"
    assert Decimal(10**12) < row.total_market_cap < Decimal(10**13)
    assert 0 < row.eth_dominance < row.btc_dominance < 100


def test_trends_know_the_assets_that_we_know(market):
    collect_trending()
    rows = TrendingAsset.objects.order_by("position")
    assert [row.position for row in rows] == list(range(1, 16))
    assert all(row.asset is None or row.asset.symbol == row.symbol for row in rows)


def test_protocols_are_in_the_order_of_what_they_hold(market):
    collect_defi()
    held = [row.tvl for row in DefiProtocol.objects.order_by("position")]
    assert held == sorted(held, reverse=True)
    assert len(held) == 18


def test_days_reach_back_to_the_first(market):
    collect_tvl()
    days = list(TvlDay.objects.order_by("day").values_list("day", flat=True))
    assert days[-1] == timezone.now().date()
    assert (days[-1] - days[0]).days + 1 == len(days) > 1500


@pytest.mark.parametrize("fault", [*BROKEN, "stale"])
def test_when_the_first_provider_is_broken_the_next_one_is_asked(market, fault):
    market.fault("coingecko", fault)
    collect_global()
    assert GlobalSnapshot.objects.get().source != "coingecko"


def test_yesterdays_totals_are_not_recorded(market):
    only("coingecko")
    market.fault("coingecko", "stale", age=DAY)
    collect_global()
    assert not GlobalSnapshot.objects.exists()


def test_totals_ten_times_too_large_are_not_recorded(market):
    collect_global()
    only("coingecko")
    market.fault("coingecko", "wrong_price", factor=10)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        collect_global()
    assert GlobalSnapshot.objects.count() == 1


@pytest.mark.parametrize(("task", "model"), [(collect_defi, DefiProtocol), (collect_tvl, TvlDay)])
def test_what_is_locked_ten_times_over_is_not_recorded(market, task, model):
    task()
    before = list(model.objects.values_list("tvl", flat=True))
    market.fault("defillama", "wrong_price", factor=10)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        task()
    assert list(model.objects.values_list("tvl", flat=True)) == before


@pytest.mark.parametrize("fault", BROKEN)
@EVERY_TASK
def test_a_broken_answer_changes_nothing_and_breaks_nothing(market, task, model, fault):
    task()
    before = list(model.objects.values_list().order_by("pk"))
    only("coingecko", "defillama")
    for provider in ("coingecko", "defillama"):
        market.fault(provider, fault)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        task()
    assert list(model.objects.values_list().order_by("pk")) == before


@EVERY_TASK
def test_nobody_is_asked_again_soon_after(market, task, model):
    # Not at the end of five minutes, or these tests would fail once in a thousand times.
    begun = timezone.now().replace(minute=timezone.now().minute // 5 * 5, second=10)
    with time_machine.travel(begun + timedelta(minutes=5)) as clock:
        task()
        market.forget_requests()
        clock.shift(timedelta(minutes=4))
        task()
    assert model.objects.exists()
    assert market.requests("coingecko") + market.requests("defillama") == []


@EVERY_TASK
def test_a_run_is_skipped_while_another_goes_on(market, task, model):
    with single(task.name.rpartition(".")[2], seconds=60):
        task()
    assert not model.objects.exists()


@EVERY_TASK
def test_with_nobody_switched_on_nothing_is_recorded(market, task, model):
    only()
    task()
    assert not model.objects.exists()


def row(slug="lido", tvl=5.25, **fields):
    return {"slug": slug, "name": slug, "symbol": "-", "tvl": tvl, **fields}


def test_a_list_full_of_the_absurd_keeps_what_can_be_meant(said):
    said(
        [
            row("exchange", 9e11, category="CEX"),
            row("ledger", 9e11, category="Chain"),
            row("below", -5),
            row("beyond", 1e40),
            row("unknown", None),
            row("fine", 5.25, category="Lending", chains=["Ethereum"]),
        ]
    )
    collect_defi()
    kept = DefiProtocol.objects.get()
    assert (kept.slug, str(kept.tvl), kept.symbol, kept.position) == ("fine", "5.25", "", 1)


def test_a_list_of_twenty_thousand_is_two_hundred(said):
    said([row(f"protocol-{n}", 10**6 + n) for n in range(20_000)])
    collect_defi()
    assert DefiProtocol.objects.count() == 200
    assert DefiProtocol.objects.get(position=1).slug == "protocol-19999"


def test_days_of_the_absurd_are_left_out(said):
    today = int(timezone.now().timestamp()) // DAY * DAY
    tvls = {4: 100.5, 3: 1e18, 2: 0, 1: 101, 0: 102, -1: 103}
    said([{"date": today - back * DAY, "tvl": tvl} for back, tvl in tvls.items()])
    collect_tvl()
    kept = TvlDay.objects.order_by("day").values_list("tvl", flat=True)
    assert [str(tvl) for tvl in kept] == ["100.5", "101", "102"]
