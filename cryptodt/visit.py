"""One connection to the feed from its first word to its last, however it came in."""

import asyncio
import logging
from collections.abc import Collection, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any

from django.conf import settings

from accounts.api.throttling import MESSAGES, TooMany
from accounts.callers import Caller
from cryptodt.charges import charge
from cryptodt.client import Client, Outlet, Subscription
from cryptodt.closing import FAILED, Closing
from cryptodt.common.broadcast import Position
from cryptodt.common.errors import InvalidRequest, Refusal, Unavailable
from cryptodt.door import OUT_OF_REACH, RETRY_SECONDS, Guest, in_thread
from cryptodt.frames import Plain, Told, Voice, message
from cryptodt.hub import HUB
from cryptodt.proofs import WATCH
from cryptodt.protocol import MOST_SUBSCRIPTIONS, Wanted
from cryptodt.snapshots import SNAPSHOTS
from cryptodt.topics import Topic, topic_of
from market.selectors.assets import index

logger = logging.getLogger(__name__)

READY_SECONDS = 5.0


class Visit:
    """What a client subscribed to, and how it is told where it stands."""

    def __init__(self, outlet: Outlet, guest: Guest, endpoint: str = "ws") -> None:
        self.guest = guest
        # Under which name it stands in what was used.
        self.endpoint = endpoint
        self.client = Client(outlet, self._renew, heartbeat=settings.WEBSOCKET_HEARTBEAT_INTERVAL)
        self._showing = asyncio.Lock()
        self._jobs: set[asyncio.Task[None]] = set()

    @property
    def caller(self) -> Caller:
        return self.guest.caller

    @property
    def is_over(self) -> bool:
        return self.client.outlet.is_over

    def enter(self) -> None:
        """Be told things from now on, for as long as what was shown is good."""
        HUB.enter(self.client)
        WATCH.add(self)

    def end(self, closing: Closing) -> None:
        self.client.outlet.end(closing)

    def say(self, **parts: Any) -> None:
        self.client.say(message(**parts))

    def refuse(self, refusal: Refusal, given_id: str | int | None) -> None:
        # Details first: none of them takes the place of what every error says.
        told = {**refusal.details, "code": refusal.kind, "message": refusal.message}
        if refusal.retry_after is not None:
            told["retry_after"] = refusal.retry_after
        self.say(**{**told, "type": "error", **_as_id(given_id)})

    async def subscribe(self, wanted: Wanted, given_id: str | int | None = None) -> None:
        """Subscribe in version 1, if this caller may."""
        topic = await in_thread(lambda: topic_of(wanted.topic))
        longest = topic.longest_throttle if topic.is_state else 0
        if wanted.throttle_ms > longest:
            told = f"goes up to {longest}" if longest else "is not for topics whose messages count"
            raise InvalidRequest(f"`throttle_ms` of {topic.name} {told}.")
        await heard_all()
        if wanted.since is not None:
            await HUB.catch_up(topic.key, wanted.since)
        await self.admit([(topic, Plain(wanted.fields), wanted.since)])
        await self.begin(topic, wanted, given_id)

    async def admit(self, wanted: Sequence[tuple[Topic, Voice, Position | None]]) -> None:
        """Refuse what is beyond a tier, and count what is read from the store for a stranger."""
        await self._within_tier([(topic, voice) for topic, voice, _ in wanted])
        for topic, _, since in wanted:
            is_missed = since is not None and not isinstance(HUB.missed(topic.key, since), str)
            position = HUB.position(topic.key)
            if topic.counts_as and not is_missed and not SNAPSHOTS.has(topic, position):
                await in_thread(partial(charge, self.guest, topic.counts_as, self.endpoint))

    async def begin(self, topic: Topic, wanted: Wanted, given_id: str | int | None = None) -> None:
        """Give the reply, what was missed or a snapshot, and then news."""
        if not await self.client.room():
            return
        subscription = self.join(topic, Plain(wanted.fields), wanted.throttle_ms / 1000)
        # Nothing is waited for since it joined, so nothing lies between what was missed and this.
        position = HUB.position(topic.key)
        missed = None if wanted.since is None else HUB.missed(topic.key, wanted.since)
        reply = {
            "type": "subscribed",
            "topic": topic.name,
            "epoch": position.epoch,
            "offset": position.offset,
            "recovered": None if missed is None else not isinstance(missed, str),
            "throttle_ms": wanted.throttle_ms,
            "fields": list(wanted.fields) or None,
            **_as_id(given_id),
        }
        if missed is None or isinstance(missed, str):
            self.say(**reply)
            if missed is not None:
                self._require_snapshot(subscription, missed)
            try:
                await self.show(subscription)
            except Refusal:
                # It is told of an error, and would wait for ever for what never comes.
                self.part(("", topic.name))
                raise
        else:
            self.say(**reply, missed=len(missed))
            self._recover(subscription, missed)

    def _recover(self, subscription: Subscription, missed: Sequence[Told]) -> None:
        name = subscription.topic.name
        position = HUB.position(subscription.topic.key)
        after = message(
            type="recovered",
            topic=name,
            recovered=True,
            missed=len(missed),
            epoch=position.epoch,
            offset=position.offset,
        )
        self.client.recover(missed, subscription, after)
        HUB.tell_silence(subscription)
        self.client.release(subscription)

    def _require_snapshot(self, subscription: Subscription, reason: str) -> None:
        position = HUB.position(subscription.topic.key)
        self.say(
            type="snapshot_required",
            topic=subscription.topic.name,
            reason=reason,
            epoch=position.epoch,
            offset=position.offset,
        )

    def join(
        self,
        topic: Topic,
        voice: Voice,
        throttle: float = 0,
        *,
        name: tuple[str, str] | None = None,
    ) -> Subscription:
        """Begin to hold back for a client what a topic is told, until it has its beginning."""
        name = name or ("", topic.name)
        self.make_sure_of_room([name])
        self.part(name)
        subscription = Subscription(self.client, topic, voice, throttle=throttle)
        self.client.subscriptions[name] = subscription
        HUB.join(subscription)
        return subscription

    def make_sure_of_room(self, names: Iterable[tuple[str, str]]) -> None:
        """Refuse more subscriptions than fit on one connection."""
        if len({*self.client.subscriptions, *names}) > MOST_SUBSCRIPTIONS:
            raise TooMany(f"At most {MOST_SUBSCRIPTIONS} topics fit on one connection.")

    async def _within_tier(self, wanted: Sequence[tuple[Topic, Voice]]) -> None:
        most = self.caller.limits.symbols
        if most is None:
            return
        asked = len(self._symbols((await in_thread(index)).tracked, wanted))
        if asked > most:
            told = MESSAGES["symbols"].format(most=most, asked=asked)
            raise TooMany(told, details={"limit": "symbols", "allowed": most, "asked": asked})

    def fits(self, caller: Caller, tracked: Collection[str]) -> bool:
        """Say whether all that is told here may be told to somebody."""
        most = caller.limits.symbols
        return most is None or len(self._symbols(tracked)) <= most

    def _symbols(
        self, tracked: Collection[str], more: Sequence[tuple[Topic, Voice]] = ()
    ) -> set[str]:
        """Return what is named: as over HTTP, everything tracked is no name."""
        everything = set(tracked)
        wanted: set[str] = set()
        every = [(one.topic, one.voice) for one in self.client.subscriptions.values()]
        for topic, voice in [*every, *more]:
            only = getattr(voice, "only", None)
            if topic.symbol is not None:
                wanted.add(topic.symbol)
            elif only is not None and only != everything:
                wanted.update(only)
        return wanted

    async def show(
        self, subscription: Subscription, only: Voice | None = None, *, turn: int = 0
    ) -> None:
        """Send how the topic stands, and then what came meanwhile, unless it began anew once more.
        One at a time, and none to who has not taken the last one: a snapshot is large, and nobody
        else's."""
        async with self._showing:
            if await self.client.room() and subscription.turn == turn:
                await self._show(subscription, only or subscription.voice)

    async def _show(self, subscription: Subscription, voice: Voice) -> None:
        topic, turn = subscription.topic, subscription.turn
        position = HUB.position(topic.key)
        subscription.offset, subscription.waits = position.offset, False
        _, told_at_ms = HUB.last_told(topic.key) or (None, None)
        items = await SNAPSHOTS.of(topic, position)
        if subscription.turn != turn:
            # It ended meanwhile, or begins anew by itself.
            return
        happened_ms = topic.happened(items) if items else None
        told = Told(
            topic=topic.name,
            epoch=position.epoch,
            offset=position.offset,
            at_ms=max((at for at in (happened_ms, told_at_ms) if at is not None), default=None),
            items=items,
        )
        text = voice.snapshot(told)
        if text is not None:
            self.client.say(text, (topic.name, position))
        # A candle that has not closed for hours is none that nobody has told of.
        HUB.tell_silence(subscription, happened_ms if topic.is_state else None)
        self.client.release(subscription)

    def part(self, name: tuple[str, str]) -> bool:
        subscription = self.client.subscriptions.pop(name, None)
        if subscription is None:
            return False
        HUB.part(subscription)
        self.client.hold(subscription)
        return True

    def _renew(self, subscription: Subscription, reason: str) -> None:
        """Begin anew with a topic of which something was lost on the way here."""
        self.client.hold(subscription)
        if isinstance(subscription.voice, Plain):
            self._require_snapshot(subscription, reason)
        self.do(self.show(subscription, turn=subscription.turn))

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        job = asyncio.get_running_loop().create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._done)

    def _done(self, job: asyncio.Task[None]) -> None:
        self._jobs.discard(job)
        try:
            error = job.exception()
        except asyncio.CancelledError:
            return
        if error is not None:
            logger.error("A client was not told how things stand", exc_info=error)
            # It comes back, and asks again.
            self.end(FAILED)

    async def leave(self) -> None:
        WATCH.drop(self)
        HUB.leave(self.client)
        for job in list(self._jobs):
            job.cancel()


async def heard_all() -> None:
    """Wait until this process knows what was told before."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            await HUB.ready()
    except TimeoutError:
        raise Unavailable(OUT_OF_REACH, retry_after=RETRY_SECONDS) from None


def _as_id(given: str | int | None) -> dict[str, Any]:
    return {} if given is None else {"id": given}
