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


def schedule() -> tuple[Job, ...]:
    every = settings.COLLECT_INTERVAL
    return (
        Job("collect quotes", "market.tasks.quotes.collect_quotes", every, max(1, every - 1)),
        Job("roll up provider calls", "providers.tasks.roll_up_calls", 600, 300),
    )


@signals.task_prerun.connect
def _trace_task(task_id: str, **_: Any) -> None:
    begin_trace(task_id)
