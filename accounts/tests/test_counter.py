"""Never more than the limit, and hardly less, whoever asks and from wherever."""

import os
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest

from accounts import counter

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 300
NOON = 1_800_000_000.0


def spend(name, count, *, limit=LIMIT, at=NOON, base=None):
    return sum(counter.take(name, limit, 60, at, base=base) is not None for _ in range(count))


def test_exactly_the_limit_is_given_and_no_more():
    assert spend("one", 1000) == LIMIT
    assert spend("one", 10) == 0
    assert spend("another", 1000) == LIMIT


def test_the_next_window_begins_anew():
    assert spend("one", 400) == LIMIT
    assert spend("one", 400, at=NOON + 60) == LIMIT


def test_what_was_spent_before_counts():
    assert spend("day", 400, base=lambda: 250) == 50


def test_a_permit_that_was_given_back_can_be_spent_again():
    spend("one", LIMIT)
    counter.give_back("one", NOON)
    assert spend("one", 5) == 1


def test_nothing_comes_back_into_a_window_that_is_over():
    spend("one", LIMIT)
    counter.give_back("one", NOON + 61)
    assert spend("one", 5) == 0


def test_a_lease_that_was_dropped_is_not_spent_beside_the_next_one():
    spend("one", 1)
    (held,) = counter.held(["one"]) or []
    counter.forget_all()
    assert held.permits > 0
    assert counter.spend([held], NOON) is None


def test_where_one_window_has_nothing_left_none_is_spent():
    spend("one", 1)
    spend("another", LIMIT)
    leases = counter.held(["one", "another"]) or []
    assert counter.spend(leases, NOON) is None
    assert spend("one", LIMIT) == LIMIT - 1
    assert counter.held(["one", "a third"]) is None


def test_sixty_four_threads_at_once_are_given_exactly_the_limit():
    given, gate = [], threading.Barrier(64)

    def ask():
        gate.wait()
        given.append(spend("one", 20))

    threads = [threading.Thread(target=ask) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(given) == LIMIT


def test_a_flood_of_names_stays_small(monkeypatch):
    monkeypatch.setattr(counter, "MOST_HELD", 100)
    for number in range(500):
        spend(f"address:{number}", 1, at=NOON + number)
    assert len(counter._leases) <= 100


SPENDER = """
import os, sys, time
import django
django.setup()
from accounts import counter
given = 0
while time.time() < float(sys.argv[2]):
    time.sleep(0.001)
for _ in range(int(sys.argv[3])):
    given += counter.take(sys.argv[1], 300, 60, 1_800_000_000.0) is not None
print(given)
"""


@pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="several processes need Redis")
@pytest.mark.parametrize("asked", [400, 85])
def test_four_processes_share_one_limit(asked):
    """Each asks for more than its share, or for a little more than its share."""
    name = f"shared-{uuid.uuid4().hex}"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "cryptodt.settings"}
    command = [sys.executable, "-c", SPENDER, name, str(time.time() + 4), str(asked)]
    processes = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    given = sum(int(process.communicate(timeout=60)[0]) for process in processes)
    assert 285 <= given <= LIMIT
