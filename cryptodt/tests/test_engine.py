"""The schedule: it follows the settings until an operator has changed it."""

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from cryptodt.celery import app, schedule
from cryptodt.engine import sync_schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(settings):
    settings.COLLECT_INTERVAL = 5
    sync_schedule()
    return PeriodicTask.objects.get(name="collect quotes")


def synced(settings, seconds):
    settings.COLLECT_INTERVAL = seconds
    sync_schedule()
    return PeriodicTask.objects.get(name="collect quotes")


def test_every_job_is_a_row_of_a_task_that_exists(row):
    app.loader.import_default_modules()
    assert set(PeriodicTask.objects.values_list("name", flat=True)) >= {
        job.name for job in schedule()
    }
    assert all(job.task in app.tasks for job in schedule())


def test_a_message_expires_before_the_next_one_is_sent(row):
    assert (row.interval.every, row.interval.period, row.expire_seconds) == (5, "seconds", 4)


def test_at_the_start_prices_come_first_and_lists_of_megabytes_one_by_one():
    waits = [job.first_after_seconds or 0 for job in schedule() if ".figures." in job.task]
    assert min(waits) > 0
    assert len(set(waits)) == len(waits)


def test_an_untouched_row_follows_the_settings(row, settings):
    changed = synced(settings, 20)
    assert (changed.interval.every, changed.expire_seconds) == (20, 19)
    assert "20 s" in changed.description
    assert synced(settings, 5).interval.every == 5


def test_syncing_twice_makes_nothing_twice(row, settings):
    assert synced(settings, 5).pk == row.pk
    assert PeriodicTask.objects.filter(name="collect quotes").count() == 1


def test_a_row_that_an_operator_switched_off_stays_off(row, settings):
    PeriodicTask.objects.filter(pk=row.pk).update(enabled=False)
    kept = synced(settings, 20)
    assert not kept.enabled
    assert kept.interval.every == 5


@pytest.mark.parametrize(("every", "period"), [(60, "seconds"), (5, "minutes")])
def test_an_operators_interval_survives_other_settings(row, settings, every, period):
    chosen = IntervalSchedule.objects.create(every=every, period=period)
    PeriodicTask.objects.filter(pk=row.pk).update(interval=chosen)
    kept = synced(settings, 20)
    assert (kept.interval.every, kept.interval.period) == (every, period)


def test_an_operators_crontab_survives_other_settings(row, settings):
    PeriodicTask.objects.filter(pk=row.pk).update(
        interval=None, crontab=CrontabSchedule.objects.create(minute="*/2")
    )
    kept = synced(settings, 20)
    assert kept.interval is None
    assert kept.crontab.minute == "*/2"


def test_an_edit_of_the_interval_that_the_row_shares_survives(row, settings):
    IntervalSchedule.objects.filter(pk=row.interval_id).update(every=45)
    assert synced(settings, 20).interval.every == 45


def test_intervals_that_exist_twice_do_not_stop_the_start(row, settings):
    for _ in range(2):
        IntervalSchedule.objects.create(every=20, period="seconds")
    assert synced(settings, 20).interval.every == 20


def test_a_job_that_moved_runs_at_its_new_place_whatever_an_operator_chose():
    sync_schedule()
    PeriodicTask.objects.filter(name="collect quotes").update(task="gone.by", enabled=False)
    sync_schedule()
    row = PeriodicTask.objects.get(name="collect quotes")
    assert (row.task, row.enabled) == ("market.tasks.quotes.collect_quotes", False)


def test_discovery_is_scheduled_and_not_done_at_the_start(row, settings):
    settings.AUTO_DISCOVERY_INTERVAL_HOURS = 6
    job = next(one for one in schedule() if one.task == "providers.tasks.discover_daily")
    assert (job.every_seconds, job.first_after_seconds) == (6 * 3600, None)
    assert [one.name for one in schedule() if one.first_after_seconds == 0] != []
