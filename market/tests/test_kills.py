"""Killed at any moment, the collection leaves nothing half written, and catches up afterwards."""

import os
import random
import signal
from collections import Counter
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection

from conftest import forget
from cryptodt.common.single import LEASE, is_taken
from market.candle_snapshot import VERSION_SECONDS
from market.intervals import INTERVALS, open_of
from market.models import Candle, Correction, Gap, Price, PricePoint, Series, Source
from market.selectors.prices import warm_prices
from market.snapshot import milliseconds
from market.tests.collecting import Nursery, SharedClock, pass_by
from market.tests.quotes import given_assets
from market.tests.simulated import true_bar, values
from market.tests.tasks.conftest import BEGIN
from providers.held import HOLD
from providers.models import Provider
from providers.simulator import Simulator
from providers.simulator import simulator as simulators
from providers.simulator.wire import binance

KILLS = int(os.environ.get("KILLS", "20"))
PAGE = 1000
SYMBOLS, KEPT_INTERVALS = ("BTC", "ETH"), ("1m", "5m", "1h")
VENUES = ("binance", "okx", "bybit", "kraken", "coinbaseexchange")
# One minute in so many is not to be had from the first provider.
WITHHELD = 13
COLUMNS = ("opened_at", "state", "source_id", "seen_at")
# Where a process dies, beside at any time: on a line of these that is drawn by lot.
PLACES = (
    "cryptodt.common.broadcast:publish",
    "cryptodt.common.single:single",
    "cryptodt.common.snapshot:publish",
    "django.db.backends.base.base:BaseDatabaseWrapper._commit",
    "django.db.backends.base.base:BaseDatabaseWrapper.run_and_clear_commit_hooks",
    "django.db.backends.utils:CursorWrapper._execute",
    "django.db.backends.utils:CursorWrapper._executemany",
    "market.candle_snapshot:renew",
    "market.candle_snapshot:tell",
    "market.services.candle_rows:put_candles",
    "market.services.candles:_show",
    "market.services.candles:_store",
    "market.services.candles:record_candles",
    "market.services.collection:record_answer",
    "market.services.collection:record_failure",
    "market.services.gaps:_put",
    "market.services.gaps:_repair",
    "market.services.gaps:close_gaps",
    "market.services.gaps:find_gaps",
    "market.services.prices:_show",
    "market.services.prices:_store",
    "market.services.prices:record_quotes",
    "market.services.repair:_judge",
    "market.services.repair:conclude",
    "market.services.repair:fill",
    "market.tasks.candles:_settle",
    "market.tasks.candles:collect",
    "market.tasks.repair:repair",
    "providers.gateway:fetch_quotes",
)

with_redis = pytest.mark.skipif(not django_settings.REDIS_URL, reason="needs Redis")
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]


class World:
    """The market, its time, and the nursery of those who collect it."""

    def __init__(self, simulator, clock, nursery):
        self.simulator = simulator
        self.clock = clock
        self.nursery = nursery

    def catch_up(self, rounds=8):
        self.nursery.hatch(seed=0, rounds=rounds)
        assert self.nursery.ended(seconds=120) == 0

    def kill_at(self, place):
        """Let a collector die when it comes to a place."""
        self.nursery.hatch(seed=0, rounds=1, place=place, line=1)
        assert self.nursery.ended(seconds=60) == -signal.SIGKILL

    def kill_somebody(self, chance, place):
        """Let a collector work until it is killed; say whether it was not done before."""
        if place:
            line = chance.randint(1, chance.choice((5, 20, 60)))
            self.nursery.hatch(seed=chance.random(), rounds=4, place=place, line=line)
            return self.nursery.ended(seconds=60) == -signal.SIGKILL
        pid = self.nursery.hatch(seed=chance.random(), rounds=20)
        if self.nursery.ended(seconds=chance.uniform(0, 1)) is not None:
            return False
        return self.nursery.kill(pid) == -signal.SIGKILL


@pytest.fixture
def world(settings, tmp_path, monkeypatch):
    settings.SIMULATED = True
    settings.SUPPORTED_INTERVALS = list(KEPT_INTERVALS)
    given_assets(settings, *SYMBOLS)
    Provider.objects.exclude(slug__in=VENUES).update(is_on=False)
    monkeypatch.setitem(simulators.PROVIDERS, "binance", withholding)
    clock = SharedClock(tmp_path / "clock")
    clock.move_to(BEGIN)
    with Simulator(seed=7, clock=clock) as simulator:
        environment = {
            "CRYPTODT_DATA_DIR": str(tmp_path),
            "CRYPTODT_SIMULATED": "1",
            "DATABASE_URL": database_url(),
            "LOG_LEVEL": "error",
            "PROVIDERS_BASE_URL": simulator.url,
            "SUPPORTED_INTERVALS": ",".join(KEPT_INTERVALS),
            "SUPPORTED_SYMBOLS": ",".join(SYMBOLS),
            "WHOLE_CACHE_PREFIX": django_settings.CACHE_PREFIX,
        }
        with (tmp_path / "log").open("w") as log:
            nursery = Nursery(tmp_path / "clock", environment, log)
            yield World(simulator, clock, nursery)
            nursery.close()


def database_url():
    """Return where this test's own database is."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def withholding(view, path, query):
    """Answer as Binance would that has no candle of some minutes."""
    told = binance.answer(view, path, query)
    if query.get("interval") != "1m" or not isinstance(told.body, list):
        return told
    return replace(told, body=[row for row in told.body if not is_withheld(row[0] // 1000)])


def is_withheld(opened_at):
    return opened_at > BEGIN and opened_at // 60 % WITHHELD == 0


def series_kept():
    return Series.objects.filter(currency="USDT", interval__in=KEPT_INTERVALS).select_related(
        "asset"
    )


# -- What must hold whenever a process was killed ----------------------------------------


def assert_prices_are_whole():
    for row in Price.objects.select_related("asset"):
        # Of a round there is all or nothing: the row, what led to it, and its place in history.
        observed_ms = milliseconds(row.observed_at)
        point = PricePoint.objects.filter(asset=row.asset).order_by("-at")[0]
        assert point.at == observed_ms // 60_000 * 60
        assert point.observed_ms <= observed_ms
        assert [one["source"] for one in row.receipts["contributors"]] == row.sources


def assert_nothing_is_shown_that_is_not_stored():
    forget_this_process()
    stored = stored_ms()
    assert all(at <= stored[symbol] for symbol, at in shown_ms().items())


def stored_ms():
    rows = Price.objects.select_related("asset")
    return {row.asset.symbol: milliseconds(row.observed_at) for row in rows}


def shown_ms():
    return {symbol: item.observed_ms for symbol, item in warm_prices().items.items()}


def forget_this_process():
    """See what a process sees that has just been started."""
    if not django_settings.REDIS_URL:
        forget()


def assert_candles_are_whole(series):
    rows = list(Candle.objects.filter(series=series).order_by("opened_at").only(*COLUMNS))
    if not rows:
        assert series.collected_at is None
        return
    newest, step = rows[-1], INTERVALS[series.interval]
    gaps = list(Gap.objects.filter(series=series))
    # What came with an answer is stored with all that follows from it, or not at all.
    repaired = {int(gap.repaired_at.timestamp()) for gap in gaps if gap.repaired_at is not None}
    collected = int(series.collected_at.timestamp()) if series.collected_at else 0
    assert all(row.seen_at <= collected or row.seen_at in repaired for row in rows)
    closed = {row.opened_at: row.source_id for row in rows if row.state != Candle.State.OPEN}
    told = {
        at for gap in gaps if gap.repaired_at is None for at in range(gap.start, gap.end, step)
    }
    # Whatever is not known to its end is in the ledger, and nothing else is.
    assert told.isdisjoint(closed)
    assert set(range(rows[0].opened_at, newest.opened_at, step)) <= closed.keys() | told
    slugs = dict(Source.objects.values_list("pk", "slug"))
    for gap in gaps:
        if gap.repaired_at is not None:
            filled = [slugs[closed[at]] for at in range(gap.start, gap.end, step)]
            assert set(filled) == {gap.repaired_by}


def assert_whole():
    assert_prices_are_whole()
    assert_nothing_is_shown_that_is_not_stored()
    for series in series_kept():
        assert_candles_are_whole(series)


# -- What must hold when it has caught up ------------------------------------------------


def assert_nothing_is_lost(world, series):
    symbol, interval, step = series.asset.symbol, series.interval, INTERVALS[series.interval]
    now = int(world.clock())
    rows = {row.opened_at: row for row in kept_since(series, BEGIN // step * step)}
    # Its own last round is up to a minute and a half ago.
    assert set(range(BEGIN // step * step, open_of(interval, now - 90), step)) <= set(rows)
    for at, row in rows.items():
        if row.state != Candle.State.OPEN:
            assert values(row) == true_bar(
                world.simulator, row.source.slug, symbol, at, interval
            ), at
    assert not Correction.objects.exists()


def kept_since(series, since):
    return Candle.objects.filter(series=series, opened_at__gte=since).select_related("source")


def assert_served_as_stored(world, client):
    forget_this_process()
    with time_machine.travel(world.clock(), tick=False):
        prices = client.get("/api/prices").json()["data"]
        assert {one["symbol"]: one["priceExact"] for one in prices} == {
            row.asset.symbol: str(row.price.normalize())
            for row in Price.objects.filter(asset__symbol__in=SYMBOLS).select_related("asset")
        }
        for series in series_kept():
            assert served(world, client, series) == stored_times(series)


def served(world, client, series):
    """Return when the candles of the latest page opened, and whether each is closed."""
    wanted = {"symbol": series.asset.symbol, "interval": series.interval, "limit": PAGE}
    with time_machine.travel(world.clock(), tick=False):
        bars = client.get("/api/ohlcv", wanted).json()["data"]
    return [(bar["timestamp"] // 1000, bar["closed"]) for bar in bars]


def stored_times(series):
    newest = kept_since(series, 0).order_by("-opened_at")[:PAGE]
    return [(row.opened_at, row.state != Candle.State.OPEN) for row in reversed(newest)]


def test_whenever_it_is_killed_nothing_is_half_written_and_nothing_is_lost(world, client):
    chance = random.Random(int(os.environ.get("SEED", "1")))
    died: Counter[str] = Counter()
    places = ["", *PLACES]
    while died.total() < KILLS:
        # A third of them die whenever they do.
        place = chance.choice(places) if chance.random() < 2 / 3 else ""
        if chance.random() < 0.15:
            for venue in VENUES:
                world.simulator.fault(venue, "server_error")
        if world.kill_somebody(chance, place):
            died[place] += 1
        assert_whole()
        world.simulator.heal()
        pass_by(world.clock, chance.choice((0, 5, 30, 240, 1200)))
    world.catch_up()
    # That the newest minute was left out shows only when the next one is there.
    while is_withheld(open_of("1m", int(world.clock()) - 90) - 60):
        pass_by(world.clock, 60)
        world.catch_up(rounds=2)
    assert_whole()
    assert not Gap.objects.filter(repaired_at=None).exists()
    for series in series_kept():
        assert_nothing_is_lost(world, series)
    assert_served_as_stored(world, client)
    print(dict(died))


# -- What outlives a process, because it lies in Redis -----------------------------------


@with_redis
def test_a_collector_that_was_killed_keeps_the_next_one_waiting_for_one_lease(world):
    world.kill_at("market.tasks.candles:collect")
    assert is_taken("collect_candles")
    pass_by(world.clock, LEASE)
    assert not is_taken("collect_candles")


@with_redis
def test_a_version_of_candles_that_was_not_renewed_runs_out(world, client):
    world.catch_up(rounds=1)
    assert_served_as_stored(world, client)
    # There is a new minute, and the version is still the one that was just read.
    pass_by(world.clock, 61)
    world.kill_at("market.candle_snapshot:renew")
    behind = [one for one in series_kept() if served(world, client, one) != stored_times(one)]
    assert len(behind) == 1
    pass_by(world.clock, VERSION_SECONDS)
    assert_served_as_stored(world, client)


@with_redis
def test_prices_that_were_not_shown_are_shown_even_when_nobody_answers_any_more(world, client):
    world.catch_up(rounds=1)
    world.kill_at("market.services.prices:_show")
    for venue in VENUES:
        world.simulator.fault(venue, "server_error")
    stored = stored_ms()
    assert shown_ms() != stored
    # Until the last answers that were any good are forgotten.
    pass_by(world.clock, HOLD)
    world.catch_up(rounds=1)
    # There was no news.
    assert stored_ms() == stored
    assert shown_ms() == stored_ms()
