"""From a provider's failure to the next good price of every asset, in whole rounds.

Each trial breaks one quote provider in a way of the simulator's, or all but one of the exchanges,
and measures how long the next round takes until every tracked asset has a newer price.
"""

import os
import tempfile
import time
from itertools import cycle, islice

TRIALS = 80
GOAL_SECONDS = 2.0


def main(data_dir: str) -> None:
    os.environ["CRYPTODT_DATA_DIR"] = data_dir
    os.environ["CRYPTODT_SIMULATED"] = "1"
    os.environ["LOG_LEVEL"] = "error"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cryptodt.settings")
    import django  # noqa: PLC0415 the environment first

    django.setup()
    measure()


def measure() -> None:
    from django.conf import settings  # noqa: PLC0415
    from django.core.cache import cache  # noqa: PLC0415

    from cryptodt.preparation import prepare  # noqa: PLC0415
    from providers.simulator import Simulator  # noqa: PLC0415
    from providers.simulator.faults import FAULTS  # noqa: PLC0415

    prepare()
    exchanges = ("binance", "kraken")
    trials = islice(cycle([(fault, slug) for fault in FAULTS for slug in exchanges]), TRIALS)
    one, all_but_one = [], []
    with Simulator(seed=3) as simulator:
        settings.PROVIDERS_BASE_URL = simulator.url
        collect()
        for number, (fault, slug) in enumerate(trials):
            simulator.fault(slug, fault)
            if number % 3 == 0:
                survivor = next(exchange for exchange in exchanges if exchange != slug)
                for other in simulator.providers:
                    if other != survivor:
                        simulator.fault(other, fault)
            (all_but_one if number % 3 == 0 else one).append(until_all_are_newer())
            simulator.heal()
            # What broke is whole again, and nobody rests: the next trial starts like this one.
            cache.clear()
            time.sleep(0.2)
            collect()
    show("one provider breaks", one)
    show("all but one break", all_but_one)


def collect() -> None:
    from market.tasks.quotes import collect_quotes  # noqa: PLC0415

    collect_quotes()


def times() -> dict[str, float]:
    from market.models import Price  # noqa: PLC0415

    rows = Price.objects.filter(asset__is_listed=True).select_related("asset")
    return {row.asset.symbol: row.observed_at.timestamp() for row in rows}


def until_all_are_newer() -> float:
    before = times()
    started = time.monotonic()
    while time.monotonic() - started < 30:
        collect()
        now = times()
        if all(now[symbol] > at for symbol, at in before.items()):
            break
        time.sleep(0.05)
    return time.monotonic() - started


def show(name: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    p50, p99 = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    print(
        f"{name}, {len(ordered)} trials: p50 {p50:.2f} s, p99 {p99:.2f} s,"
        f" worst {ordered[-1]:.2f} s (goal: p99 under {GOAL_SECONDS:.0f} s)"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        main(directory)
        # Threads that still wait for a hanging provider hold nothing worth waiting for.
        os._exit(0)
