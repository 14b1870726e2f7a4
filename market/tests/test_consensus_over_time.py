"""Many rounds with faults in all sources but one: the price is near the truth, or there is none."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from market.consensus import Agreement, Reference, agree
from market.tests.quotes import NOW, SOURCES, quote

ROUNDS = 400
SECONDS = 5
FREEZE = 60 // SECONDS
NEAR = Decimal("0.015")
FAULTS = ("x10", "x0.01", "frozen", "stale", "missing")


class Feed:
    """One source that follows the truth, until a fault gets hold of it for some rounds."""

    def __init__(self, name, rng):
        self.name, self.rng = name, rng
        self.fault, self.left, self.kept = "", 0, None
        self.skew = Decimal(rng.randint(-200, 200)) / 100_000

    def take_fault(self):
        self.fault = self.rng.choice(FAULTS)
        self.left = self.rng.randint(1, FREEZE if self.fault == "frozen" else 40)

    def says(self, truth, now, past):
        self.left -= 1
        if self.left < 0:
            self.fault = ""
        true = (truth * (1 + self.skew)).quantize(Decimal("0.01"))
        said = replace(quote(self.name, true), observed_at=now)
        if self.fault == "missing":
            return None
        if self.fault in ("x10", "x0.01"):
            return replace(said, price=true * Decimal(self.fault[1:]))
        if self.fault == "stale":
            age = min(len(past), self.rng.randint(10, 300))
            return replace(said, price=past[-age], observed_at=now - timedelta(seconds=5 * age))
        if self.fault == "frozen":
            return replace(said, price=self.kept or true)
        self.kept = true
        return said


def run(count, seed, *, faults=True, crash_at=None):
    """Yield the truth, the price that is served, and whether this round gave it."""
    rng = random.Random(seed)
    feeds = [Feed(name, rng) for name in SOURCES[:count]]
    truth, now, past = Decimal(64000), NOW, []
    served: Reference | None = None
    for number in range(ROUNDS):
        # At most 0.08 % in 5 s: a market that moves by 1 % a minute at the very most.
        truth *= 1 + Decimal(rng.randint(-80, 80)) / 100_000
        if number == crash_at:
            truth *= Decimal("0.7")
        past.append(truth)
        healthy = [feed for feed in feeds if not feed.fault]
        if faults and number and len(healthy) > 1 and rng.random() < 0.3:
            rng.choice(healthy).take_fault()
        said = [one for feed in feeds if (one := feed.says(truth, now, past)) is not None]
        found = agree("BTC", said, now=now, reference=served)
        is_new = False
        if isinstance(found, Agreement):
            is_new = served is None or found.observed_at > served.observed_at
            if is_new:
                served = Reference(found.price, found.observed_at, found.below_quorum)
        yield truth, served, is_new
        now += timedelta(seconds=SECONDS)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("count", range(1, 7))
def test_a_price_is_near_the_truth_or_there_is_none(count, seed):
    wrong = [
        (truth, served.price)
        for truth, served, is_new in run(count, seed)
        if is_new and abs(served.price - truth) > truth * NEAR
    ]
    assert wrong == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("count", range(2, 7))
def test_prices_keep_coming_while_one_source_is_honest(count, seed):
    new = [is_new for _, _, is_new in run(count, seed)]
    assert new.count(True) > ROUNDS * 0.98


@pytest.mark.parametrize("count", range(2, 7))
def test_a_crash_that_all_sources_see_is_followed_at_once(count):
    rounds = list(run(count, 1, faults=False, crash_at=50))
    assert all(abs(served.price - truth) <= truth * NEAR for truth, served, _ in rounds)


def test_a_crash_that_a_lonely_source_sees_takes_some_minutes_and_then_is_followed():
    rounds = list(run(1, 1, faults=False, crash_at=50))
    right = [abs(served.price - truth) <= truth * NEAR for truth, served, _ in rounds]
    is_new = [new for _, _, new in rounds]
    assert all(right[:50])
    assert not any(is_new[50:250])
    assert all(right[-20:])
