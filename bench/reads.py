"""Warm reads over HTTP: the product against a bare server with the same bytes, and FastAPI.

Every server runs as one process on one core, wrk on the other; rounds are interleaved, and the
median counts. Needs `wrk` (apt install wrk) and bench/requirements.txt.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from start import ROOT, answers, free_port

WRK = ("-c", "32", "-t", "1", "--latency")
# What is asked, how near to the bare server it must come, and how far ahead of FastAPI.
QUESTIONS = (
    ("/api/prices", 0.85, 4.0),
    ("/api/ohlcv?symbol=BTC&interval=1h&limit=500", 0.8, 8.0),
)
NOT_MODIFIED_GOAL = 1.3
# Nobody is refused here; that callers are counted costs what it costs.
LIMITS = ("RATE_LIMIT_PRICES", "RATE_LIMIT_OHLCV", "RATE_LIMIT_OTHER")
EXPRESS = "cryptodt.express_http:ExpressHttp"


@dataclass
class Run:
    per_second: float
    p50: str
    p99: str
    errors: int


def served(url: str) -> tuple[bytes, str]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 always loopback
        return answer.read(), answer.headers.get("ETag", "")


def pinned(core: int) -> list[str]:
    return ["taskset", "-c", str(core)] if shutil.which("taskset") else []


@contextmanager
def server(
    application: str, environment: dict[str, str], path: str, *, http: str = "httptools"
) -> Iterator[str]:
    port = free_port()
    command = [*pinned(0), sys.executable, "-m", "uvicorn", application, "--port", str(port)]
    command += ["--http", http, "--no-access-log", "--log-level", "error", "--lifespan", "off"]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 20
            while not answers(url + path):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{application} does not answer {path}")
                time.sleep(0.05)
            yield url
        finally:
            process.terminate()


def wrk(url: str, seconds: int, *headers: str) -> Run:
    given = [part for header in headers for part in ("-H", header)]
    command = [*pinned(1), "wrk", *WRK, "-d", f"{seconds}s", *given, url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {name: re.search(rf"{name}\s+(\S+)", told) for name in ("Requests/sec:", "50%", "99%")}
    rate, p50, p99 = (match[1] if match else "?" for match in found.values())
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    return Run(float(rate), p50, p99, int(bad[1]) if bad else 0)


def filled(data: str) -> dict[str, str]:
    """Let a demo collect into a data directory, and return how a web process finds it."""
    environment = {"CRYPTODT_SIMULATED": "1", "CRYPTODT_DATA_DIR": data, "LOG_LEVEL": "warning"}
    environment |= dict.fromkeys(LIMITS, "1000000000")
    port = free_port()
    ports = {"PORT": str(port), "SIMULATOR_PORT": str(free_port())}
    with subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=ROOT,
        env={**os.environ, **environment, **ports},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 90
        while not all(answers(f"http://127.0.0.1:{port}{path}") for path, *_ in QUESTIONS):
            if time.monotonic() > deadline:
                raise RuntimeError("the demo did not collect what is asked for")
            time.sleep(0.5)
        process.terminate()
    return environment


def compare(path: str, environment: dict[str, str], rounds: int, seconds: int) -> dict[str, Run]:
    with ExitStack() as stack:
        ours = stack.enter_context(
            server("cryptodt.asgi:application", environment, path, http=EXPRESS)
        )
        body, etag = served(ours + path)
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "body"
        file.write_bytes(body)
        same = {"BENCH_BODY": str(file)}
        bare = stack.enter_context(server("bench.apps.bare:application", same, path))
        usual = stack.enter_context(server("bench.apps.fastapi_app:application", same, path))
        sides: dict[str, tuple[str, ...]] = {
            "bare uvicorn": (bare + path,),
            "CryptoDT": (ours + path,),
            "CryptoDT, 304": (ours + path, f"If-None-Match: {etag}"),
            "FastAPI": (usual + path,),
        }
        runs: dict[str, list[Run]] = {side: [] for side in sides}
        for _ in range(rounds):
            for side, (url, *headers) in sides.items():
                runs[side].append(wrk(url, seconds, *headers))
    print(f"\nGET {path}: {len(body):,} bytes")
    return {side: middle(found) for side, found in runs.items()}


def middle(runs: list[Run]) -> Run:
    return sorted(runs, key=lambda run: run.per_second)[len(runs) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        print("bench/reads.py needs wrk: apt install wrk")
        return
    with tempfile.TemporaryDirectory() as data:
        environment = filled(data)
        print(f"wrk {' '.join(WRK)} -d {chosen.seconds}s, median of {chosen.rounds} rounds")
        for path, of_bare, of_fastapi in QUESTIONS:
            runs = compare(path, environment, chosen.rounds, chosen.seconds)
            for side, run in runs.items():
                print(
                    f"  {side:15} {run.per_second:10,.0f}/s   p50 {run.p50:>8}   p99 {run.p99:>8}"
                    f"   {run.errors or 'no'} errors"
                )
            bare, ours = runs["bare uvicorn"].per_second, runs["CryptoDT"].per_second
            unchanged, usual = runs["CryptoDT, 304"].per_second, runs["FastAPI"].per_second
            print(f"  of bare uvicorn    {ours / bare:5.2f}   (goal {of_bare})")
            print(f"  of FastAPI         {ours / usual:5.1f}   (goal {of_fastapi})")
            print(f"  304 of bare's 200  {unchanged / bare:5.2f}   (goal {NOT_MODIFIED_GOAL})")


if __name__ == "__main__":
    main()
