"""The front door under the other server that is supported."""

import os
import subprocess
import sys
import uuid

import requests
from websockets.sync.client import connect

from cryptodt.tests.running import ROOT, Service


def test_daphne_serves_the_same_pages_and_sockets(tmp_path, own_database):
    # A service that is never started lends its address, its waiting and its asking.
    service = Service(tmp_path)
    (tmp_path / "log").touch()
    environment = {
        **os.environ,
        **own_database,
        "CACHE_PREFIX": f"test-{uuid.uuid4().hex[:8]}",
        "CRYPTODT_DATA_DIR": str(tmp_path),
        "CRYPTODT_SIMULATED": "1",
    }
    prepare = [sys.executable, "manage.py", "prepare"]
    subprocess.run(prepare, cwd=ROOT, env=environment, check=True, capture_output=True)
    with subprocess.Popen(
        [sys.executable, "-m", "daphne", "-p", str(service.port), "cryptodt.asgi:application"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as daphne:
        service.process = daphne
        try:
            service.wait_until(lambda: service.get("/api/health")[0] == 200)
            assert requests.get(f"{service.url}/api/nothing", timeout=5).status_code == 404
            with connect(service.url.replace("http", "ws") + "/ws") as socket:
                assert '"type":"connected"' in socket.recv(timeout=5)
        finally:
            # Its threads may still wait for something; the test is about serving.
            daphne.kill()
