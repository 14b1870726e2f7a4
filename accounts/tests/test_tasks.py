"""Owners hear of a day that runs out, once; what is over is forgotten, the audit never."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from accounts.audit import record
from accounts.models import ApiKey, AuditEntry, QuotaNotice, RevokedToken, Tier, Usage
from accounts.tasks import forget_what_is_over, warn_of_quotas
from accounts.tests.people import given_key, given_person

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def key():
    return given_key(given_person(email="ann@example.com"), name="robot").key


def spend(key, spent, *, endpoint="api/prices"):
    Usage.objects.update_or_create(
        day=timezone.now().date(),
        key=key,
        user=key.owner,
        endpoint=endpoint,
        defaults={"spent": spent, "calls": spent * 2},
    )


def subjects():
    return [letter.subject for letter in mail.outbox]


def test_nobody_hears_of_a_day_that_has_room(key):
    spend(key, 799)
    warn_of_quotas()
    assert subjects() == []


def test_the_owner_hears_at_each_step_once(key):
    for spent in (800, 900, 1000, 1000):
        spend(key, spent)
        warn_of_quotas()
    assert subjects() == [f"Your key robot has used {step} % of its day" for step in (80, 100)]
    assert mail.outbox[0].to == ["ann@example.com"]
    assert "429" not in mail.outbox[0].body
    assert "429" in mail.outbox[1].body


def test_both_steps_at_once_are_one_letter(key):
    spend(key, 600)
    spend(key, 400, endpoint="api/providers")
    warn_of_quotas()
    warn_of_quotas()
    assert subjects() == ["Your key robot has used 100 % of its day"]


def test_the_next_day_begins_anew(key):
    spend(key, 800)
    warn_of_quotas()
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        warn_of_quotas()
        spend(key, 800)
        warn_of_quotas()
    assert len(subjects()) == 2


def test_a_limit_of_its_own_and_none_at_all_are_obeyed(key):
    ApiKey.objects.update(per_day=10)
    spend(key, 8)
    warn_of_quotas()
    assert len(subjects()) == 1
    ApiKey.objects.update(per_day=None)
    Tier.objects.update(per_day=None)
    spend(key, 10**9)
    warn_of_quotas()
    assert len(subjects()) == 1


def test_a_revoked_key_and_a_person_without_an_address_are_left_alone(key):
    spend(key, 1000)
    ApiKey.objects.update(revoked_at=NOON)
    warn_of_quotas()
    ApiKey.objects.update(revoked_at=None)
    key.owner.email = ""
    key.owner.save()
    warn_of_quotas()
    assert subjects() == []
    assert not QuotaNotice.objects.exists()


def test_a_letter_that_could_not_be_sent_is_tried_again(key, settings):
    spend(key, 1000)
    works = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", 1, 1
    warn_of_quotas()
    assert not QuotaNotice.objects.exists()
    settings.EMAIL_BACKEND = works
    warn_of_quotas()
    assert len(subjects()) == 1


def test_what_is_over_is_forgotten_and_the_audit_is_kept(key):
    record("key revoked", name="ann")
    entries = AuditEntry.objects.count()
    for name, ends in (("over", NOON - timedelta(seconds=1)), ("on", NOON + timedelta(days=1))):
        RevokedToken.objects.create(jti=name, expires_at=ends)
    for day in (date(2026, 8, 23), date(2026, 8, 22)):
        Usage.objects.create(day=day, key=key, user=key.owner, endpoint="x")
        QuotaNotice.objects.create(day=day, key=key, percent=80)
    forget_what_is_over()
    assert [one.jti for one in RevokedToken.objects.all()] == ["on"]
    assert [one.day for one in Usage.objects.all()] == [date(2026, 8, 23)]
    assert [one.day for one in QuotaNotice.objects.all()] == [date(2026, 8, 23)]
    assert AuditEntry.objects.count() == entries
