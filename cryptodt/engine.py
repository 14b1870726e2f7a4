"""The worker and the beat as threads of this process, for the shape that needs no other service."""

import logging
import threading
import time
from typing import Any

from celery.beat import EmbeddedService
from celery.worker import WorkController, state
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from cryptodt.celery import Job, app, schedule

logger = logging.getLogger(__name__)

STOP_SECONDS = 6.0


class Engine:
    """Runs what is scheduled. A queue that is lost with the process loses nothing: every job
    derives what is due from the store."""

    def __init__(self) -> None:
        self._worker: threading.Thread | None = None
        self._controller: Any = None
        self._beat: Any = None

    def start(self) -> None:
        sync_schedule()
        self._controller = WorkController(
            app=app,
            pool_cls="threads",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        self._worker = threading.Thread(target=self._controller.start, name="worker", daemon=True)
        self._worker.start()
        self._beat = EmbeddedService(app, thread=True, scheduler_cls=app.conf.beat_scheduler)
        self._beat.start()
        # The beat waits a whole period before it runs anything for the first time.
        for job in schedule():
            if job.first_after_seconds is not None:
                app.send_task(
                    job.task,
                    countdown=job.first_after_seconds,
                    expires=job.first_after_seconds + job.expires_seconds,
                )

    def stop(self) -> None:
        """Let running tasks finish, but not for ever."""
        if self._worker is None:
            return
        end = time.monotonic() + STOP_SECONDS
        # Both look up from their waiting once in a second or two, so both are told first.
        state.should_stop = 0  # type: ignore[assignment]
        self._wake()
        self._beat.stop()
        self._worker.join(max(0.0, end - time.monotonic()))
        if self._worker.is_alive():
            logger.warning("A task was still running when the process ended")

    def _wake(self) -> None:
        """Have the worker look up now. Where the queue is a part of this process it waits for
        messages for two seconds, and when it was told to stop, once more."""
        if app.connection_for_write().transport_cls == "memory":
            for _ in range(2):
                app.control.broadcast("ping", destination=[self._controller.hostname])


def sync_schedule() -> None:
    """Write the schedule into the table, and leave every row alone that an operator changed."""
    # A last run in the future is from before the clock was set back; it would stop the beat.
    PeriodicTask.objects.filter(last_run_at__gt=timezone.now()).update(last_run_at=None)
    for job in schedule():
        row, is_new = PeriodicTask.objects.get_or_create(name=job.name, defaults=_columns(job))
        # When a job runs is the operator's to say; what it runs is the code's.
        PeriodicTask.objects.filter(name=job.name).exclude(task=job.task).update(task=job.task)
        if not is_new and row.description != _note(job) and _is_untouched(row):
            for name, value in _columns(job).items():
                setattr(row, name, value)
            # Saved, not updated in place: that is what a beat elsewhere takes notice of.
            row.save()


def _columns(job: Job) -> dict[str, Any]:
    every = {"every": job.every_seconds, "period": IntervalSchedule.SECONDS}
    # Not get_or_create: the table allows twins, and an operator may have made some.
    interval = IntervalSchedule.objects.filter(**every).first()
    interval = interval or IntervalSchedule.objects.create(**every)
    return {
        "task": job.task,
        "interval": interval,
        "expire_seconds": job.expires_seconds,
        "description": _note(job),
    }


def _note(job: Job) -> str:
    return f"Every {job.every_seconds} s unless changed here."


def _is_untouched(row: PeriodicTask) -> bool:
    interval = row.interval
    return bool(
        row.enabled
        and interval
        and interval.period == IntervalSchedule.SECONDS
        and row.description == f"Every {interval.every} s unless changed here."
    )
