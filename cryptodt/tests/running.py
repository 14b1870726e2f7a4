"""A whole CryptoDT in a process of its own, for tests that use it as its users do."""

import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil
import requests

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "cryptodt.sqlite3"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@functools.cache
def prepared() -> tuple["tempfile.TemporaryDirectory[str]", Path]:
    """Return a file of SQLite that is ready for a service: to make one takes it seconds."""
    folder = tempfile.TemporaryDirectory()
    environment = {**os.environ, "CRYPTODT_SIMULATED": "1", "CRYPTODT_DATA_DIR": folder.name}
    command = [sys.executable, "manage.py", "prepare"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    return folder, Path(folder.name) / DATABASE


@dataclass
class Service:
    """`manage.py up` with a data directory, ports and an environment of its own."""

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    simulator_port: int = field(default_factory=free_port)
    output: list[str] = field(default_factory=list)
    process: "subprocess.Popen[str] | None" = None
    # Whether it makes its database itself, as where nothing was before.
    is_first: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def operator_password(self) -> str:
        found = re.search(r"password +(\S+)", "".join(self.output))
        if found is None:
            raise AssertionError("no password was printed: " + "".join(self.output))
        return found[1]

    def start(self, *, seconds: float = 30) -> Self:
        environment = {
            **os.environ,
            "CACHE_PREFIX": f"test-{uuid.uuid4().hex[:8]}",
            "CRYPTODT_SIMULATED": "1",
            # Whoever waits for something asks often.
            "RATE_LIMIT_PRICES": "1000000",
            "RATE_LIMIT_OHLCV": "1000000",
            "RATE_LIMIT_OTHER": "1000000",
            # The first fill of all seven takes a core for half a minute.
            "SUPPORTED_INTERVALS": "1m,1h",
            **self.environment,
            "CRYPTODT_DATA_DIR": str(self.data_dir),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
        }
        file = self.data_dir / DATABASE
        if not (self.is_first or environment.get("DATABASE_URL") or file.exists()):
            shutil.copy(prepared()[1], file)
        with (self.data_dir / "log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        try:
            self.wait_until(lambda: self.get("/api/health")[0] == 200, seconds=seconds)
        except AssertionError:
            self.stop()
            raise
        return self

    def _read(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            self.output.extend(stream)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it and return its exit status; a process that does not stop is an error."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            raise AssertionError("it did not stop: " + self.log()[-9000:]) from None
        finally:
            self.process.kill()
            self.process.wait()
            self.reader.join(5)

    def resident_mib(self) -> float:
        assert self.process is not None
        return float(psutil.Process(self.process.pid).memory_info().rss) / 2**20

    def log(self) -> str:
        return (self.data_dir / "log").read_text()

    def run(self, code: str, *arguments: str) -> str:
        """Return what some code prints that runs beside the service, on the same data."""
        ended = subprocess.run(
            [sys.executable, "-c", f"import django; django.setup()\n{code}", *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                **self.environment,
                "CRYPTODT_SIMULATED": "1",
                "CRYPTODT_DATA_DIR": str(self.data_dir),
                "DJANGO_SETTINGS_MODULE": "cryptodt.settings",
            },
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return ended.stdout

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """Return status and decoded body; 0 when nobody listens."""
        try:
            answer = requests.get(self.url + path, headers=headers, timeout=10)
        except requests.ConnectionError:
            return 0, None
        return answer.status_code, answer.json()

    def get_text(self, path: str) -> tuple[int, str]:
        """Return status and body as they came: decoding would round numbers."""
        answer = requests.get(self.url + path, timeout=10)
        return answer.status_code, answer.text

    def fault(self, provider: str, kind: str, **options: Any) -> None:
        body = {"provider": provider, "fault": kind, **options}
        requests.post(self.faults_url, json=body, timeout=10).raise_for_status()

    def heal(self) -> None:
        requests.delete(self.faults_url, timeout=10).raise_for_status()

    @property
    def faults_url(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}/_control/faults"

    def wait_until(self, is_true: Any, *, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not is_true():
            if self.process is not None and self.process.poll() is not None:
                raise AssertionError("it ended: " + "".join(self.output) + self.log()[-3000:])
            if time.monotonic() > deadline:
                raise AssertionError("it did not happen in time: " + self.log()[-3000:])
            time.sleep(0.1)
