"""A simulated day at full speed: no provider may be asked more than its budget allows.

Each minute has its round and a question of each kind; every tenth minute asks, from several
threads, for far more than the budgets allow. The simulator counts.
"""

import os
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import time_machine

HOURS = int(os.environ.get("HOURS", "24"))
STEP_SECONDS = 60
HAMMER_EVERY = 10
HAMMERED = 40
THREADS = 4
START = 1_790_000_000.0


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

    from cryptodt.preparation import prepare  # noqa: PLC0415
    from market.selectors.assets import instruments  # noqa: PLC0415
    from providers.registry import BY_SLUG  # noqa: PLC0415
    from providers.simulator import Simulator  # noqa: PLC0415

    prepare()
    bitcoin = [one for one in instruments() if one.symbol == "BTC"]
    asked: Counter[tuple[str, int]] = Counter()
    began = time.monotonic()
    with (
        time_machine.travel(START, tick=False) as clock,
        Simulator(seed=5) as simulator,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        settings.PROVIDERS_BASE_URL = simulator.url
        for step in range(HOURS * 3600 // STEP_SECONDS):
            times = HAMMERED if step % HAMMER_EVERY == 0 else 1
            crew = THREADS if times > 1 else 1
            for future in [threads.submit(ask, bitcoin, times) for _ in range(crew)]:
                future.result()
            asked.update((one.provider, int(one.at // 60)) for one in simulator.requests())
            simulator.forget_requests()
            clock.shift(STEP_SECONDS)
    most = {slug: 0 for slug, _ in asked}
    for (slug, _), count in asked.items():
        most[slug] = max(most[slug], count)
    print(f"{HOURS} simulated hours, {sum(asked.values())} questions")
    for slug in sorted(most):
        budget = BY_SLUG[slug].budget
        verdict = "held" if most[slug] <= budget else "BROKEN"
        print(f"  {slug:20} most in a minute {most[slug]:3} of {budget:3}  {verdict}")
    if any(most[slug] > BY_SLUG[slug].budget for slug in most):
        raise SystemExit(f"a budget was broken (after {time.monotonic() - began:.0f} s)")


def ask(instruments: list[object], times: int) -> None:
    from providers import gateway  # noqa: PLC0415
    from providers.exceptions import NoProviderLeft  # noqa: PLC0415
    from providers.types import CandleAsk  # noqa: PLC0415

    gateway.fetch_quotes(instruments)
    for capability, question in (
        ("candles", (CandleAsk("BTC", "USDT", "1h", limit=2),)),
        ("order_book", ("BTC", "USDT", 5)),
        ("global", ()),
        ("fear_greed", (1,)),
    ):
        for _ in range(times):
            try:
                gateway.fetch(capability, *question)
            except NoProviderLeft:
                # Every budget is spent: exactly what is to be shown.
                break


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        main(directory)
