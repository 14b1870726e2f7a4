"""A run under random faults, held against the simulator's own ticks, answer by answer.

`ORACLE_SEED` and `ORACLE_STEPS` ask for another run than the one that everybody gets.
"""

import json
import os
import threading
from collections import Counter
from decimal import Decimal
from random import Random

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from cryptodt.tests.book import CandleBook
from cryptodt.tests.oracle import Oracle
from cryptodt.tests.truth import Truth
from cryptodt.tests.weather import Weather
from market.services.assets import sync_assets
from market.tasks.candles import collect_candles
from market.tasks.quotes import collect_quotes
from market.tasks.repair import repair_candles
from providers import asking, calls, gateway, services
from providers.adapters.ccxt_exchange import CcxtExchange
from providers.registry import ROWS
from providers.simulator import Simulator
from providers.types import Quote

SEED = int(os.environ.get("ORACLE_SEED", "1"))
STEPS = int(os.environ.get("ORACLE_STEPS", "200"))
BEGIN = 1_793_923_200 + 7
SYMBOLS = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE")
INTERVALS = ["1m", "5m", "15m"]
MINUTE, HOUR = 60, 3600


class Run:
    """The product over HTTP to the simulator, round by round, as its schedule would have it."""

    def __init__(self, simulator, clock, monkeypatch, commits):
        self.simulator, self.clock, self.commits = simulator, clock, commits
        self.monkeypatch = monkeypatch
        self.rng = Random(SEED)
        self.truth = Truth(simulator.market)
        self.weather = Weather(self.rng, simulator, SYMBOLS, services.reset)
        self.oracle = Oracle(self.truth, self.weather)
        self.book = CandleBook(self.truth, self.weather, SYMBOLS, INTERVALS, BEGIN)
        self.client = Client(SERVER_NAME="localhost")
        self.heard: tuple[Quote, ...] = ()
        self.counted: Counter[tuple[str, str, str]] = Counter()
        self.ledger: Counter[tuple[int, str, str]] = Counter()
        self._lock = threading.Lock()
        self.minute = 0
        self._listen()

    def _listen(self):
        """Hear what passes between the pump and the rooms, and change nothing of it."""
        fetch, count = gateway.fetch_quotes, calls.count_reason

        def fetch_quotes(instruments):
            asked = fetch(instruments)
            self.heard = asked.quotes
            return asked

        def count_reason(slug, capability, reason):
            with self._lock:
                self.counted[slug, capability, reason] += 1
                self.ledger[int(self.simulator.clock()) // calls.SLOT, slug, reason] += 1
            count(slug, capability, reason)

        self.monkeypatch.setattr(gateway, "fetch_quotes", fetch_quotes)
        self.monkeypatch.setattr(calls, "count_reason", count_reason)

    def get(self, path, **query):
        answer = self.client.get(path, query)
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content, parse_float=Decimal)

    def go(self, steps):
        phases = self.weather.rounds()
        for _ in range(steps):
            self.clock.shift(self.rng.randint(5, 20))
            phase = next(phases)
            self.round(phase)

    def round(self, phase):
        self.hurry(bool(self.weather.slow))
        self.prices(phase)
        now = int(self.simulator.clock())
        if now // MINUTE > self.minute:
            self.minute = now // MINUTE
            self.candles()
        self.settle()

    def hurry(self, is_slow):
        """Wait for nobody who hangs, and for everybody else as long as a busy machine takes."""
        self.monkeypatch.setattr(gateway, "PATIENCE", 0.3 if is_slow else 20)
        self.monkeypatch.setattr(asking, "CALL_TIMEOUT", 0.5 if is_slow else 20)

    def prices(self, phase):
        self.counted.clear()
        self.simulator.forget_requests()
        with self.commits(execute=True):
            collect_quotes()
        self.settle()
        struck = Counter((one.provider, one.fault) for one in self.simulator.requests())
        self.oracle.hear(self.heard)
        asked = ",".join((*SYMBOLS, "USDT", "USDC"))
        told = self.get("/api/prices", symbols=asked, detail="full")
        self.oracle.check_prices(told, self.heard)
        self.oracle.check_left_out(self.heard, self.counted, struck, timezone.now())
        self.oracle.tally[f"rounds of {phase}"] += 1

    def candles(self):
        self.counted.clear()
        self.simulator.forget_requests()
        with self.commits(execute=True):
            collect_candles()
            repair_candles()
        # One after the other, or a run would be nothing but reading.
        self.book.check(self.get, [SYMBOLS[self.minute % len(SYMBOLS)]])
        self.book.check_left_out(self.simulator.requests(), self.counted)

    def settle(self):
        """Let those come home who hang: the clock moves on only when nobody is on the way."""
        self.weather.end_slowness()
        for _ in range(2000):
            if not gateway._in_flight:
                return
            threading.Event().wait(0.01)
        pytest.fail(f"still on the way: {gateway._in_flight}")

    def check_told(self):
        """What was left out in the last hour is what everybody can read of a provider."""
        newest = int(self.simulator.clock()) // calls.SLOT
        for slug in self.weather.spells:
            told: Counter[str] = Counter()
            for one in self.get(f"/api/providers/{slug}")["data"]["capabilities"]:
                told.update(one["leftOut1h"])
            counted: Counter[str] = Counter()
            for (slot, whose, reason), count in self.ledger.items():
                if whose == slug and slot > newest - calls.HOUR_SLOTS:
                    counted[reason] += count
            assert told == counted, slug

    def recover(self):
        """Let all be well for an hour, after which nothing is missing."""
        self.weather.clear()
        for _ in range(HOUR // MINUTE):
            self.clock.shift(MINUTE)
            self.round("recovery")
        self.book.check(self.get, SYMBOLS)
        self.book.check_whole(self.get)


@pytest.fixture
def run(settings, db, monkeypatch, django_capture_on_commit_callbacks):
    settings.SIMULATED = True
    settings.PROVIDER_URLS = {}
    settings.PROVIDER_DEADLINE = 20
    settings.SUPPORTED_SYMBOLS = list(SYMBOLS)
    settings.SUPPORTED_INTERVALS = INTERVALS
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 10_000)
    # A cache of its own, whose time is the tests': Redis would forget by the real clock.
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "oracle"}
    settings.CACHES = {"default": {**memory, "OPTIONS": {"MAX_ENTRIES": 100_000}}}
    sync_assets()
    for row in ROWS:
        if isinstance(row.adapter, CcxtExchange):
            row.adapter._listed = None
    with time_machine.travel(BEGIN, tick=False) as clock, Simulator(seed=SEED) as simulator:
        settings.PROVIDERS_BASE_URL = simulator.url
        yield Run(simulator, clock, monkeypatch, django_capture_on_commit_callbacks)
        simulator.heal()


@pytest.mark.timeout(max(120, STEPS))
def test_no_wrong_value_is_ever_served_and_each_is_accounted_for(run):
    print(f"ORACLE_SEED={SEED} ORACLE_STEPS={STEPS}")
    run.go(STEPS)
    run.check_told()
    run.recover()
    for name, count in sorted({**run.oracle.tally, **run.book.tally}.items()):
        print(f"  {name:32} {count}")
