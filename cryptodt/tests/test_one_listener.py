"""Of all processes one listens to the exchanges; when it is killed, another goes on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from cryptodt.tests.running import ROOT, Service
from providers.simulator import Simulator

needs_redis = pytest.mark.skipif(not settings.REDIS_URL, reason="several processes need Redis")


@pytest.fixture
def market() -> Iterator[Simulator]:
    with Simulator(seed=7) as simulator:
        yield simulator


def open_at(market: Simulator) -> int:
    """Return how many sockets of a venue that needs one of them are open."""
    return int(market.state()["providers"]["binance"]["sockets"])


@needs_redis
def test_when_the_one_that_listens_is_killed_another_takes_over(
    tmp_path: Path, own_database, market
):
    environment = {
        **own_database,
        "PROVIDERS_BASE_URL": market.url,
        "CACHE_PREFIX": f"{os.environ['CACHE_PREFIX']}-listener",
    }
    first = Service(tmp_path, environment).start()
    second = None
    try:
        first.wait_until(lambda: open_at(market) == 1, seconds=60)
        second = subprocess.Popen(
            [sys.executable, "manage.py", "stream"],
            cwd=ROOT,
            env={
                **os.environ,
                **environment,
                "CRYPTODT_SIMULATED": "1",
                "CRYPTODT_DATA_DIR": str(tmp_path),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert second.stdout is not None
        assert "unless another does" in second.stdout.readline()
        # It looks twice a second whether it is its turn.
        for _ in range(30):
            assert open_at(market) == 1
            time.sleep(0.1)

        assert first.process is not None
        first.process.kill()
        first.process.wait()
        first.process = None
        first.wait_until(lambda: open_at(market) == 0, seconds=60)
        first.wait_until(lambda: open_at(market) == 1, seconds=60)

        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0
        assert "has stopped listening" in second.stdout.read()
        assert open_at(market) == 0
    finally:
        if second is not None:
            second.kill()
            second.communicate()
        if first.process is not None:
            first.stop()


def test_without_a_shared_store_no_process_listens_for_others(settings):
    settings.REDIS_URL = ""
    with pytest.raises(CommandError, match="listens by itself"):
        call_command("stream")
