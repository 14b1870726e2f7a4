"""Start to first answer, and memory, of the whole product in one process (the second start)."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = 3
GOAL_SECONDS = 3.0
GOAL_MIB = 150


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 always loopback
            return bool(answer.status == 200)
    except OSError:
        return False


def resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the process has no resident memory")


def measure(data_dir: str, *, market: str) -> tuple[float, float]:
    port, simulator = free_port(), free_port()
    environment = {
        **os.environ,
        "CRYPTODT_SIMULATED": "1",
        "CRYPTODT_DATA_DIR": data_dir,
        "PORT": str(port),
        "SIMULATOR_PORT": str(simulator),
        "PROVIDERS_BASE_URL": market,
    }
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not answers(f"http://127.0.0.1:{port}/api/health"):
            time.sleep(0.02)
        seconds = time.perf_counter() - started
        while not answers(f"http://127.0.0.1:{port}/api/prices"):
            time.sleep(0.1)
        # Two rounds more, so that what collecting takes is in the figure.
        time.sleep(12)
        memory = resident_mib(process.pid)
        process.send_signal(signal.SIGTERM)
    return seconds, memory


def web_alone(data_dir: str) -> float:
    """Return the memory of a process that only serves, as it does where there are many."""
    port = free_port()
    environment = {**os.environ, "CRYPTODT_SIMULATED": "1", "CRYPTODT_DATA_DIR": data_dir}
    with subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "cryptodt.asgi:application", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while not answers(f"http://127.0.0.1:{port}/api/prices"):
            time.sleep(0.1)
        for _ in range(300):
            answers(f"http://127.0.0.1:{port}/api/prices")
            answers(f"http://127.0.0.1:{port}/api/health")
        memory = resident_mib(process.pid)
        process.send_signal(signal.SIGTERM)
    return memory


def main() -> None:
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as data_dir,
        # The simulator runs beside the product, so that its memory is not counted.
        subprocess.Popen(
            [sys.executable, "-m", "providers.simulator", "--port", str(port)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        ) as simulator,
    ):
        market = f"http://127.0.0.1:{port}"
        measure(data_dir, market=market)
        results = [measure(data_dir, market=market) for _ in range(RUNS)]
        alone = web_alone(data_dir)
        simulator.terminate()
    seconds = sorted(result[0] for result in results)
    memory = sorted(result[1] for result in results)
    print(
        f"start to first answer, of {RUNS}: median {seconds[RUNS // 2]:.2f} s,"
        f" worst {seconds[-1]:.2f} s (goal {GOAL_SECONDS} s)"
    )
    print(
        f"resident memory of everything in one process: median {memory[RUNS // 2]:.0f} MiB,"
        f" worst {memory[-1]:.0f} MiB (goal {GOAL_MIB} MiB)"
    )

    print(f"resident memory of a process that only serves: {alone:.0f} MiB (goal {GOAL_MIB} MiB)")


if __name__ == "__main__":
    main()
