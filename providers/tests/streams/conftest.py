"""The simulated venues' sockets, in the place of the real ones."""

import pytest

from providers.simulator import Simulator


@pytest.fixture
def sim(settings):
    settings.SIMULATED = True
    settings.PROVIDER_URLS = {}
    settings.PROVIDER_STREAM_URLS = {}
    settings.CIRCUIT_BREAKER_THRESHOLD = 1000
    with Simulator(seed=7, tick=0.02) as simulator:
        settings.PROVIDERS_BASE_URL = simulator.url
        yield simulator
        simulator.heal()
