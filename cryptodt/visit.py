"""One connection to the feed from its first word to its last, however it came in."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from django.conf import settings

from accounts.api.throttling import MESSAGES, TooMany
from accounts.callers import Caller
from cryptodt.client import Client, Outlet, Subscription
from cryptodt.common.errors import InvalidRequest, Refusal, Unavailable
from cryptodt.door import in_thread
from cryptodt.frames import Plain, Told, Voice, message, now_ms
from cryptodt.hub import HUB
from cryptodt.protocol import MOST_SUBSCRIPTIONS, Wanted
from cryptodt.snapshots import SNAPSHOTS
from cryptodt.topics import Topic, topic_of
from market.selectors.assets import index

logger = logging.getLogger(__name__)

READY_SECONDS = 5.0


class Visit:
    """What a client subscribed to, and how it is told where it stands."""

    def __init__(self, outlet: Outlet, caller: Caller) -> None:
        self.caller = caller
        self.client = Client(outlet, self._renew, heartbeat=settings.WEBSOCKET_HEARTBEAT_INTERVAL)
        self._jobs: set[asyncio.Task[None]] = set()

    def say(self, **parts: Any) -> None:
        self.client.say(message(**parts))

    def refuse(self, refusal: Refusal, given_id: str | int | None) -> None:
        # Details first: none of them takes the place of what every error says.
        told = {**refusal.details, "code": refusal.kind, "message": refusal.message}
        if refusal.retry_after is not None:
            told["retry_after"] = refusal.retry_after
        self.say(**{**told, "type": "error", **_as_id(given_id)})

    async def subscribe(self, wanted: Wanted, given_id: str | int | None = None) -> None:
        """Subscribe in version 1: its reply, what was missed or a snapshot, and then news."""
        topic = await in_thread(lambda: topic_of(wanted.topic))
        if wanted.throttle_ms and not topic.is_state:
            raise InvalidRequest(f"Each message of {topic.name} counts: it has no `throttle_ms`.")
        await heard_all()
        if wanted.since is not None:
            await HUB.catch_up(topic.key, wanted.since)
        subscription = await self.join(topic, Plain(wanted.fields), wanted.throttle_ms / 1000)
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
            await self.show(subscription)
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

    async def join(
        self,
        topic: Topic,
        voice: Voice,
        throttle: float = 0,
        *,
        name: tuple[str, str] | None = None,
    ) -> Subscription:
        """Begin to hold back for a client what a topic is told, until it has its beginning."""
        name = name or ("", topic.name)
        known = self.client.subscriptions
        if name not in known and len(known) >= MOST_SUBSCRIPTIONS:
            raise TooMany(f"At most {MOST_SUBSCRIPTIONS} topics fit on one connection.")
        await self._within_tier(topic, voice)
        self.part(name)
        subscription = Subscription(self.client, topic, voice, throttle=throttle)
        self.client.subscriptions[name] = subscription
        HUB.join(subscription)
        return subscription

    async def _within_tier(self, topic: Topic, voice: Voice) -> None:
        most = self.caller.limits.symbols
        if most is None:
            return
        # As over HTTP: what is named counts, and everything tracked is no name.
        tracked = set((await in_thread(index)).tracked)
        wanted: set[str] = set()
        every = [(one.topic, one.voice) for one in self.client.subscriptions.values()]
        for one, spoken in [*every, (topic, voice)]:
            only = getattr(spoken, "only", None)
            if one.symbol is not None:
                wanted.add(one.symbol)
            elif only is not None and only != tracked:
                wanted.update(only)
        if len(wanted) > most:
            told = MESSAGES["symbols"].format(most=most, asked=len(wanted))
            raise TooMany(
                told, details={"limit": "symbols", "allowed": most, "asked": len(wanted)}
            )

    async def show(self, subscription: Subscription, only: Voice | None = None) -> None:
        """Send how the topic stands, and then what came meanwhile."""
        topic, voice = subscription.topic, only or subscription.voice
        position = HUB.position(topic.key)
        subscription.offset = position.offset
        turn = subscription.turn
        items = await SNAPSHOTS.of(topic, position)
        if subscription.turn != turn:
            # It ended meanwhile, or begins anew by itself.
            return
        told = Told(
            topic=topic.name,
            epoch=position.epoch,
            offset=position.offset,
            at_ms=now_ms(),
            items=items,
        )
        text = voice.snapshot(told)
        if text is not None:
            self.client.say(text, (topic.name, position))
        if HUB.is_stale(topic.key):
            silent = voice.stale(topic.name, position.offset, int(topic.silent_after))
            if silent is not None:
                self.client.say(silent)
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
        self.do(self.show(subscription))

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

    async def leave(self) -> None:
        HUB.leave(self.client)
        for job in list(self._jobs):
            job.cancel()


async def heard_all() -> None:
    """Wait until this process knows what was told before."""
    try:
        async with asyncio.timeout(READY_SECONDS):
            await HUB.ready()
    except TimeoutError:
        raise Unavailable("The live feed cannot be reached now.", retry_after=5) from None


def _as_id(given: str | int | None) -> dict[str, Any]:
    return {} if given is None else {"id": given}
