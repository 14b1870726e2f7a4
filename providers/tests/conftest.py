"""What the pump's tests share: the simulator in the upstreams' place, payloads, a clean start."""

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from providers import gateway
from providers.adapter import Tap
from providers.adapters.ccxt_exchange import CcxtExchange
from providers.registry import ROWS
from providers.simulator import Simulator
from providers.tests.listener import Listener
from providers.types import Answer, Instrument

PAYLOADS = Path(__file__).parent / "payloads"
NOW = datetime(2025, 11, 21, 8, 5, 45, 678000, tzinfo=UTC)

BTC = Instrument("BTC", {"coingecko": "bitcoin"})
ETH = Instrument("ETH", {"coingecko": "ethereum"})
DOGE = Instrument("DOGE", {"coingecko": "dogecoin"})
SHIB = Instrument("SHIB", {"coingecko": "shiba-inu"})
NOWHERE = Instrument("NWHR", {"coingecko": "nowhere-coin"})


def payload(adapter: str, case: str) -> str:
    return (PAYLOADS / adapter / f"{case}.json").read_text(encoding="utf-8")


class Upstream:
    """Answers an adapter with prepared texts by path, and remembers what was asked."""

    def __init__(self, answers, *, key="", now=NOW):
        self.answers = answers
        self.now = now
        self.asked = []
        self.tap = Tap(get=self.get, key=key, now=lambda: self.now)

    def get(self, path, params=None, headers=None):
        self.asked.append((path, params, headers))
        answer = self.answers[urlsplit(path).path]
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer, {})


def together(count, work):
    """Run `work(n)` in `count` threads that start at one moment; return what each returned."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(number):
        barrier.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def quiet(seconds=15.0):
    """Wait until no provider is being asked any more."""
    end = time.monotonic() + seconds
    while gateway._in_flight and time.monotonic() < end:
        time.sleep(0.01)
    assert not gateway._in_flight


@pytest.fixture(autouse=True)
def _unknown_listings():
    """Let each test meet exchanges that were never asked before."""
    for row in ROWS:
        if isinstance(row.adapter, CcxtExchange):
            row.adapter._listed = None


@pytest.fixture
def sim(settings):
    """The simulated upstreams, in the place of the real ones."""
    settings.SIMULATED = True
    settings.PROVIDER_URLS = {}
    with Simulator(seed=7) as simulator:
        settings.PROVIDERS_BASE_URL = simulator.url
        yield simulator
        simulator.heal()
        quiet()


@pytest.fixture
def live_market(settings):
    settings.SIMULATED = False
    settings.PROVIDERS_BASE_URL = ""


@pytest.fixture
def listen():
    """Start loopback servers that play scripts."""
    listeners = []

    def start(*scripts, **options):
        listeners.append(Listener(*scripts, **options))
        return listeners[-1]

    yield start
    for listener in listeners:
        listener.stop()
