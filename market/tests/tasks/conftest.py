"""A simulated market whose clock is the tests' own, and everything in it collected over HTTP."""

import pytest
import time_machine

from market.models import Asset, PricePoint
from market.tests.quotes import given_assets, given_price
from market.tests.simulated import moment
from providers.adapters.ccxt_exchange import CcxtExchange
from providers.registry import ROWS
from providers.simulator import Simulator

NOON = 1_793_880_000 // 86400 * 86400 + 43200
BEGIN = NOON + 7


class World:
    """The simulator under a clock that stands still between ticks."""

    def __init__(self, simulator, clock):
        self.simulator = simulator
        self.clock = clock

    def pass_by(self, seconds):
        self.clock.shift(seconds)

    def break_everybody(self, kind="server_error"):
        for provider in self.simulator.providers:
            self.simulator.fault(provider, kind)

    def asked(self, provider=None):
        """Return who was asked for candles since the last look."""
        found = [one for one in self.simulator.requests(provider) if is_for_candles(one.path)]
        self.simulator.forget_requests()
        return [one.provider for one in found]


def is_for_candles(path):
    return any(word in path for word in ("klines", "candle", "kline", "OHLC"))


@pytest.fixture
def world(settings, db):
    settings.SIMULATED = True
    settings.PROVIDER_URLS = {}
    settings.SUPPORTED_INTERVALS = ["1m", "5m", "1h"]
    given_assets(settings, "BTC", "ETH")
    for row in ROWS:
        if isinstance(row.adapter, CcxtExchange):
            row.adapter._listed = None
    with time_machine.travel(BEGIN, tick=False) as clock, Simulator(seed=7) as simulator:
        settings.PROVIDERS_BASE_URL = simulator.url
        yield World(simulator, clock)
        simulator.heal()


def given_points(world):
    """What the providers agreed on by now, as the rounds of prices store it."""
    now = world.simulator.clock()
    for asset in Asset.objects.filter(symbol__in=("BTC", "ETH", "USDT")):
        price = world.simulator.market.price(asset.symbol, now)
        if asset.symbol == "USDT" and not hasattr(asset, "price"):
            given_price("USDT", str(price), observed_at=moment(now))
        PricePoint.objects.get_or_create(
            asset=asset,
            at=int(now) // 60 * 60,
            defaults={"price": price, "observed_ms": int(now * 1000)},
        )
