"""The front door under the other server that is supported."""

import subprocess
import sys

import requests
from websockets.sync.client import connect

from cryptodt.tests.running import ROOT, Service, free_port


def test_daphne_serves_the_same_pages_and_sockets(tmp_path):
    # The address of a service that is never started gives the waiting and asking.
    service = Service(tmp_path, port=free_port())
    with subprocess.Popen(
        [sys.executable, "-m", "daphne", "-p", str(service.port), "cryptodt.asgi:application"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as daphne:
        service.process = daphne
        try:
            service.wait_until(lambda: service.get("/api/health")[0] in (200, 503))
            assert requests.get(f"{service.url}/api/nothing", timeout=5).status_code == 404
            with connect(service.url.replace("http", "ws") + "/ws") as socket:
                assert '"type":"connected"' in socket.recv(timeout=5)
        finally:
            daphne.terminate()
