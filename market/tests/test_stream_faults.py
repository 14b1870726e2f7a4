"""Every fault of the venues' sockets in turn, while prices and candles run: nothing told is wrong.

FAULT_SECONDS=300 make test ARGS="-n 0 -s -k stream_faults" goes on for that long; SEED=7 strikes
in another order.
"""

import json
import os
import random
import statistics
import threading
import time
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import psutil
import pytest
import time_machine

from cryptodt.common import broadcast
from market.models import Asset, Candle, Gap, Series
from market.tasks.candles import collect_candles
from market.tasks.quotes import collect_quotes
from market.tasks.streams import Listening
from market.tests.quotes import given_assets
from market.tests.simulated import kept, moment, true_bar, values
from market.tests.tasks.conftest import BEGIN
from providers import calls, held, roster
from providers.adapters.ccxt_exchange import CcxtExchange
from providers.models import Provider
from providers.registry import ROWS
from providers.services import sync_roster
from providers.simulator import Simulator
from providers.simulator.faults import FAULTS
from providers.stream import Pace

SECONDS = float(os.environ.get("FAULT_SECONDS", "1"))
SEED = int(os.environ.get("SEED", "1"))
STREAMING = ("binance", "kraken", "coinbaseexchange", "okx", "bybit")
KINDS = [kind for kind, row in FAULTS.items() if row.stage == "socket"]
OPTIONS: dict[str, dict[str, Any]] = {
    "stream_huge": {"megabytes": 1},
    "stream_slow": {"seconds": 0.4},
    "stream_sequence_gap": {"every": 1},
}
# What a venue is said to suffer from. What is only late or lost in silence has no name.
NAMES = {
    "stream_blocked": "blocked",
    "stream_mute": "silent",
    "stream_reset": "unreachable",
    "stream_drop": "unreachable",
    "stream_duplicate": "repeated",
    "stream_reordered": "out_of_order",
    "stream_sequence_gap": "sequence_gap",
    "stream_garbage": "bad_payload",
    # Whoever pours it out slowly is taken for silent before.
    "stream_huge": "unreachable silent",
}
# The market runs so many times as fast as we do; what is patient is patient in our time.
SPEED, STEP = 50, 0.04
SWIFT = Pace(silent_kind=0.6, silent_channel=0.6, watch=0.1, first_delay=0.05, longest_delay=0.2)
PATIENCE = {
    "market.tasks.streams.LEAD": 1.0,
    "market.tasks.streams.OPEN_EVERY": 0.1,
    "market.tasks.streams.READ_EVERY": 0.5,
    "market.tasks.streams.NUDGE_EVERY": 0.2,
    "providers.faucet.NOTE": 0.1,
    "providers.line.LOOK": 0.05,
    # Rests and leases are reckoned in the market's time.
    "providers.services.BLOCKED_PAUSE": 5,
    "cryptodt.common.single.LEASE": 10**6,
    "market.tasks.quotes.RECORDING_LOCK": 10**6,
}
# In the market's seconds: how often prices are asked for, and candles after their minute.
ROUND, MINUTE, AFTER = 20, 60, 10
# Venues differ by hundredths of a percent.
NEAR = Decimal("0.001")


def exact(text):
    return json.loads(text, parse_float=Decimal)


class Feed:
    """What is told to everybody, held against the market at once."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.prices: Counter[str] = Counter()
        self.wrong: list[str] = []
        # By asset: when the price that was told last was observed; the longest time between two.
        self.latest: dict[str, float] = {}
        self.longest: dict[str, float] = {}
        # Who told first that a candle is complete: the streams' own thread, or the collection.
        self.completed: dict[tuple[str, int], bool] = {}
        self.candles = 0
        self.lags: list[float] = []

    def hear(self, message):
        told = exact(message)
        is_streamed = threading.current_thread().name.startswith("stream-hand")
        for name, text in told["items"].items():
            if told["topic"] == "prices":
                self._price(name, exact(text), is_streamed)
            elif told["topic"] == "candles" and text != broadcast.TOO_MUCH:
                for one in exact(text):
                    self._candle(name, one, is_streamed)

    def _price(self, symbol, item, is_streamed):
        self.prices["streamed" if is_streamed else "asked"] += 1
        at = datetime.fromisoformat(item["lastUpdate"]).timestamp()
        before = self.latest.get(symbol, at)
        if at < before:
            self.wrong.append(f"{symbol} goes back from {before} to {at}")
        self.longest[symbol] = max(self.longest.get(symbol, 0.0), at - before)
        self.latest[symbol] = at
        if is_streamed:
            self.lags.append((self.simulator.clock() - at) / SPEED)
        truth = Decimal(str(self.simulator.market.price(symbol, at)))
        if abs(Decimal(item["priceExact"]) / truth - 1) > NEAR:
            self.wrong.append(f"{symbol} is {item['priceExact']} and not {truth} at {at}")

    def _candle(self, name, told, is_streamed):
        self.candles += 1
        symbol, second = name.partition("/")[0], told["timestamp"] // 1000
        true = true_bar(self.simulator, told["source"], symbol, second, "1m")
        said = tuple(Decimal(told[one]) for one in ("open", "high", "low", "close", "volume"))
        if told["closed"]:
            self.completed.setdefault((name, second), is_streamed)
            is_right = said == true
        else:
            # As much of it as there was by then.
            is_right = said[0] == true[0] and true[2] <= said[2] <= said[1] <= true[1]
            is_right &= said[4] <= true[4]
        if not is_right or told["revision"]:
            self.wrong.append(f"{name} of {told['source']} at {second} is {told}")

    @property
    def streamed(self):
        return sum(self.completed.values())


class World:
    """The simulated market, a clock that runs fast, and the schedule beside it."""

    def __init__(self, simulator, clock):
        self.simulator, self.clock = simulator, clock
        self.is_asked_for = threading.Event()
        # Why venues were left out, in all the time.
        self.reasons: Counter[tuple[str, str]] = Counter()

    @property
    def now(self):
        return self.simulator.clock()

    def step(self):
        """Let the market go on for a moment, collecting as the schedule does."""
        before = self.now
        self.clock.shift(SPEED * STEP)
        if before // ROUND < self.now // ROUND:
            collect_quotes()
        is_due = (before - AFTER) // MINUTE < (self.now - AFTER) // MINUTE
        if self.is_asked_for.is_set() or is_due:
            self.is_asked_for.clear()
            collect_candles()
        time.sleep(STEP)

    def pass_by(self, seconds):
        """Let so much of our time pass at least."""
        for _ in range(round(seconds / STEP)):
            self.step()

    def go_on_until(self, is_true, what, seconds=90.0):
        end = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < end, f"{what}: that did not happen in time"
            self.step()

    def sockets(self, slug):
        return self.simulator.state()["providers"][slug]["sockets"]

    def newest_of(self, slug):
        known = held.streamed(slug)
        quotes = known.quotes if known is not None else ()
        return max((one.observed_at.timestamp() for one in quotes), default=0)

    def wait_for_all(self, feed):
        """Wait until every venue is heard anew, and a candle is complete because one said so."""
        since, streamed = self.now, feed.streamed
        for slug in STREAMING:
            self.go_on_until(lambda slug=slug: self.newest_of(slug) > since, f"{slug} is heard")
        self.go_on_until(lambda: feed.streamed > streamed, "a candle is completed by a stream")

    def strike(self, kind, slugs):
        """Strike venues until all feel it, and are said to suffer from it."""
        end = time.monotonic() + 60
        while not self._is_felt(kind, slugs):
            # One that was not heard when it was struck had nothing to lose.
            assert time.monotonic() < end, f"{kind} of {slugs} has no name: {self.reasons}"
        self.simulator.heal()

    def _is_felt(self, kind, slugs):
        since, before = self.now, dict(self.reasons)
        self.simulator.heal()
        for slug in slugs:
            self.go_on_until(lambda slug=slug: self.newest_of(slug) > since, f"{slug} is heard")
        for slug in slugs:
            self.simulator.fault(slug, kind, **OPTIONS.get(kind, {}))
        self.pass_by(0.4)
        wanted = [(slug, names_of(kind, slug)) for slug in slugs]
        tries = time.monotonic() + 5
        while not (is_felt := all(self._is_named(*one, before) for one in wanted)):
            if time.monotonic() > tries:
                break
            self.step()
        return is_felt

    def _is_named(self, slug, names, before):
        return not names or any(
            self.reasons[slug, name] > before.get((slug, name), 0) for name in names
        )


def names_of(kind, slug):
    if kind == "stream_sequence_gap" and slug != "coinbaseexchange":
        # Nobody else counts where we could see it: this one only falls silent.
        return ["silent"]
    return NAMES.get(kind, "").split()


@pytest.fixture
def world(settings, transactional_db, monkeypatch):
    settings.SIMULATED = True
    settings.PROVIDER_URLS = {}
    settings.PROVIDER_STREAM_URLS = {}
    settings.SUPPORTED_INTERVALS = ["1m"]
    settings.CIRCUIT_BREAKER_THRESHOLD = 10**6
    settings.CIRCUIT_BREAKER_TIMEOUT = 1
    for row in ROWS:
        if isinstance(row.adapter, CcxtExchange):
            row.adapter._listed = None
    for name, seconds in PATIENCE.items():
        monkeypatch.setattr(name, seconds)
    with (
        time_machine.travel(BEGIN, tick=False) as clock,
        Simulator(seed=7, tick=STEP) as simulator,
    ):
        sync_roster()
        Provider.objects.exclude(slug__in=STREAMING).update(is_on=False)
        roster.changed()
        given_assets(settings, "BTC", "ETH")
        # Kraken streams candles in dollars only.
        Series.objects.create(
            asset=Asset.objects.get(symbol="BTC"),
            currency="USD",
            interval="1m",
            asked_at=moment(BEGIN + 10**6),
        )
        settings.PROVIDERS_BASE_URL = simulator.url
        one = World(simulator, clock)
        monkeypatch.setattr(
            "market.tasks.streams.current_app.send_task", lambda *_, **__: one.is_asked_for.set()
        )
        counted = calls.count_reason

        def count(slug, capability, reason, number=1):
            if capability == "stream":
                one.reasons[slug, reason] += number
            counted(slug, capability, reason, number)

        monkeypatch.setattr(calls, "count_reason", count)
        yield one
        simulator.heal()


def storm(world):
    """Strike two venues at a time, each kind in turn, until the time is over."""
    chance = random.Random(SEED)
    struck: Counter[str] = Counter()
    end = time.monotonic() + SECONDS
    while not struck or time.monotonic() < end:
        for kind in chance.sample(KINDS, len(KINDS)):
            slugs = chance.sample(STREAMING, 2)
            if kind == "stream_sequence_gap" and "coinbaseexchange" not in slugs:
                slugs[0] = "coinbaseexchange"
            world.strike(kind, slugs)
            struck[kind] += len(slugs)
    return struck


@pytest.mark.timeout(max(300, SECONDS * 3))
def test_through_every_fault_of_the_sockets_all_that_is_told_and_stored_is_true(
    world, monkeypatch
):
    feed = Feed(world.simulator)
    publish = broadcast.publish

    def tell(message):
        # Really, too: what is promised and never told is taken for lost.
        publish(message)
        feed.hear(message)

    monkeypatch.setattr(broadcast, "publish", tell)
    collect_candles()
    listening = Listening(pace=SWIFT)
    listening.start()
    try:
        world.wait_for_all(feed)
        feed.lags.clear()
        memory = resident()
        struck = storm(world)
        grown = resident() - memory
        world.wait_for_all(feed)
        without_streams(world, feed)
    finally:
        listening.stop(seconds=20)
    collect_candles()
    stored: Counter[str] = Counter()
    for series in Series.objects.select_related("asset"):
        stored += hold_against_the_market(world, series)
    report(world, feed, struck, stored)
    print(f"memory: {memory:.0f} MiB, and {grown:.0f} MiB more after the faults")
    assert feed.wrong == []
    # Polling alone brings a price every round, whatever streams do.
    assert {one: gap for one, gap in feed.longest.items() if gap > 2 * ROUND} == {}
    assert feed.longest.keys() >= {"BTC", "ETH"}
    assert not Gap.objects.filter(repaired_at=None).exists()
    assert set(struck) == set(KINDS)


def without_streams(world, feed):
    """Nobody can be heard any more: what is asked for carries on."""
    for slug in STREAMING:
        world.simulator.fault(slug, "stream_blocked")
    world.go_on_until(lambda: not any(map(world.sockets, STREAMING)), "all sockets are reset")
    # What came just before is told a moment later.
    world.pass_by(MINUTE / SPEED)
    streamed = feed.prices["streamed"]
    world.pass_by(2 * MINUTE / SPEED)
    assert feed.prices["streamed"] == streamed
    assert all(world.now - at <= 2 * ROUND for at in feed.latest.values()), feed.latest


def report(world, feed, struck, stored):
    print(f"\n{sum(struck.values())} faults; prices told: {dict(feed.prices)}")
    print(f"candles told: {feed.candles}; complete and stored, by source: {dict(stored)}")
    print(f"{feed.streamed} of {len(feed.completed)} candles were completed by a stream first")
    print(f"left out: {dict(world.reasons)}")
    print(f"a streamed price is told after {statistics.median(feed.lags):.2f} s (median)")
    print(f"false: {len(feed.wrong)}")


def hold_against_the_market(world, series):
    rows = [one for one in kept(series) if one.state != Candle.State.OPEN]
    # Up to the last minute, and none is missing in between.
    times = [one.opened_at for one in rows]
    last = int(world.now) // MINUTE * MINUTE - MINUTE
    assert times == list(range(times[0], last + MINUTE, MINUTE))
    for row in rows:
        true = true_bar(world.simulator, row.source.slug, series.asset.symbol, row.opened_at, "1m")
        assert values(row) == true, f"{series} of {row.source.slug} at {row.opened_at}"
    return Counter(row.source.slug for row in rows)


def resident():
    return psutil.Process().memory_info().rss / 2**20
