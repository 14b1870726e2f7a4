"""One market for the tests of the simulator."""

import pytest

from providers.simulator import Market


@pytest.fixture(scope="session")
def market():
    return Market(seed=7)
