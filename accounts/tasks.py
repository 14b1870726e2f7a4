"""What the door does by itself: tells of days that run out, and forgets what is over."""

from celery import shared_task
from django.utils import timezone

from accounts import quotas, services
from cryptodt.common.single import single


@shared_task
def warn_of_quotas() -> None:
    """Write to owners of keys whose day is nearly, or wholly, used up."""
    with single("warn_of_quotas", seconds=240) as is_mine:
        if is_mine:
            quotas.warn_owners(timezone.now().date())


@shared_task
def forget_what_is_over() -> None:
    """Drop tokens that would have ended anyway, and usage that nobody is shown any more."""
    services.forget_what_is_over(now=timezone.now())
