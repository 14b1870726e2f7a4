"""What knowing a caller and counting its calls costs: the same warm read with and without.

Without is the express lane as it is but for one thing: it takes everybody for one known caller who
has no limits, so nobody is looked up, counted or told of limits. Rounds are interleaved, and the
median counts. Needs `wrk` (apt install wrk).
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

import psutil
from reads import EXPRESS, Run, filled, server, wrk
from start import ROOT

PATH = "/api/prices"
GOAL = 0.85
ENOUGH = "1000000000"
ISSUE = """
import django; django.setup()
from accounts.models import User
from accounts.services import KeyWish, issue_key
from accounts.models import ApiKey
for tier in ("pro", "enterprise"):
    person = User.objects.create_user(f"bench-{tier}", tier_id=tier)
    print(issue_key(person, KeyWish("bench")).text)
# Both windows are counted, and neither ends before the run does.
ApiKey.objects.filter(tier="pro").update(per_minute=10**9, per_day=10**9)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """One round: how many reads a second, and the processor's time for one of them."""

    run: Run
    microseconds: float


def cost(url: str, seconds: int, *headers: str) -> Cost:
    before = spent(url)
    run = wrk(url, seconds, *headers)
    return Cost(run, (spent(url) - before) * 1e6 / (run.per_second * seconds))


def spent(url: str) -> float:
    """Return the processor's time that the server behind an address has used so far."""
    port = url.split(":")[2].partition("/")[0]
    (process,) = [one for one in psutil.Process().children() if port in one.cmdline()]
    used = process.cpu_times()
    return float(used.user + used.system)


def issued(environment: dict[str, str]) -> list[str]:
    made = subprocess.run(
        [sys.executable, "-c", ISSUE],
        cwd=ROOT,
        env={**os.environ, **environment, "DJANGO_SETTINGS_MODULE": "cryptodt.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.split()


def compare(environment: dict[str, str], rounds: int, seconds: int) -> dict[str, list[Cost]]:
    counted, unlimited = issued(environment)
    environment = {**environment, "RATE_LIMIT_PRICES": ENOUGH}
    with ExitStack() as stack:
        ours = stack.enter_context(
            server("cryptodt.asgi:application", environment, PATH, http=EXPRESS)
        )
        open_to_all = stack.enter_context(
            server("bench.apps.uncounted:application", environment, PATH, http=EXPRESS)
        )
        sides: dict[str, tuple[str, ...]] = {
            "nothing shown, nobody known": (open_to_all + PATH,),
            "by address, one window": (ours + PATH,),
            "a key shown, nobody known": (open_to_all + PATH, f"X-API-Key: {counted}"),
            "by key, two windows, usage": (ours + PATH, f"X-API-Key: {counted}"),
            "by key, no window, usage": (ours + PATH, f"X-API-Key: {unlimited}"),
        }
        runs: dict[str, list[Cost]] = {side: [] for side in sides}
        for _ in range(rounds):
            for side, (url, *headers) in sides.items():
                runs[side].append(cost(url, seconds, *headers))
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    chosen = parser.parse_args()
    if shutil.which("wrk") is None:
        print("bench/limits.py needs wrk: apt install wrk")
        return
    with tempfile.TemporaryDirectory() as data:
        runs = compare(filled(data), chosen.rounds, chosen.seconds)
    print(f"\nGET {PATH}, medians of {chosen.rounds} rounds of {chosen.seconds} s")
    free = 0.0
    for side, found in runs.items():
        one = median(cost.microseconds for cost in found)
        # The same question, told to whom nobody has to be known.
        free = one if side.endswith("nobody known") else free
        rate = median(cost.run.per_second for cost in found)
        errors = sum(cost.run.errors for cost in found)
        print(
            f"  {side:30} {rate:10,.0f}/s   {one:6.1f} us each   of its throughput"
            f" {free / one:5.2f}   {errors or 'no'} errors"
        )
    print(f"  (goal {GOAL})")


if __name__ == "__main__":
    main()
