"""The per-process fan-out: takes one copy of each message and hands it to the subscribers."""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from cryptodt.client import Client, Group, Subscription
from cryptodt.closing import RESTARTING
from cryptodt.common import broadcast
from cryptodt.common.broadcast import Beginning, Entry, Position, now_ms
from cryptodt.frames import Told, Voice, message
from cryptodt.keeping import Keeper
from cryptodt.topics import BY_NAME, TEST, Topic, is_offered, public_name
from cryptodt.window import AHEAD, EPOCH, LOST, MANY, Known, Window

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
TICK_SECONDS = 1.0
TRIM_EVERY = 30
# The test stream counts the clock's seconds, so every process knows all of it.
CLOCK = "clock"
# Another process may have told a client of a message that is still on its way to this one.
CATCH_UP_SECONDS = 1.0
LOOK_SECONDS = 0.02
# Between which a client comes back after a restart.
EARLIEST_RETURN_MS, LATEST_RETURN_MS = 500, 5000
GOODBYE_SECONDS = 0.2
STOP_SECONDS = 0.1


@dataclass
class Audience:
    """Who listens to a topic, by how they want to be told."""

    topic: Topic
    voices: dict[Voice, Group] = field(default_factory=dict)
    # Since when it is silent, as long as nobody here has heard it.
    since_ms: int = field(default_factory=now_ms)
    is_stale: bool = False

    def everybody(self) -> list[Subscription]:
        return [one for group in self.voices.values() for one in group]


class Hub:
    """Knows who wants what. All of it happens on the event loop, so nothing needs a lock."""

    def __init__(self) -> None:
        self.clients: dict[Client, None] = {}
        self._audiences: dict[str, Audience] = {}
        self._window = Window(settings.LIVE_WINDOW)
        self._seconds = Window(settings.LIVE_WINDOW)
        self._seconds.begin(CLOCK, {})
        self._jobs: list[asyncio.Task[None]] = []
        self._has_begun = asyncio.Event()
        self._watchers: list[Callable[[str], None]] = []

    @property
    def epoch(self) -> str:
        return self._window.epoch

    # -- Who is there -------------------------------------------------------------------------

    def enter(self, client: Client) -> None:
        self.clients[client] = None

    def leave(self, client: Client) -> None:
        self.clients.pop(client, None)
        for subscription in client.subscriptions.values():
            self.part(subscription)
        client.subscriptions = {}
        client.leave()

    def join(self, subscription: Subscription) -> None:
        """Begin to tell a subscription, from where its topic is now."""
        topic = subscription.topic
        audience = self._audiences.get(topic.key)
        if audience is None:
            audience = self._audiences[topic.key] = Audience(topic)
        subscription.offset = self._window_of(topic.key).newest(topic.key)
        audience.voices.setdefault(subscription.voice, Group()).add(subscription)

    def part(self, subscription: Subscription) -> None:
        audience = self._audiences.get(subscription.topic.key)
        group = audience.voices.get(subscription.voice) if audience else None
        if audience is None or group is None:
            return
        group.remove(subscription)
        if not group:
            del audience.voices[subscription.voice]
        if not audience.voices:
            del self._audiences[subscription.topic.key]

    def farewell(self) -> None:
        """Tell everybody that this process ends, and when to come back: not all at once."""
        for client in list(self.clients):
            milliseconds = secrets.randbelow(LATEST_RETURN_MS - EARLIEST_RETURN_MS)
            notice = {"reason": RESTARTING.reason, "timestamp": now_ms()}
            wait = EARLIEST_RETURN_MS + milliseconds
            client.say(message(type="shutdown", reconnect_in_ms=wait, **notice))
            client.outlet.end(RESTARTING)

    # -- Where a topic is ---------------------------------------------------------------------

    def position(self, key: str) -> Position:
        window = self._window_of(key)
        return Position(window.epoch, window.newest(key))

    def missed(self, key: str, since: Position) -> Sequence[Told] | str:
        """Return what was told after a position, or why that cannot be said."""
        return self._window_of(key).missed(key, since)

    async def catch_up(self, key: str, since: Position) -> None:
        """Wait a little for what a client knows from another process, and this one does not."""
        end = time.monotonic() + CATCH_UP_SECONDS
        while self.missed(key, since) == AHEAD and time.monotonic() < end:
            await asyncio.sleep(LOOK_SECONDS)

    def _window_of(self, key: str) -> Window:
        return self._seconds if key == TEST else self._window

    def last_told(self, key: str) -> tuple[int, int | None] | None:
        """Return when a topic was told last, and when that had happened."""
        return self._window_of(key).last_told(key)

    def tell_silence(self, subscription: Subscription, happened_ms: int | None = None) -> None:
        """Tell somebody who comes into a silence how long it is; `happened_ms` says when it
        began, where nobody here has heard anything yet."""
        audience = self._audiences.get(subscription.topic.key)
        if audience is None:
            return
        if happened_ms is not None:
            audience.since_ms = min(audience.since_ms, happened_ms)
        since_ms = self._silent_since(audience)
        if since_ms is None:
            return
        subscription.silent_since = since_ms
        text = self._stale(audience, subscription.voice, since_ms)
        if text is not None:
            subscription.client.say(text)

    # -- Listening ----------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to listen on the running loop. Servers differ in what they announce, sockets
        do not: the first one that comes starts it."""
        loop = asyncio.get_running_loop()
        if self._jobs and not self._jobs[0].done() and self._jobs[0].get_loop() is loop:
            return
        self._has_begun = asyncio.Event()
        # Nobody subscribes to a count that has not begun.
        self._count_seconds(int(time.time()))
        keeper = Keeper(lambda: [one.topic for one in self._audiences.values()])
        jobs = (self._listen(), self._tick_for_ever(), keeper.keep_for_ever())
        self._jobs = [loop.create_task(job) for job in jobs]

    async def ready(self) -> None:
        """Wait until it is known what was told before."""
        self.start()
        await self._has_begun.wait()

    async def stop(self) -> None:
        jobs, self._jobs = self._jobs, []
        # More than once: a client of Redis may take the first for a failure of the network.
        while unfinished := [job for job in jobs if not job.done()]:
            for job in unfinished:
                job.cancel()
            await asyncio.wait(unfinished, timeout=STOP_SECONDS)

    async def _listen(self) -> None:
        failures = 0
        while True:
            try:
                async for heard in broadcast.listen():
                    self.hear(heard)
                    failures = 0
            except asyncio.CancelledError:
                raise
            except Exception:
                failures += 1
                if failures == 1:
                    logger.exception("The broadcast broke off; listening again")
            await asyncio.sleep(RETRY_SECONDS)

    def watch(self, tell: Callable[[str], None]) -> None:
        """Have somebody told that there is news of a topic, before its subscribers are."""
        self._watchers.append(tell)

    def hear(self, heard: Beginning | Entry) -> None:
        if isinstance(heard, Entry):
            if heard.epoch != self.epoch:
                # All that is known of the new epoch is its end; listening anew tells the rest.
                raise NewEpoch
            self._deliver(heard)
        else:
            self._begin(heard)
            self._has_begun.set()

    def _begin(self, beginning: Beginning) -> None:
        """Learn what was told before. After a break, what was not heard is told now."""
        is_new = beginning.epoch != self.epoch
        if is_new:
            self._window.begin(beginning.epoch, _before(beginning))
        for entry in beginning.entries:
            self._deliver(entry, is_told=not is_new)
        for key, newest in beginning.offsets.items():
            if self._window.newest(key) < newest:
                self._window.lose(key, newest)
                self._renew(key, LOST)
        for key in list(self._audiences) if is_new else ():
            if key != TEST:
                self._renew(key, EPOCH)

    def _deliver(self, entry: Entry, *, is_told: bool = True) -> None:
        for tell in self._watchers:
            tell(entry.topic)
        for key, offset in entry.offsets.items():
            if not is_offered(key):
                continue
            told = self._told(entry, key, offset)
            if broadcast.TOO_MUCH in told.items.values():
                self._pass_over(key, told)
                continue
            try:
                follows = self._window.add(key, told)
            except Known:
                continue
            if not follows:
                self._renew(key, LOST)
            elif is_told:
                self._tell(key, told)

    def _pass_over(self, key: str, told: Told) -> None:
        """Have everybody begin anew, now and when they come back, where too much changed."""
        if told.offset > self._window.newest(key):
            self._window.lose(key, told.offset, (told.told_ms, told.at_ms))
            self._renew(key, MANY)

    def _told(self, entry: Entry, key: str, offset: int) -> Told:
        items, row = entry.items, BY_NAME.get(entry.topic)
        if key != entry.topic:
            name = key[len(entry.topic) + 1 :]
            items = {name: items[name]}
        elif row is not None:
            items = {name: text for name, text in items.items() if row.is_for_all(text)}
        return Told(
            topic=public_name(key),
            epoch=entry.epoch,
            offset=offset,
            at_ms=entry.timestamp,
            items=items,
            told_ms=entry.told_ms,
            age=None if row is None else row.age,
        )

    def _tell(self, key: str, told: Told) -> None:
        audience = self._audiences.get(key)
        if audience is None:
            return
        audience.is_stale = False
        for voice, group in audience.voices.items():
            # A client that is too slow is closed later: nobody leaves while this goes on.
            group.tell(told, told.written(voice))

    def _renew(self, key: str, reason: str) -> None:
        """Have everybody who listens to a topic begin anew: nobody knows what lies between."""
        audience = self._audiences.get(key)
        if audience is None:
            return
        audience.is_stale = False
        for subscription in audience.everybody():
            subscription.client.renew(subscription, reason)
        for group in audience.voices.values():
            # The next message may belong to another count.
            group.offset = 0

    # -- Every second -------------------------------------------------------------------------

    async def _tick_for_ever(self) -> None:
        while True:
            try:
                self.tick()
            except Exception:
                logger.exception("A second of the feed failed")
            await asyncio.sleep(TICK_SECONDS)

    def tick(self) -> None:
        second = int(time.time())
        self._count_seconds(second)
        now = time.monotonic()
        for client in list(self.clients):
            client.tick(now)
        for audience in self._audiences.values():
            self._watch_silence(audience)
        if second % TRIM_EVERY == 0:
            self._window.trim(now_ms())
            self._seconds.trim(now_ms())

    def _count_seconds(self, second: int) -> None:
        newest = self._seconds.newest(TEST)
        oldest = second - int(settings.LIVE_WINDOW)
        if newest < oldest:
            self._seconds.lose(TEST, oldest)
            self._renew(TEST, LOST)
        for number in range(self._seconds.newest(TEST) + 1, second + 1):
            at_ms = number * 1000
            told = Told(
                topic=TEST,
                epoch=CLOCK,
                offset=number,
                at_ms=at_ms,
                items={TEST: f'{{"second":{number}}}'},
                told_ms=at_ms,
            )
            self._seconds.add(TEST, told)
            if newest:
                self._tell(TEST, told)

    def _watch_silence(self, audience: Audience) -> None:
        since_ms = self._silent_since(audience)
        if since_ms is None or audience.is_stale:
            return
        audience.is_stale = True
        for voice, group in audience.voices.items():
            text = self._stale(audience, voice, since_ms)
            for subscription in group if text is not None else ():
                # Who waits for a snapshot is told behind it, and who came into it was told.
                if subscription.held is None and subscription.silent_since != since_ms:
                    subscription.silent_since = since_ms
                    subscription.client.say_of(subscription, text or b"")

    def _silent_since(self, audience: Audience) -> int | None:
        """Return since when a topic is silent, if that is longer than it should be."""
        last = self.last_told(audience.topic.key)
        since_ms = audience.since_ms if last is None else last[0]
        return since_ms if now_ms() - since_ms > audience.topic.silent_after * 1000 else None

    def _stale(self, audience: Audience, voice: Voice, since_ms: int) -> bytes | None:
        topic = audience.topic
        offset = self._window_of(topic.key).newest(topic.key)
        return voice.stale(topic.name, offset, (now_ms() - since_ms) // 1000)


class NewEpoch(Exception):
    """What is told belongs to another count than what was told before."""


def _before(beginning: Beginning) -> dict[str, int]:
    """Return how far every topic was before the messages that are kept."""
    kept = Counter(key for entry in beginning.entries for key in entry.offsets)
    return {key: newest - kept[key] for key, newest in beginning.offsets.items()}


HUB = Hub()


async def say_goodbye() -> None:
    """Send everybody away before the server closes its connections without a word."""
    HUB.farewell()
    # Until what was said is on its way; a client that takes nothing is not waited for.
    await asyncio.sleep(GOODBYE_SECONDS)
    await HUB.stop()
