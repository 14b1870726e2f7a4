"""What the market's tests over HTTP start with."""

import pytest


@pytest.fixture(autouse=True)
def _no_limits(settings):
    """Properties are asked for hundreds of times a minute, which is nobody's limit here."""
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 1_000_000)
