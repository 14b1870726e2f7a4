"""What somebody asked for that is not collected for everybody: it is from then on, for a day."""

import threading
import time
from collections.abc import Collection

from django.core.cache import cache
from django.utils import timezone

from cryptodt.common.errors import NoData, NotYet
from market.models import Asset
from market.selectors import prices as selectors
from market.selectors.prices import PriceAnswer, PriceQuery

# That somebody asks again is written down this often at most.
NOTED_SECONDS = 300
# Asked for so long without an answer, a price is not on its way: nobody has it.
HOPE_SECONDS = 200
HOPE_KEPT_SECONDS = 3600
# A request may wait for its first price, but only few may hold a thread for that.
WAIT_SECONDS = 3.0
LOOK_SECONDS = 0.1
_waiting = threading.BoundedSemaphore(3)


def prices_for(query: PriceQuery) -> PriceAnswer:
    """Return the prices; what is asked for the first time is waited for, a little."""
    wanted = selectors.untracked(query)
    if wanted:
        ask_for(wanted)
        missing = [symbol for symbol, has_price in wanted.items() if not has_price]
        if missing and _is_hopeful(missing):
            _wait(query)
    try:
        return selectors.price_answer(query)
    except NotYet:
        if _is_hopeful(wanted):
            raise
        raise NoData("No provider has a price for any of these.") from None


def ask_for(symbols: Collection[str]) -> None:
    """Note that somebody wants these; the next round collects them."""
    fresh = [one for one in symbols if cache.add(f"asked:{one}", 1, timeout=NOTED_SECONDS)]
    if fresh:
        Asset.objects.filter(symbol__in=fresh).update(asked_at=timezone.now())
        for one in fresh:
            cache.add(f"asked-first:{one}", time.time(), timeout=HOPE_KEPT_SECONDS)


def _is_hopeful(symbols: Collection[str]) -> bool:
    """Say whether any of them was asked for so lately that a price may be on its way."""
    first = cache.get_many([f"asked-first:{one}" for one in symbols])
    return any(time.time() - at < HOPE_SECONDS for at in first.values())


def _wait(query: PriceQuery) -> None:
    if not _waiting.acquire(blocking=False):
        return
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not all(selectors.untracked(query).values()) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
    finally:
        _waiting.release()
