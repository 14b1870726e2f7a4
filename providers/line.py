"""A line to a venue that is kept open: reconnected when it breaks, renewed before it is ended."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from functools import partial

from providers import breaker, services
from providers.exceptions import BadPayload, ProviderError, Silent
from providers.outage import Outage
from providers.roster import Member
from providers.selectors import subject
from providers.session import Memory, Session
from providers.stream import Pace, Socket, Tick
from providers.types import Pair

logger = logging.getLogger(__name__)

# How often a line whose breaker is open looks again.
LOOK = 1.0
# Not all lines of all installations are renewed in step.
SPREAD = 0.05


class Line:
    """One socket of a provider, for as long as it is wanted."""

    def __init__(
        self,
        member: Member,
        socket: Socket,
        pairs: Mapping[str, Pair],
        *,
        pace: Pace,
        take: Callable[[Tick], None],
        count: Callable[[str, str], None],
    ) -> None:
        self.member, self.pace = member, pace
        self.problem: ProviderError | None = None
        self._wish = socket, pairs
        self._take, self._count = take, count
        self._memory = Memory()
        self._attempt = 0
        self._renewed = asyncio.Event()
        self._outage = Outage(f"How the stream of {member.slug} does cannot be kept")

    def want(self, socket: Socket, pairs: Mapping[str, Pair]) -> None:
        """Say what to subscribe to; a line that is open is renewed without a gap."""
        if self._wish != (socket, pairs):
            self._wish = socket, pairs
            self._renewed.set()

    async def keep(self) -> None:
        while True:
            await self._allowed()
            self._renewed.clear()
            self._memory = Memory(patience=self._memory.patience)
            started = time.monotonic()
            try:
                await self._talk()
            except ProviderError as error:
                await self._failed(error, time.monotonic() - started)
            except Exception as error:
                logger.exception("The stream of %s failed", self.member.slug)
                odd = BadPayload(f"failed ({type(error).__name__})")
                await self._failed(odd, time.monotonic() - started)
            await asyncio.sleep(self._delay(self._attempt))

    async def _allowed(self) -> None:
        """Wait until the breaker lets it through; while nobody can say, it does not."""
        while not await self._noted(partial(breaker.allows, self._subject)):
            await asyncio.sleep(LOOK)

    async def _noted(self, work: Callable[[], bool | None]) -> bool | None:
        """Read or write what all processes share. Where that is away, the line goes on."""
        with self._outage:
            return await asyncio.to_thread(work)
        return None

    @property
    def _subject(self) -> str:
        return subject(self.member.slug, self.member.capability)

    async def _talk(self) -> None:
        """Speak on one connection after the other, each opened before the last one is closed."""
        session, reading = await self._opened()
        hasty = 0
        try:
            while True:
                started = time.monotonic()
                due = asyncio.ensure_future(self._due(session))
                try:
                    await asyncio.wait({reading, due}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    due.cancel()
                if reading.done():
                    reading.result()
                hasty = hasty + 1 if time.monotonic() - started < self.pace.proven else 0
                if hasty > 1:
                    # A venue that says farewell to whoever comes is not to be run down.
                    await asyncio.wait({reading}, timeout=self._delay(hasty - 2))
                before = session, reading
                session, reading = await self._succeeded(reading)
                try:
                    await self._joined(session, {reading, before[1]})
                finally:
                    await _end(*before)
        finally:
            await _end(session, reading)

    async def _due(self, session: Session) -> None:
        """Return when another connection is due: it is old, or has news of its end or of ours."""
        lifetime = self.pace.lifetime * (1 - SPREAD * random.random())  # noqa: S311 no secret
        waits = [session.is_leaving.wait(), self._renewed.wait(), asyncio.sleep(lifetime)]
        tasks = [asyncio.ensure_future(one) for one in waits]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    async def _succeeded(
        self, reading: "asyncio.Task[None]"
    ) -> "tuple[Session, asyncio.Task[None]]":
        """Return the next connection as soon as it speaks; the last one goes on until then."""
        self._renewed.clear()
        attempt = 0
        while True:
            try:
                return await self._opened()
            except ProviderError as error:
                if reading.done():
                    raise
                # It is no failure yet: it is still heard.
                self._counted(error.reason)
                delay = max(self._delay(attempt), error.retry_after or 0)
            attempt += 1
            # When the last one ends as well, it is to fail like any other.
            await asyncio.wait({reading}, timeout=delay)

    async def _joined(self, session: Session, readings: "set[asyncio.Task[None]]") -> None:
        """Wait until no channel depends on the last connection any more, or one of both ends."""
        told_all = asyncio.ensure_future(session.has_told_all.wait())
        try:
            await asyncio.wait(
                {told_all, *readings},
                timeout=self.pace.overlap,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            told_all.cancel()

    async def _opened(self) -> "tuple[Session, asyncio.Task[None]]":
        stream, row = self.member.row.stream, self.member.row
        if stream is None:
            raise BadPayload("has no stream")
        session = Session(stream, *self._wish, pace=self.pace, memory=self._memory)
        addresses = row.stream_addresses
        url = addresses[self._attempt % len(addresses)]
        started = time.monotonic()
        reading: asyncio.Task[None] | None = None
        try:
            await session.open(url, public_only=not row.is_stream_redirected)
            reading = asyncio.ensure_future(session.run(self._take, self._counted))
            await self._first_word(session, reading)
            await self._did_well(time.monotonic() - started)
        except BaseException:
            await _end(session, reading)
            raise
        return session, reading

    async def _first_word(self, session: Session, reading: "asyncio.Task[None]") -> None:
        """Wait until it tells something that counts: an open socket alone proves nothing."""
        spoken = asyncio.ensure_future(session.has_spoken.wait())
        try:
            await asyncio.wait({spoken, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            spoken.cancel()
        if not session.has_spoken.is_set():
            # Reading ended first, and says why.
            reading.result()
            raise Silent("ended before it said anything")

    async def _did_well(self, seconds: float) -> None:
        slug, capability = self.member.slug, self.member.capability
        note = partial(services.record_success, slug, capability, None, seconds=seconds)
        await self._noted(note)
        self.problem = None

    async def _failed(self, error: ProviderError, lived: float) -> None:
        self.problem = error
        self._attempt = 0 if lived > self.pace.proven else self._attempt + 1
        slug, capability = self.member.slug, self.member.capability
        await self._noted(partial(services.record_failure, slug, capability, error, seconds=lived))

    def _counted(self, reason: str) -> None:
        self._count(self.member.slug, reason)

    def _delay(self, attempt: int) -> float:
        """Return how long to wait: longer each time, and never in step with others."""
        longest: float = min(
            self.pace.first_delay * 2.0 ** min(attempt, 16), self.pace.longest_delay
        )
        return longest * (0.5 + random.random() / 2)  # noqa: S311 no secret


async def _end(session: Session, reading: "asyncio.Task[None] | None") -> None:
    try:
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
    finally:
        await session.close()
