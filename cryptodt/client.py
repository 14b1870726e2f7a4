"""One client of the feed: what it subscribed to, and what it is owed while it is busy."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from cryptodt.closing import TOO_SLOW, Closing
from cryptodt.common.broadcast import now_ms
from cryptodt.frames import Place, Told, Voice, Written, message
from cryptodt.topics import Topic

logger = logging.getLogger(__name__)

# A client that takes nothing for so long is not reading; it is told so and closed.
SEND_SECONDS = 10.0
# Of topics in which each message counts, so many may wait, and then the client is too slow.
MOST_OWED = 512
MOST_HELD = 2048


Push = Callable[[bytes], object]


class Outlet(Protocol):
    """The way to a client. It calls `on_change` when `is_ready` changed."""

    on_change: Callable[[], None]
    # Takes a frame that was made for everybody, where there is such a way.
    push: Push | None

    @property
    def is_ready(self) -> bool: ...

    @property
    def is_over(self) -> bool: ...

    def write(self, written: Written) -> None: ...

    def end(self, closing: Closing) -> None: ...

    async def finished(self) -> None: ...


# What waits for a client: something written for it alone, or a message and how to say it. The
# latter is everybody's, and costs nothing while it waits.
Waiting = Written | tuple[Told, Voice]


class Subscription:
    """One topic for one client. While `held` is a list, the snapshot is not sent yet; while it
    `waits`, nobody has begun to read that, and it will say all that is told until then."""

    __slots__ = (
        "_offset",
        "client",
        "due",
        "group",
        "held",
        "owed",
        "silent_since",
        "throttle",
        "topic",
        "turn",
        "voice",
        "waits",
    )

    def __init__(
        self, client: "Client", topic: Topic, voice: Voice, *, throttle: float = 0
    ) -> None:
        self.client = client
        self.topic = topic
        self.voice = voice
        # Seconds that lie between two updates at least.
        self.throttle = throttle
        self.held: list[Told] | None = []
        self.waits = False
        # With whom it is told, once it has joined them.
        self.group: Group | None = None
        # What was sent last, and what is owed: of a state, the latest of each item.
        self._offset = 0
        self.owed: Told | None = None
        self.due = 0.0
        # The silence that it was told of, by its beginning.
        self.silent_since = 0
        # How often it began anew; a snapshot for an earlier turn is not sent.
        self.turn = 0

    @property
    def is_plain(self) -> bool:
        return self.held is None and not self.throttle

    @property
    def offset(self) -> int:
        """Where it is. Of those who are told directly, this is known of all of them at once."""
        group = self.group
        if group is not None and self in group.direct:
            return max(self._offset, group.offset)
        return self._offset

    @offset.setter
    def offset(self, offset: int) -> None:
        self._offset = offset

    def take(self, told: Told, written: Written | None) -> None:
        """Send a message, or have it wait."""
        if self.client.is_clear and self.is_plain:
            self.offset = told.offset
            if written is not None:
                self.client.write(written)
        else:
            self.client.offer(self, told)

    def settle(self) -> None:
        """Stand with those who are told directly, or with the others."""
        group, push = self.group, self.client.outlet.push
        if group is None or push is None:
            return
        if self.client.is_clear and self.is_plain:
            group.direct[self] = push
            group.others.pop(self, None)
        elif self in group.direct:
            self._offset = self.offset
            del group.direct[self]
            group.others[self] = None


class Group:
    """Those who are told of a topic in the same voice. For who takes everything at once a message
    costs one call: nothing else of a thousand clients is looked at."""

    __slots__ = ("direct", "offset", "others")

    def __init__(self) -> None:
        self.direct: dict[Subscription, Push] = {}
        self.others: dict[Subscription, None] = {}
        # The last message that was told here.
        self.offset = 0

    def __iter__(self) -> Iterator[Subscription]:
        # A copy: who is told something may change places.
        return iter([*self.direct, *self.others])

    def __len__(self) -> int:
        return len(self.direct) + len(self.others)

    def add(self, subscription: Subscription) -> None:
        subscription.group = self
        self.others[subscription] = None
        subscription.settle()

    def remove(self, subscription: Subscription) -> None:
        if subscription.group is self:
            subscription.group = None
            self.direct.pop(subscription, None)
            self.others.pop(subscription, None)

    def tell(self, told: Told, written: Written | None) -> None:
        # Copies: whoever is found to be slow changes places, and was told already.
        pushes, others = tuple(self.direct.values()), tuple(self.others)
        self.offset = told.offset
        if written is not None:
            frame = written.frame
            for push in pushes:
                try:
                    push(frame)
                except Exception:
                    logger.exception("A client could not be told")
        for subscription in others:
            try:
                subscription.take(told, written)
            except Exception:
                logger.exception("A client could not be told")


class Client:
    """Told at once as long as it reads. Then what it is owed waits: everything that counts for
    itself in a queue, and of a state the latest of each item, with the number of those skipped."""

    def __init__(
        self, outlet: Outlet, renew: Callable[[Subscription, str], None], *, heartbeat: float
    ) -> None:
        self.outlet = outlet
        self.write = outlet.write
        self.renew = renew
        self.heartbeat = heartbeat
        self.subscriptions: dict[tuple[str, str], Subscription] = {}
        self.is_clear = outlet.is_ready
        self.heard_at = self.moved_at = time.monotonic()
        self.beat_at = self.heard_at + heartbeat
        self._queue: deque[Waiting] = deque()
        self._most_owed = MOST_OWED
        # Subscriptions with something owed; a dict, because it keeps their order.
        self._owing: dict[Subscription, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._has_room = asyncio.Event()
        outlet.on_change = self._changed

    async def room(self) -> bool:
        """Wait until it has taken what it was told, and say whether it is still there. Whatever
        is written for one client alone is written only then, so that none can make it pile up."""
        while not self.is_clear and not self.outlet.is_over:
            self._has_room.clear()
            await self._has_room.wait()
        return not self.outlet.is_over

    def say(self, text: bytes, place: Place | None = None) -> None:
        """Send a message after everything that waits in the queue."""
        self._enqueue(Written(text, place))

    def recover(self, missed: Iterable[Told], subscription: Subscription, after: bytes) -> None:
        """Send what was missed, one by one and all of it, and then a last word about it."""
        found = [(told, subscription.voice) for told in missed]
        self._most_owed += len(found) + 1
        self._queue += [*found, Written(after)]
        self.flush()

    def release(self, subscription: Subscription) -> None:
        """Go on with what was held back for the snapshot."""
        held, subscription.held = subscription.held or (), None
        subscription.waits = False
        for told in held:
            # What the snapshot's place has counted already is in the snapshot.
            if told.offset > subscription.offset:
                self.offer(subscription, told)
        subscription.settle()

    def hold(self, subscription: Subscription) -> None:
        """Hold everything back: a new snapshot is coming, and what is owed is in it."""
        subscription.held, subscription.owed, subscription.waits = [], None, True
        subscription.turn += 1
        subscription.settle()
        self._owing.pop(subscription, None)

    def offer(self, subscription: Subscription, told: Told) -> None:
        if subscription.waits:
            return
        if subscription.held is not None:
            subscription.held.append(told)
            if len(subscription.held) > MOST_HELD:
                self.outlet.end(TOO_SLOW)
        elif subscription.topic.is_state:
            self._owe(subscription, told)
        else:
            subscription.offset = told.offset
            self._enqueue((told, subscription.voice))

    def say_of(self, subscription: Subscription, text: bytes) -> None:
        """Say something of a topic behind all of its news, what is owed included."""
        told, subscription.owed = subscription.owed, None
        self._owing.pop(subscription, None)
        if told is not None:
            subscription.offset = told.offset
            self._enqueue((told, subscription.voice))
        self.say(text)

    def tick(self, now: float) -> None:
        """See once a second whether it still reads, and whether it is time for a heartbeat."""
        if not self.outlet.is_ready:
            if now - self.moved_at > SEND_SECONDS:
                self.outlet.end(TOO_SLOW)
        elif now >= self.beat_at:
            self.beat_at = now + self.heartbeat
            self.say(self._beat())

    def _beat(self) -> bytes:
        offsets = {
            name: one.offset
            for (voice, name), one in self.subscriptions.items()
            if not voice and one.held is None
        }
        return message(type="heartbeat", timestamp=now_ms(), offsets=offsets)

    def _owe(self, subscription: Subscription, told: Told) -> None:
        owed = subscription.owed
        subscription.owed = told if owed is None else owed.replaced_by(told)
        self._owing[subscription] = None
        if self._timer is not None and subscription.due < self._timer.when():
            self._timer.cancel()
            self._timer = None
        self.flush()

    def _enqueue(self, one: Waiting) -> None:
        if self.is_clear:
            self._send(one)
            return
        if self.outlet.is_over:
            return
        self._queue.append(one)
        if len(self._queue) > self._most_owed:
            self.outlet.end(TOO_SLOW)
        self.flush()

    def _send(self, one: Waiting) -> None:
        written = one if isinstance(one, Written) else one[0].written(one[1])
        if written is not None:
            self.write(written)

    def _changed(self) -> None:
        self.moved_at = time.monotonic()
        if self.outlet.is_ready:
            self.flush()
        else:
            self._be_clear(False)
            if self.outlet.is_over:
                self._queue.clear()
                self._has_room.set()

    def flush(self) -> None:
        """Send what is owed for as long as it is taken."""
        queue, outlet = self._queue, self.outlet
        while queue and outlet.is_ready:
            self._send(queue.popleft())
        if not queue:
            self._most_owed = MOST_OWED
        if not queue and self._owing:
            self._pay()
            self._wait()
        self._be_clear(outlet.is_ready and not queue)
        if self.is_clear:
            self._has_room.set()

    def _pay(self) -> None:
        now = time.monotonic()
        for subscription in list(self._owing):
            if not self.outlet.is_ready:
                return
            if subscription.due > now:
                continue
            told, subscription.owed = subscription.owed, None
            del self._owing[subscription]
            subscription.due = now + subscription.throttle
            if told is not None:
                subscription.offset = told.offset
                written = told.written(subscription.voice)
                if written is not None:
                    self.write(written)

    def _wait(self) -> None:
        """Come back when the next throttled update is due."""
        due = min((one.due for one in self._owing), default=None)
        if due is not None and self._timer is None and self.outlet.is_ready:
            seconds = max(0.0, due - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(seconds, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self.flush()

    def leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._queue.clear()
        self._owing.clear()
        self._be_clear(False)

    def _be_clear(self, is_clear: bool) -> None:
        if is_clear != self.is_clear:
            self.is_clear = is_clear
            for subscription in self.subscriptions.values() if self.outlet.push else ():
                subscription.settle()
