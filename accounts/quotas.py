"""Tells people by mail that a key's day is nearly used up, and that it is."""

import logging
from datetime import date
from smtplib import SMTPException

from django.core.mail import send_mail
from django.template.loader import render_to_string

from accounts import selectors
from accounts.models import ApiKey, QuotaNotice

logger = logging.getLogger(__name__)

STEPS = (80, 100)


def warn_owners(day: date) -> int:
    """Write to the owners of keys that reached a step since the last time; return how many."""
    return sum(_warn(key, spent, day) for key, spent in selectors.spent_by_keys(day))


def _warn(key: ApiKey, spent: int, day: date) -> bool:
    limit = key.limits.per_day
    if not limit or not key.is_live or not key.owner.email:
        return False
    reached = [step for step in STEPS if spent * 100 >= limit * step]
    # Whoever writes the row writes the letter: two processes at once tell nobody twice.
    made = [QuotaNotice.objects.get_or_create(day=day, key=key, percent=step) for step in reached]
    fresh = [notice for notice, is_new in made if is_new]
    if not fresh or fresh[-1].percent != reached[-1]:
        return False
    try:
        _write(key, percent=reached[-1], spent=spent, limit=limit)
    except (OSError, SMTPException):
        logger.exception("A letter about a key's day could not be sent; it is tried again")
        QuotaNotice.objects.filter(pk__in=[notice.pk for notice in fresh]).delete()
        return False
    return True


def _write(key: ApiKey, *, percent: int, spent: int, limit: int) -> None:
    context = {"key": key, "percent": percent, "spent": spent, "limit": limit}
    text = render_to_string("accounts/mail/quota.txt", context)
    subject, _, body = text.strip().partition("\n")
    send_mail(subject.strip(), body.strip() + "\n", None, [key.owner.email])
