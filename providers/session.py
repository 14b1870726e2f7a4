"""One open socket: what comes on it is read and put in order, and its silence is noticed."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from providers import dial
from providers.exceptions import BadPayload, Missed, ProviderError, Silent, Unreachable
from providers.stream import Heard, Pace, Socket, Stream, Tick
from providers.types import Candle, Pair

logger = logging.getLogger(__name__)

# So many frames in a row that cannot be read, and nothing more is believed of this socket.
MOST_GARBAGE = 10
# A count that is ahead twice in a row is no frame that was overtaken.
MISSED_BEATS = 2
# A flood must not keep the loop from everything else: after so many letters the others have their
# turn, and the shortest frame counts as some.
BREATH, SHORTEST = 16_384, 256

# A clock may be a little ahead of ours.
LEAD = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)

Order = tuple[Decimal | int, ...]


@dataclass(slots=True)
class Memory:
    """What outlives a connection while its successor takes over."""

    orders: MutableMapping[str, Order] = field(default_factory=dict)
    # The last candle of each channel: one that goes on can only grow.
    candles: MutableMapping[str, Candle] = field(default_factory=dict)
    # How long each channel may be silent: one that is silent again and again is a thin market.
    patience: MutableMapping[str, float] = field(default_factory=dict)


class Session:
    """One connection from its opening to its end."""

    def __init__(
        self,
        stream: Stream,
        socket: Socket,
        pairs: Mapping[str, Pair],
        *,
        pace: Pace,
        memory: Memory,
    ) -> None:
        self.stream, self.socket, self.pairs = stream, socket, pairs
        self.pace, self.memory = pace, memory
        self.has_spoken = asyncio.Event()
        # Every channel has.
        self.has_told_all = asyncio.Event()
        self.is_leaving = asyncio.Event()
        self.refusal = ""
        self._unheard = set(socket.channels)
        self._heard_at: dict[str, float] = {}
        self._trades: dict[str, int] = {}
        self._missed: dict[str, int] = {}
        self._garbage = 0
        self._stack = AsyncExitStack()
        self._connection: ClientConnection | None = None

    async def open(self, url: str, *, public_only: bool) -> None:
        address = url + self.socket.path
        self._connection = await dial.opened(address, public_only=public_only, stack=self._stack)
        self._heard_at = dict.fromkeys(self.socket.channels, time.monotonic())

    async def close(self) -> None:
        try:
            await self._stack.aclose()
        finally:
            # A farewell that was interrupted leaves nothing open.
            if self._connection is not None:
                self._connection.transport.abort()

    async def run(self, take: Callable[[Tick], None], count: Callable[[str], None]) -> None:
        """Read until something ends it; that is what is raised."""
        works: list[Awaitable[None]] = [self._read(take, count), self._watch()]
        if self.stream.ping:
            works.append(self._ping())
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            await self._say_hello()
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except ConnectionClosed as error:
            raise Unreachable(f"closed its socket ({_why(error)})") from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def _open(self) -> ClientConnection:
        if self._connection is None:
            raise Unreachable("is not open")
        return self._connection

    # -- What it says --------------------------------------------------------------------

    async def _say_hello(self) -> None:
        for message in self.socket.hello:
            await self._open.send(message)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(self.pace.ping)
            await self._open.send(self.stream.ping)

    # -- What it hears -------------------------------------------------------------------

    async def _read(self, take: Callable[[Tick], None], count: Callable[[str], None]) -> None:
        read = 0
        while True:
            frame = await self._open.recv()
            heard = self._understood(frame, count)
            if heard is not None:
                self._heed(heard, take, count)
            read += max(len(frame), SHORTEST)
            if read >= BREATH:
                read = 0
                await asyncio.sleep(0)

    def _understood(self, frame: str | bytes, count: Callable[[str], None]) -> Heard | None:
        try:
            if not isinstance(frame, str):
                raise BadPayload("sent bytes where text belongs")
            return self.stream.read(frame, self.pairs)
        except ProviderError as error:
            problem = error
        except Exception as error:
            logger.exception("A frame could not be read")
            problem = BadPayload(f"sent a frame that could not be read ({type(error).__name__})")
        count("bad_payload")
        self._garbage += 1
        if self._garbage >= MOST_GARBAGE:
            raise problem
        return None

    def _heed(
        self, heard: Heard, take: Callable[[Tick], None], count: Callable[[str], None]
    ) -> None:
        if heard.is_leaving:
            self.is_leaving.set()
        if heard.refused:
            self.refusal = heard.refused
        for tick in heard.ticks:
            if (doubt := self._doubt(tick)) is not None:
                count(doubt)
                continue
            before = self.memory.orders.get(tick.channel)
            if before is not None and tick.order < before:
                # No sign of life: a number that is far ahead would silence the channel for ever.
                count("out_of_order")
                continue
            self._hear_of(tick)
            if tick.order == before:
                count("repeated")
                continue
            self._garbage = 0
            self._note(tick)
            take(tick)
        self._compare(heard.trades)

    def _hear_of(self, tick: Tick) -> None:
        self._heard_at[tick.channel] = time.monotonic()
        self._unheard.discard(tick.channel)
        self.has_spoken.set()
        if not self._unheard:
            self.has_told_all.set()
        if tick.trade is not None:
            # Told before by another connection, it arrived all the same.
            self._trades[tick.channel] = tick.trade

    def _note(self, tick: Tick) -> None:
        self.memory.orders[tick.channel] = tick.order
        if self.memory.patience:
            self.memory.patience.pop(tick.channel, None)
            self.memory.patience.pop(tick.channel.partition(":")[0], None)
        if tick.candle is not None:
            self.memory.candles[tick.channel] = tick.candle

    def _doubt(self, tick: Tick) -> str | None:
        """Name what cannot be, before it could pass for the newest: nothing later would count."""
        latest = datetime.now(UTC) + LEAD
        candle, quote = tick.candle, tick.quote
        if quote is not None and quote.observed_at > latest:
            return "from_the_future"
        if candle is None:
            return None
        if candle.opened_at + candle.is_closed * MINUTE > latest:
            return "from_the_future"
        before = self.memory.candles.get(tick.channel)
        is_later = before is not None and tick.order > self.memory.orders[tick.channel]
        return "bad_payload" if is_later and before and _shrinks(before, candle) else None

    def _compare(self, trades: Mapping[str, int]) -> None:
        """Hold what a heartbeat counts against what came."""
        for channel, last in trades.items():
            known = self._trades.get(channel)
            is_ahead = known is not None and last > known
            self._missed[channel] = self._missed.get(channel, 0) + 1 if is_ahead else 0
            if self._missed[channel] >= MISSED_BEATS:
                raise Missed(f"lost a frame of {channel}: trade {last} was never told")

    # -- What it does not hear -----------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self.pace.watch)
            now = time.monotonic()
            for kind, newest in self._newest_by_kind().items():
                if self._is_tried(kind, now - newest, self.pace.silent_kind):
                    raise Silent(f"its channels of {kind} say nothing{self._refused()}")
            for channel in self.socket.channels:
                seconds = now - self._heard_at[channel]
                if self._is_tried(channel, seconds, self.pace.silent_channel):
                    raise Silent(f"its channel {channel} says nothing{self._refused()}")

    def _is_tried(self, name: str, seconds: float, patience: float) -> bool:
        """Say whether a silence is too long. If it goes on behind a new connection, it is the
        market's, and is given twice the time."""
        patience = self.memory.patience.get(name, patience)
        if seconds > patience:
            self.memory.patience[name] = min(2 * patience, self.pace.most_patience)
        return seconds > patience

    def _newest_by_kind(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for channel in self.socket.channels:
            kind = channel.partition(":")[0]
            found[kind] = max(found.get(kind, 0.0), self._heard_at[channel])
        return found

    def _refused(self) -> str:
        return f": {self.refusal}" if self.refusal else ""


def _shrinks(before: Candle, after: Candle) -> bool:
    """Say whether a candle takes back what it said of its minute."""
    if before.opened_at != after.opened_at:
        return False
    return (
        after.open != before.open
        or after.high < before.high
        or after.low > before.low
        or after.volume < before.volume
    )


def _why(error: ConnectionClosed) -> str:
    frame = error.rcvd or error.sent
    if frame is None:
        return "it broke off"
    who = "it said" if error.rcvd else "we said"
    return f"{who} {frame.code}{' ' + frame.reason[:80] if frame.reason else ''}"
