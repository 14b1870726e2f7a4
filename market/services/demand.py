"""What somebody asks for and nobody collects yet: wanted, collected at once, and waited for.

A view that finds a series empty calls `want_series` and then `wait_for`; on every other read of
a series that is not tracked, `want_series` alone keeps it collected, and costs no query for five
minutes after the last one that did.
"""

import logging
import threading
import time

from celery import current_app
from django.core.cache import cache
from django.utils import timezone
from kombu.exceptions import OperationalError

from cryptodt.common.errors import NoData, NotYet
from market.models import Series
from market.services.candles import series_of

logger = logging.getLogger(__name__)

TASK = "market.tasks.candles.collect_series"
REGISTER_EVERY = 300
# Whoever asks for names at random must not fill the tables, nor the minute of the collection.
MOST_WANTED = 2000
WAIT_SECONDS = 3.0
POLL_SECONDS = 0.1
# The web process has few threads; who waits in one keeps it from the others.
MOST_WAITING = 3
RETRY_AFTER = 5
EXPIRES = 60

_waiting = threading.BoundedSemaphore(MOST_WAITING)


def want_series(symbol: str, currency: str, interval: str) -> None:
    """Register that somebody wants these candles, and have a worker collect them at once."""
    if not cache.add(_key(symbol, currency, interval), 1, timeout=REGISTER_EVERY):
        return
    series = series_of(symbol, currency, interval)
    is_first = series.asked_at is None
    Series.objects.filter(pk=series.pk).update(asked_at=timezone.now())
    if is_first:
        _drop_beyond(MOST_WANTED)
    try:
        current_app.send_task(TASK, [series.pk], expires=EXPIRES)
    except OperationalError:
        # Whatever is wanted is due, so the next minute collects it without being told.
        logger.warning("%s waits for the minute: the queue cannot be reached", series)


def wait_for(symbol: str, currency: str, interval: str) -> None:
    """Return as soon as the series has candles.

    Raises NoData when everybody was asked in vain, and NotYet when that is not known in time.
    """
    if not _waiting.acquire(blocking=False):
        raise _not_yet(symbol, currency, interval)
    try:
        end = time.monotonic() + WAIT_SECONDS
        while not _is_collected(symbol, currency, interval):
            if time.monotonic() >= end:
                raise _not_yet(symbol, currency, interval)
            time.sleep(POLL_SECONDS)
    finally:
        _waiting.release()


def _is_collected(symbol: str, currency: str, interval: str) -> bool:
    row = Series.objects.filter(asset__symbol=symbol, currency=currency, interval=interval).first()
    if row is None or row.collected_at is not None:
        return row is not None
    if row.problem and row.tried_at and row.asked_at and row.tried_at >= row.asked_at:
        raise NoData(
            f"No provider has candles of {symbol} in {currency}, {interval}: {row.problem}",
            details={"symbol": symbol, "currency": currency, "interval": interval},
            retry_after=REGISTER_EVERY,
        )
    return False


def _not_yet(symbol: str, currency: str, interval: str) -> NotYet:
    return NotYet(
        f"Candles of {symbol} in {currency}, {interval}, are being collected for the first time.",
        details={"symbol": symbol, "currency": currency, "interval": interval},
        retry_after=RETRY_AFTER,
    )


def _drop_beyond(most: int) -> None:
    """Forget who asked for the series that were wanted longest ago; their candles stay."""
    wanted = Series.objects.filter(asked_at__isnull=False).order_by("-asked_at")
    beyond = list(wanted.values_list("pk", flat=True)[most:])
    if beyond:
        # What never had a candle leaves nothing behind.
        rows = Series.objects.filter(pk__in=beyond)
        rows.filter(collected_at=None).delete()
        rows.update(asked_at=None)


def _key(symbol: str, currency: str, interval: str) -> str:
    return f"wanted:{symbol}:{currency}:{interval}"
