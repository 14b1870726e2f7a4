"""Writing down what is known of the providers, and which market a database belongs to."""

import logging
import time
from dataclasses import replace

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured

from providers import breaker
from providers.exceptions import Blocked, NotOffered, OverBudget, ProviderError, RateLimited
from providers.models import StoreOrigin
from providers.selectors import KEEP, observed_key, observed_of

logger = logging.getLogger(__name__)

# Refused for where we are: asking again soon cannot help.
BLOCKED_PAUSE = 300
RATE_PAUSE = 60


def claim_store() -> None:
    """Refuse a database of the other market, so that simulated data never meets real data."""
    origin, _ = StoreOrigin.objects.get_or_create(id=1, defaults={"market": settings.MARKET})
    if origin.market != settings.MARKET:
        raise ImproperlyConfigured(
            f"This database holds a {origin.market} market, and CryptoDT was started for the"
            f" {settings.MARKET} one. Give it another CRYPTODT_DATA_DIR or DATABASE_URL."
        )


def record_success(slug: str, *, latency: float) -> None:
    breaker.succeeded(slug)
    before = observed_of(slug)
    if before.failure:
        logger.info("%s answers again", slug)
    seen = replace(before, checked_at=time.time(), latency=latency, failure="")
    cache.set(observed_key(slug), replace(seen, answered_at=seen.checked_at), timeout=KEEP)


def record_failure(slug: str, error: ProviderError) -> None:
    if not isinstance(error, NotOffered | OverBudget):
        breaker.failed(slug, pause=_pause(error))
    note_failure(slug, str(error))


def note_failure(slug: str, failure: str) -> None:
    """Write down what is wrong without counting it against the breaker."""
    before = observed_of(slug)
    if before.failure != failure:
        logger.warning("%s is left out: %s", slug, failure)
    seen = replace(before, checked_at=time.time(), failure=failure, latency=None)
    cache.set(observed_key(slug), seen, timeout=KEEP)


def _pause(error: ProviderError) -> float | None:
    if isinstance(error, RateLimited):
        return error.retry_after or RATE_PAUSE
    if isinstance(error, Blocked):
        return BLOCKED_PAUSE
    return error.retry_after
