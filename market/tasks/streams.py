"""What streams tell, from the tap to the store; the thread that listens for it."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from celery import current_app
from django.utils import timezone
from kombu.exceptions import OperationalError

from cryptodt.common.single import single
from market import scrutiny
from market.intervals import MINUTE
from market.models import Series
from market.scrutiny import Sighting, opened
from market.selectors import sightings
from market.selectors.assets import instruments
from market.selectors.series import newest_closed, streamed_series
from market.services.candles import record_candles
from market.services.collection import mark_due
from market.tasks.quotes import record_heard
from providers import faucet, gateway
from providers.faucet import Wanted
from providers.outage import Outage
from providers.stream import Pace
from providers.tray import KEEP, Batch
from providers.types import Candle, CandleAsk

logger = logging.getLogger(__name__)

INTERVAL = "1m"
COLLECT = "market.tasks.candles.collect_candles"
# Open candles of a series are stored this often, in seconds; complete ones at once.
OPEN_EVERY = 1.0
# Whose candles have not come for so long leaves the series to the next provider.
LEAD = 30.0
# What changes slowly is read again this often.
READ_EVERY = 5.0
NUDGE_EVERY = 10.0
# A series that cannot be stored is tried again after a second, and ever later.
LONGEST_DELAY = 60.0

# How often who does not listen looks whether the one who does is gone.
TURN = 0.5

Key = tuple[str, str]


def wanted() -> Wanted:
    """Return what there is to listen for."""
    return Wanted(tuple(instruments()), tuple(sorted(streamed_series(timezone.now()))))


class Intake:
    """Takes in batches, one after the other.

    A series goes on with one provider at a time: the first in the order of those who are asked
    for candles whose stream is alive. A streamed candle is stored only when it goes on where the
    complete ones end; where something is missing in between, the collection is told to ask.
    """

    def __init__(self) -> None:
        self._series: Mapping[Key, Series] = {}
        self._seen: Mapping[int, Collection[Sighting]] = {}
        self._order: Mapping[str, int] = {}
        self._read_at = float("-inf")
        self._heard_at: dict[Key, dict[str, float]] = {}
        self._waiting: dict[Key, dict[int, Candle]] = {}
        self._stored_at: dict[Key, float] = {}
        self._closed: dict[Key, int] = {}
        self._outages: dict[Key, Outage] = {}
        self._nudged_at = float("-inf")

    def take(self, batch: Batch) -> None:
        if batch.quotes:
            gateway.hold_streamed(batch.quotes)
            record_heard()
        self._read()
        for candle in batch.candles:
            self._sort_in(candle)
        self._store()

    # -- Whose candles count -------------------------------------------------------------

    def _read(self) -> None:
        now = time.monotonic()
        if now - self._read_at < READ_EVERY:
            return
        self._read_at = now
        self._series = streamed_series(timezone.now())
        self._seen = _sightings(list(self._series.values()))
        self._order = {slug: place for place, slug in enumerate(gateway.in_turn("candles"))}

    def _sort_in(self, candle: Candle) -> None:
        """Keep a candle for the store, unless its series is none of ours or somebody else's."""
        key = candle.symbol, candle.currency
        series = self._series.get(key)
        if series is None or candle.source not in self._order:
            return
        ask = CandleAsk(candle.symbol, candle.currency, INTERVAL)
        seen = tuple(self._seen.get(series.pk, ()))
        doubt = scrutiny.refusal([candle], ask, seen, now=timezone.now())
        if doubt is not None:
            gateway.report_left_out(candle.source, "stream", doubt.reason)
            return
        heard = self._heard_at.setdefault(key, {})
        heard[candle.source] = now = time.monotonic()
        alive = [slug for slug, at in heard.items() if now - at < LEAD and slug in self._order]
        if candle.source == min(alive, key=lambda slug: self._order[slug]):
            waiting = self._waiting.setdefault(key, {})
            known = waiting.get(opened(candle))
            if known is None or known.is_closed <= candle.is_closed:
                waiting[opened(candle)] = candle

    # -- What is stored ------------------------------------------------------------------

    def _store(self) -> None:
        lacking: set[int] = set()
        for key in [key for key, waiting in self._waiting.items() if self._is_due(key, waiting)]:
            waiting, series = self._waiting.pop(key), self._series.get(key)
            self._stored_at[key] = time.monotonic()
            if series is None:
                continue
            outage = self._outages.setdefault(key, Outage(f"{series} cannot be stored"))
            with outage:
                try:
                    is_whole = self._go_on(key, series, [waiting[at] for at in sorted(waiting)])
                except BaseException:
                    self._waiting[key] = _young(waiting)
                    raise
                if not is_whole:
                    lacking.add(series.pk)
        if lacking:
            self._ask_for(lacking)

    def _is_due(self, key: Key, waiting: Mapping[int, Candle]) -> bool:
        """Say whether to store now: complete candles at once, and later each time that fails."""
        outage = self._outages.get(key)
        passed = time.monotonic() - self._stored_at.get(key, float("-inf"))
        if outage is not None and outage.failures:
            return passed >= outage.delay(LONGEST_DELAY)
        return passed >= OPEN_EVERY or any(candle.is_closed for candle in waiting.values())

    def _go_on(self, key: Key, series: Series, candles: Sequence[Candle]) -> bool:
        """Store those that follow the complete ones; say whether that was all of them."""
        following: list[Candle] = []
        end = self._end_of(key, series, opened(candles[0]))
        for candle in candles:
            if end is None or opened(candle) > end + MINUTE:
                break
            following.append(candle)
            end = max(end, opened(candle)) if candle.is_closed else end
        if following:
            record_candles(series, following, now=timezone.now())
            self._closed[key] = end or 0
        return len(following) == len(candles)

    def _end_of(self, key: Key, series: Series, at: int) -> int | None:
        """Return when the newest complete candle opened; others may have stored some since."""
        known = self._closed.get(key)
        if known is not None and at <= known + MINUTE:
            return known
        return newest_closed(series)

    def _ask_for(self, lacking: Collection[int]) -> None:
        """Have the collection ask for what a stream has lost, now and not when the minute ends."""
        now = time.monotonic()
        if now - self._nudged_at < NUDGE_EVERY:
            return
        self._nudged_at = now
        mark_due(lacking, now=timezone.now())
        try:
            current_app.send_task(COLLECT, expires=MINUTE - 5)
        except OperationalError:
            logger.warning("Candles wait for the minute: the queue cannot be reached")


def _young(waiting: Mapping[int, Candle]) -> dict[int, Candle]:
    """Return what is worth keeping of what could not be stored: the rest is asked for."""
    oldest = timezone.now().timestamp() - KEEP.total_seconds()
    return {at: candle for at, candle in waiting.items() if at >= oldest}


def _sightings(series: Sequence[Series]) -> Mapping[int, Collection[Sighting]]:
    """Return what was agreed on lately, by series."""
    now = timezone.now()
    known = sightings.rates({one.currency for one in series}, now)
    points = sightings.recent({one.asset_id for one in series}, now)
    return {
        one.pk: sightings.in_currency(points.get(one.asset_id, ()), one.currency, known)
        for one in series
    }


class Listening:
    """The streams as a thread with a loop of its own; of all processes one listens at a time."""

    def __init__(self, *, pace: Pace | None = None) -> None:
        self._pace = pace
        self._thread = threading.Thread(target=self._run, name="streams", daemon=True)
        self._is_stopped = threading.Event()
        # How the work at hand is ended; there is none before it begins and after it.
        self._lock = threading.Lock()
        self._end: Callable[[], object] | None = None

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, seconds: float = 6) -> None:
        self._is_stopped.set()
        self._let_go()
        self._thread.join(seconds)
        if self._thread.is_alive():
            logger.warning("A stream was still open when the process ended")

    def _let_go(self) -> None:
        with self._lock:
            if self._end is not None:
                self._end()

    def _run(self) -> None:
        outage = Outage("The exchanges cannot be listened to")
        while not self._is_stopped.is_set():
            with (
                outage,
                single("streams", seconds=float("inf"), on_lost=self._let_go) as is_mine,
            ):
                if is_mine:
                    asyncio.run(self._listen())
            self._is_stopped.wait(TURN)

    async def _listen(self) -> None:
        pouring = faucet.Faucet(wanted, Intake().take, pace=self._pace)
        task = asyncio.ensure_future(pouring.run())
        with self._lock:
            if self._is_stopped.is_set():
                task.cancel()
            self._end = partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel)
        logger.info("This process listens to the exchanges")
        try:
            await task
        except asyncio.CancelledError:
            return
        finally:
            with self._lock:
                self._end = None
