"""Background work: the app, and the schedule as a table."""

import os
from dataclasses import dataclass
from typing import Any

from celery import Celery, signals
from django.conf import settings

from cryptodt.common.logs import begin_trace

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cryptodt.settings")

app = Celery("cryptodt")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@dataclass(frozen=True, slots=True)
class Job:
    """A task, how often it runs, and how old a waiting message may grow before it is dropped."""

    name: str
    task: str
    every_seconds: int
    expires_seconds: int
    # How long after the start of the process it runs for the first time: prices come first, and
    # not everything comes at once. None is a whole period later.
    first_after_seconds: int | None = 0


def schedule() -> tuple[Job, ...]:
    every = settings.COLLECT_INTERVAL
    return (
        Job("collect quotes", "market.tasks.quotes.collect_quotes", every, max(1, every - 1)),
        Job("collect market totals", "market.tasks.figures.collect_global", 300, 240, 3),
        Job("collect trending assets", "market.tasks.figures.collect_trending", 600, 480, 5),
        Job("collect DeFi protocols", "market.tasks.figures.collect_defi", 3600, 1800, 8),
        Job("collect DeFi days", "market.tasks.figures.collect_tvl", 3600, 1800, 12),
        Job("refresh rates", "market.tasks.rates.refresh_rates", 600, 300, 10),
        Job("refresh standings", "market.tasks.assets.refresh_standings", 300, 200, 20),
        # Once a day it does something; the other times it looks whether a day has passed. Its
        # many pages wait for a minute in which the first of everything else has come.
        Job("refresh catalog", "market.tasks.assets.refresh_catalog", 1800, 900, 75),
        Job("thin price points", "market.tasks.points.thin_price_points", 3600, 1800, 90),
        Job("collect candles", "market.tasks.candles.collect_candles", 60, 55, 10),
        Job("repair candles", "market.tasks.repair.repair_candles", 60, 55, 30),
        Job("check candles", "market.tasks.rollups.check_rollups", 3600, 600, 120),
        Job("tell status", "cryptodt.tasks.tell_status", 10, 8, 6),
        Job("roll up provider calls", "providers.tasks.roll_up_calls", 600, 300),
        Job("warn of quotas", "accounts.tasks.warn_of_quotas", 300, 240, 30),
        Job("forget what is over", "accounts.tasks.forget_what_is_over", 86400, 3600, 60),
        Job(
            "discover providers",
            "providers.tasks.discover_daily",
            settings.AUTO_DISCOVERY_INTERVAL_HOURS * 3600,
            1800,
            first_after_seconds=None,
        ),
    )


@signals.task_prerun.connect
def _trace_task(task_id: str, **_: Any) -> None:
    begin_trace(task_id)
