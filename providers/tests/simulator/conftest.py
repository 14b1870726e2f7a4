"""One running simulator per test module's needs: frozen where values are compared."""

import pytest

from providers.simulator import Market, Simulator

NOW = 1763712345.678


@pytest.fixture(scope="session")
def market():
    return Market(seed=7)


@pytest.fixture
def sim():
    with Simulator(seed=7, clock=lambda: NOW) as simulator:
        yield simulator


@pytest.fixture
def live():
    with Simulator(seed=7) as simulator:
        yield simulator
