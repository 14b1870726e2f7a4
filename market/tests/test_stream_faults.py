"""Every fault of the venues' sockets in turn, while prices and candles run: nothing is wrong after.

FAULT_SECONDS=300 make test ARGS="-k stream_faults" goes on for that long.
"""

import json
import os
import random
import time
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

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
from providers import calls, roster
from providers.models import Provider
from providers.services import sync_roster
from providers.simulator import Simulator
from providers.simulator.faults import FAULTS
from providers.stream import Pace

SECONDS = float(os.environ.get("FAULT_SECONDS", "5"))
SEED = int(os.environ.get("SEED", "1"))
STREAMING = ("binance", "kraken", "coinbaseexchange", "okx", "bybit")
KINDS = [kind for kind, row in FAULTS.items() if row.stage == "socket"]
OPTIONS: dict[str, dict[str, Any]] = {
    "stream_huge": {"megabytes": 2},
    "stream_slow": {"seconds": 0.4},
}
# The market runs so many times as fast as we do; what is patient is patient in our time.
SPEED, STEP = 50, 0.04
SWIFT = Pace(silent_kind=0.5, silent_channel=0.5, watch=0.1, first_delay=0.05, longest_delay=0.2)
NEAR = Decimal("0.01")


def exact(text):
    return json.loads(text, parse_float=Decimal)


class Feed:
    """What is told to everybody, held against the market at once."""

    def __init__(self, simulator):
        self.simulator = simulator
        self.prices, self.candles, self.wrong = 0, 0, []
        self.latest = {}
        self.closed = {}

    def hear(self, message):
        told = exact(message)
        for name, text in told["items"].items():
            if told["topic"] == "prices":
                self._price(name, exact(text))
            elif told["topic"] == "candles" and text != broadcast.TOO_MUCH:
                self._candles(name, exact(text))

    def _price(self, symbol, item):
        self.prices += 1
        at = item["lastUpdate"]
        if at < self.latest.get(symbol, ""):
            self.wrong.append(f"{symbol} goes back from {self.latest[symbol]} to {at}")
        self.latest[symbol] = at
        when = datetime.fromisoformat(at)
        truth = Decimal(str(self.simulator.market.price(symbol, when.timestamp())))
        if abs(Decimal(item["priceExact"]) / truth - 1) > NEAR:
            self.wrong.append(f"{symbol} is {item['priceExact']} and not {truth} at {at}")

    def _candles(self, name, candles):
        self.candles += len(candles)
        for one in candles:
            if one["closed"]:
                self.closed[name, one["timestamp"]] = one


@pytest.fixture
def market(settings, transactional_db, monkeypatch):
    settings.SIMULATED = True
    settings.PROVIDER_URLS = {}
    settings.PROVIDER_STREAM_URLS = {}
    settings.SUPPORTED_INTERVALS = ["1m"]
    # Rests and leases are reckoned in a time that runs too fast here.
    settings.CIRCUIT_BREAKER_THRESHOLD = 10**6
    monkeypatch.setattr("cryptodt.common.single.LEASE", 10**6)
    with time_machine.travel(BEGIN, tick=False) as clock, Simulator(seed=7, tick=STEP) as simulator:
        sync_roster()
        Provider.objects.exclude(slug__in=STREAMING).update(is_on=False)
        roster.changed()
        given_assets(settings, "BTC", "ETH")
        # Kraken streams candles in dollars only.
        Series.objects.create(
            asset=Asset.objects.get(symbol="BTC"),
            currency="USD",
            interval="1m",
            asked_at=moment(BEGIN + 3600 * 12),
        )
        settings.PROVIDERS_BASE_URL = simulator.url
        yield simulator, clock
        simulator.heal()


def pass_by(clock, seconds):
    """Let the market go on for so many of our seconds, collecting as the schedule does."""
    for number in range(int(seconds / STEP)):
        clock.shift(SPEED * STEP)
        if number % 30 == 10:
            collect_candles()
        if number % 10 == 0:
            collect_quotes()
        time.sleep(STEP)


def storm(simulator, clock):
    """Strike two venues at a time, each kind in turn, until the time is over."""
    chance = random.Random(SEED)
    struck: Counter[str] = Counter()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or len(struck) < len(KINDS):
        for kind in chance.sample(KINDS, len(KINDS)):
            for slug in chance.sample(STREAMING, 2):
                simulator.fault(slug, kind, **OPTIONS.get(kind, {}))
            struck[kind] += 1
            pass_by(clock, 0.4)
            simulator.heal()
    return struck


@pytest.mark.timeout(max(120, SECONDS * 3))
def test_after_every_fault_of_the_sockets_all_that_is_stored_is_true(market, monkeypatch):
    simulator, clock = market
    feed = Feed(simulator)
    monkeypatch.setattr(broadcast, "publish", feed.hear)
    collect_candles()
    listening = Listening(pace=SWIFT)
    listening.start()
    try:
        pass_by(clock, 1.2)
        struck = storm(simulator, clock)
        pass_by(clock, 2.8)
    finally:
        listening.stop(seconds=20)
    collect_candles()
    assert feed.wrong == []
    assert feed.prices > 20
    stored: Counter[str] = Counter()
    for series in Series.objects.select_related("asset"):
        stored += hold_against_the_market(simulator, series, feed)
    assert stored["streamed"] >= 3
    assert not Gap.objects.filter(repaired_at=None).exists()
    assert set(struck) == set(KINDS)
    print(f"\n{sum(struck.values())} faults, {feed.prices} prices, {feed.candles} candles told;")
    print(f"stored: {dict(stored)}; left out: {left_out()}")


def hold_against_the_market(simulator, series, feed):
    rows = [one for one in kept(series) if one.state != Candle.State.OPEN]
    assert rows, f"{series} has no candle that is complete"
    times = [one.opened_at for one in rows]
    assert times == list(range(times[0], times[-1] + 60, 60))
    name = f"{series.asset.symbol}/{series.currency}:1m"
    for row in rows:
        true = true_bar(simulator, row.source.slug, series.asset.symbol, row.opened_at, "1m")
        assert values(row) == true, f"{name} of {row.source.slug} at {row.opened_at}"
        told = feed.closed.get((name, row.opened_at * 1000))
        if told is not None and row.opened_at > BEGIN:
            said = [Decimal(told[one]) for one in ("open", "high", "low", "close")]
            assert said == list(true[:4])
    streamed = [row for row in rows if (name, row.opened_at * 1000) in feed.closed]
    return Counter(complete=len(rows), streamed=len(streamed))


def left_out():
    found: Counter[str] = Counter()
    for slug in STREAMING:
        found.update(calls.reasons_last_hour(slug, "stream"))
    return dict(found)
