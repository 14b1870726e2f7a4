"""The second tap: it runs by itself. Streams of all usable providers, handed on in small batches."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from django.db import close_old_connections, connections

from providers import asking, calls, held, roster, services
from providers.adapter import STREAM
from providers.exceptions import NotOffered, ProviderError
from providers.line import Line
from providers.outage import Outage
from providers.roster import Member
from providers.stream import Pace
from providers.tray import Batch, Tray
from providers.types import Instrument, Pair

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
# Quotes of so long are handed on together.
BATCH = 0.15
THREADS = 8
# How often the operator's choices, what is wanted and how all are is looked at, in seconds.
ROSTER = 2.0
NOTE = 5.0
WANTED = 30.0
# What a venue lists is looked at anew after this time, and where that failed.
LISTED = 900.0
LISTING_DELAY = 15.0
# What cannot be stored is tried again after a second, and ever later.
LONGEST_DELAY = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to listen for: prices of instruments, candles of symbols and currencies."""

    instruments: tuple[Instrument, ...] = ()
    candles: tuple[tuple[str, str], ...] = ()


class Faucet:
    """Keeps the lines of all providers that stream, and hands on what they say."""

    def __init__(
        self,
        wanted: Callable[[], Wanted],
        take: Callable[[Batch], None],
        *,
        pace: Pace | None = None,
    ) -> None:
        self._wanted, self._hand_on = wanted, take
        self._pace = pace or Pace()
        self._now_wanted = Wanted()
        self._changed = asyncio.Event()
        self._tray = Tray()
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._lines: dict[str, list[Line]] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="stream")
        # One hand for what is stored: one batch after the other.
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="stream-hand")

    async def run(self) -> None:
        """Run until somebody ends it."""
        works = (self._keep_roster(), self._keep_wanted(), self._pour(), self._note())
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            await asyncio.gather(*tasks)
        finally:
            everything = [*tasks, *self._keepers.values()]
            for task in everything:
                task.cancel()
            await asyncio.gather(*everything, return_exceptions=True)
            self._hand.submit(connections.close_all)
            self._hand.shutdown(wait=True)
            # Whoever still waits for an upstream's listing holds nothing worth waiting for.
            self._threads.shutdown(wait=False, cancel_futures=True)

    # -- Who is listened to --------------------------------------------------------------

    async def _keep_roster(self) -> None:
        outage = Outage("Who is to be listened to cannot be read")
        while True:
            usable = await self._aside(_usable, outage, default=None)
            if usable is not None:
                await self._follow({member.slug: member for member in usable}, outage)
            await asyncio.sleep(ROSTER)

    async def _follow(self, members: Mapping[str, Member], outage: Outage) -> None:
        """Open the lines of those that are new, close those of whoever may not be heard now."""
        ended = {slug for slug, keeper in self._keepers.items() if keeper.done()}
        for slug in ended | (self._keepers.keys() - members.keys()):
            keeper = self._keepers.pop(slug)
            keeper.cancel()
            (said,) = await asyncio.gather(keeper, return_exceptions=True)
            if isinstance(said, Exception):
                logger.error("The streams of %s ended", slug, exc_info=said)
            await self._aside(partial(held.forget_streamed, slug), outage, default=None)
        for slug in members.keys() - self._keepers.keys():
            self._keepers[slug] = asyncio.ensure_future(self._keep(members[slug]))

    async def _keep_wanted(self) -> None:
        outage = Outage("What to listen for cannot be read")
        while True:
            found = await self._aside(self._wanted, outage, default=self._now_wanted)
            if found != self._now_wanted:
                self._now_wanted = found
                self._changed.set()
                self._changed = asyncio.Event()
            await asyncio.sleep(WANTED)

    async def _keep(self, member: Member) -> None:
        """Keep one provider's lines on what is wanted and what it lists."""
        outage = Outage(f"What {member.slug} lists cannot be asked for")
        tasks: dict[str, asyncio.Task[None]] = {}
        lines: dict[str, Line] = {}
        self._lines[member.slug] = []
        try:
            while True:
                changed, seconds = self._changed, LISTING_DELAY
                with outage:
                    if await self._is_plugged(member, lines, tasks):
                        seconds = LISTED
                    self._lines[member.slug] = list(lines.values())
                await _at_most(changed.wait(), seconds)
        finally:
            self._lines.pop(member.slug, None)
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def _is_plugged(
        self, member: Member, lines: dict[str, Line], tasks: "dict[str, asyncio.Task[None]]"
    ) -> bool:
        try:
            tickers, candles = await self._listed(member)
            self._plug(member, tickers, candles, lines, tasks)
        except ProviderError as error:
            logger.info("%s cannot be listened to yet: %s", member.slug, error)
            return False
        return True

    def _plug(
        self,
        member: Member,
        tickers: Sequence[Pair],
        candles: Sequence[Pair],
        lines: dict[str, Line],
        tasks: "dict[str, asyncio.Task[None]]",
    ) -> None:
        stream = member.row.stream
        if stream is None:
            raise NotOffered("has no stream")
        pairs = {pair.name: pair for pair in (*tickers, *candles)}
        wanted = {one.path: one for one in stream.sockets(tickers, candles) if one.channels}
        for path in lines.keys() - wanted.keys():
            del lines[path]
            tasks.pop(path).cancel()
        for path, socket in wanted.items():
            if path in lines:
                lines[path].want(socket, pairs)
                continue
            take, count = self._tray.put, self._tray.count
            lines[path] = Line(member, socket, pairs, pace=self._pace, take=take, count=count)
            tasks[path] = asyncio.ensure_future(lines[path].keep())

    async def _listed(self, member: Member) -> tuple[list[Pair], list[Pair]]:
        """Return which of the wanted pairs the venue trades, as its own listing says."""
        wanted = self._now_wanted
        # Asked over HTTP, it says nothing of how the stream does.
        asked = replace(member, capability="candles")
        question = partial(member.row.adapter.pairs, wanted.instruments, wanted.candles)
        loop = asyncio.get_running_loop()
        work = partial(_closing, partial(asking.ask, asked, question))
        found: tuple[list[Pair], list[Pair]] = await loop.run_in_executor(self._threads, work)
        return found

    # -- What is done with it ------------------------------------------------------------

    async def _pour(self) -> None:
        loop = asyncio.get_running_loop()
        outage = Outage("What was streamed cannot be stored")
        while True:
            await self._tray.has_some.wait()
            started = time.monotonic()
            batch, is_stored = self._tray.taken(), False
            with outage:
                await loop.run_in_executor(self._hand, partial(_healing, self._hand_on, batch))
                is_stored = True
            if is_stored:
                await asyncio.sleep(max(0.0, started + BATCH - time.monotonic()))
                continue
            self._tray.give_back(batch)
            await asyncio.sleep(outage.delay(LONGEST_DELAY))

    async def _note(self) -> None:
        outage = Outage("How the streams do cannot be written down")
        while True:
            await asyncio.sleep(NOTE)
            counts, self._tray.counts = self._tray.counts, {}
            newest, self._tray.newest = self._tray.newest, {}
            broken = {
                slug: line.problem
                for slug, lines in self._lines.items()
                for line in lines
                if line.problem is not None
            }
            await self._aside(partial(_write_down, counts, newest, broken), outage, default=None)

    async def _aside(
        self, work: Callable[[], Result], outage: Outage, *, default: Result
    ) -> Result:
        """Do what may wait for a store elsewhere; what fails is tried again later."""
        loop = asyncio.get_running_loop()
        with outage:
            return await loop.run_in_executor(self._threads, partial(_closing, work))
        return default


def _usable() -> list[Member] | None:
    return [one for one in roster.current().members(STREAM) if one.is_usable]


def _write_down(
    counts: Mapping[tuple[str, str], int],
    newest: Mapping[str, float],
    broken: Mapping[str, ProviderError],
) -> None:
    for (slug, reason), number in counts.items():
        calls.count_reason(slug, STREAM, reason, number)
    rows = {one.slug: one.row for one in roster.current().members(STREAM)}
    for slug, moment in newest.items():
        known = held.streamed(slug)
        if slug in broken:
            continue
        if known is not None and slug in rows and known.stands_still(rows[slug].frozen_after):
            services.note_failure(slug, STREAM, "frozen", "its prices stand still")
        else:
            services.note_heard(slug, STREAM, newest_at=moment)


def _healing(work: Callable[[Batch], None], batch: Batch) -> None:
    """Let go of a connection that broke: the thread would never get another."""
    close_old_connections()
    work(batch)


def _closing(work: Callable[[], Result]) -> Result:
    """Keep no connection of the database in a thread that seldom needs one."""
    try:
        return work()
    finally:
        connections.close_all()


async def _at_most(work: Any, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        return
