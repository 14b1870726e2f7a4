"""The socket at /ws: reads what a client says, in whichever dialect, and does what it asks."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from django.conf import settings

from accounts.api.throttling import TooMany
from accounts.callers import Caller
from accounts.recognition import NotFromThere, Shown, TooManyGuesses
from cryptodt import protocol, translation
from cryptodt.closing import (
    FAILED,
    IDLE,
    NO_AUTH,
    NOT_ALLOWED,
    TOO_MANY_MESSAGES,
    TOO_MANY_SOCKETS,
    WRONG_KEY,
    Closing,
)
from cryptodt.common.broadcast import now_ms
from cryptodt.common.errors import InvalidRequest, Refusal, Unauthorized, Unavailable
from cryptodt.door import (
    PROTOCOL,
    Forbidden,
    Guest,
    Scope,
    announces_proof,
    guest_at,
    guest_showing,
    in_thread,
)
from cryptodt.hub import HUB
from cryptodt.outlets import AsgiOutlet
from cryptodt.seats import SEATS
from cryptodt.sockets import EXTENSION
from cryptodt.topics import TOPICS, shown, topic_of
from cryptodt.visit import Visit, heard_all

logger = logging.getLogger(__name__)

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# What is done with each topic of a message; the answer carries the client's own name for it.
Do = Callable[[protocol.Wanted, str | int | None], Awaitable[None]]

AUTH_SECONDS = 5.0
# Without any subscription, and without a word from the client.
IDLE_SECONDS = 90.0


async def live(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one socket under any ASGI server."""
    if (await receive())["type"] != "websocket.connect":
        return
    await Connection(scope, receive, send).serve()


class Over(Exception):
    """The client is gone, or is told to go."""

    def __init__(self, closing: Closing | None = None) -> None:
        super().__init__()
        self.closing = closing


class Connection:
    """One socket. Everything it is told goes through its visit."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self.send = send
        self.visit: Visit
        # Whose seat it has.
        self.caller: Caller | None = None
        self.opened_at = time.monotonic()
        self.allowance = protocol.Allowance(self.opened_at)
        self.awaits_auth = announces_proof(scope)

    async def serve(self) -> None:
        try:
            guest, refusal = await self._guest()
            await self._accept()
            self._open(guest)
            if refusal is not None:
                self.visit.refuse(refusal, None)
                raise Over(_closing_for(refusal))
            self._sit(guest)
            await self._welcome()
            while True:
                await self._turn()
        except Over as over:
            await self._end(over.closing)
        except Refusal as refusal:
            self.visit.refuse(refusal, None)
            await self._end(_closing_for(refusal))
        except (OSError, RuntimeError):
            logger.debug("A client left in the middle of an answer")
        except Exception:
            logger.exception("A socket failed")
            await self._end(FAILED)
        finally:
            await self._leave()

    # -- Coming in ----------------------------------------------------------------------------

    async def _guest(self) -> tuple[Guest, Refusal | None]:
        try:
            return await guest_at(self.scope), None
        except Refusal as refusal:
            # The handshake is finished first: browsers are not told why one was refused.
            return await guest_showing(Shown(), self.scope), refusal

    async def _accept(self) -> None:
        offered = self.scope.get("subprotocols", ())
        chosen = PROTOCOL if PROTOCOL in offered else None
        await self.send({"type": "websocket.accept", "subprotocol": chosen})

    def _open(self, guest: Guest) -> None:
        direct = self.scope.get("extensions", {}).get(EXTENSION)
        self.visit = Visit(direct or AsgiOutlet(self.send), guest)

    def _sit(self, guest: Guest) -> None:
        """Take a seat as this guest, and give back the one that was taken before."""
        if not SEATS.take(guest.caller):
            raise Over(TOO_MANY_SOCKETS)
        if self.caller is not None:
            SEATS.give_back(self.caller)
        self.caller, self.visit.guest = guest.caller, guest
        self.visit.enter()

    async def _welcome(self) -> None:
        await heard_all()
        about = {
            "protocol": protocol.VERSION,
            "session": secrets.token_hex(8),
            "server_time": now_ms(),
            "heartbeat": settings.WEBSOCKET_HEARTBEAT_INTERVAL,
            "epoch": HUB.epoch,
            "window": settings.LIVE_WINDOW,
            "market": settings.MARKET,
            "limits": self._limits(),
            "topics": [
                {
                    "topic": shown(row),
                    "kind": "state" if row.is_state else "event",
                    "about": row.about,
                    "silent_after": row.silent_after(),
                }
                for row in TOPICS
            ],
        }
        # Older clients wait for this one, and look no further.
        if PROTOCOL not in self.scope.get("subprotocols", ()):
            self.visit.say(type="connected", **about)
        self.visit.say(type="welcome", **about)

    def _limits(self) -> dict[str, Any]:
        caller = self.visit.caller
        return {
            "tier": caller.tier,
            "sockets": caller.limits.sockets,
            "symbols": caller.limits.symbols,
            "subscriptions": protocol.MOST_SUBSCRIPTIONS,
            "messages_per_second": protocol.MESSAGES_PER_SECOND,
            "messages_at_once": protocol.MESSAGES_AT_ONCE,
            "frame_bytes": protocol.LARGEST_FRAME,
        }

    # -- What it says -------------------------------------------------------------------------

    async def _turn(self) -> None:
        # Who does not take its answers is asked for no more questions.
        await self.visit.client.room()
        heard = await self._next()
        if heard["type"] == "websocket.disconnect":
            raise Over
        self._count()
        message: Message = {}
        try:
            message = protocol.read(heard.get("text"))
            await self._handle(message)
        except Refusal as refusal:
            self.visit.refuse(refusal, protocol.id_of(message))

    async def _next(self) -> dict[str, Any]:
        left = self._patience()
        if left is None:
            return await self.receive()
        try:
            async with asyncio.timeout(left):
                return await self.receive()
        except TimeoutError:
            raise Over(NO_AUTH if self.awaits_auth else IDLE) from None

    def _patience(self) -> float | None:
        """Return for how long a word is waited for; for ever while it has subscriptions."""
        if self.awaits_auth:
            return max(0.0, self.opened_at + AUTH_SECONDS - time.monotonic())
        return None if self.visit.client.subscriptions else IDLE_SECONDS

    def _count(self, messages: float = 1) -> None:
        if not self.allowance.covers(messages, time.monotonic()):
            raise Over(TOO_MANY_MESSAGES)

    async def _handle(self, message: Message) -> None:
        said = message.get("type", message.get("action"))
        handler = self.HANDLERS.get(said) if isinstance(said, str) else None
        if handler is None:
            raise InvalidRequest(f"`type` must be one of {', '.join(self.HANDLERS)}.")
        if self.awaits_auth and said != "auth":
            raise Unauthorized("You said that an `auth` message comes first.")
        await handler(self, message)

    async def auth(self, message: Message) -> None:
        if self.visit.client.subscriptions or time.monotonic() > self.opened_at + AUTH_SECONDS:
            raise InvalidRequest(f"`auth` comes first, within {AUTH_SECONDS:.0f} seconds.")
        key, token = message.get("key", ""), message.get("token")
        if not isinstance(key, str) or not isinstance(token, str | None) or not (key or token):
            raise InvalidRequest("`auth` has a `key` or a `token`.")
        try:
            guest = await guest_showing(Shown(key, token), self.scope)
        except Refusal as refusal:
            self.visit.refuse(refusal, protocol.id_of(message))
            raise Over(_closing_for(refusal)) from None
        self._sit(guest)
        self.awaits_auth = False
        self.visit.say(type="authenticated", limits=self._limits())

    async def subscribe(self, message: Message) -> None:
        if not protocol.is_version_one(message):
            await translation.subscribe(self.visit, message)
        else:
            await self._with_each(message, self.visit.subscribe)

    async def unsubscribe(self, message: Message) -> None:
        if not protocol.is_version_one(message):
            await translation.unsubscribe(self.visit, message)
        else:
            await self._with_each(message, self._unsubscribe)

    async def _unsubscribe(self, wanted: protocol.Wanted, given_id: str | int | None) -> None:
        topic = await in_thread(partial(topic_of, wanted.topic))
        was_subscribed = self.visit.part(("", topic.name))
        self.visit.say(type="unsubscribed", topic=topic.name, was_subscribed=was_subscribed)

    async def _with_each(self, message: Message, do: Do) -> None:
        given_id = protocol.id_of(message)
        every = protocol.wanted_in(message)
        self._count((len(every) - 1) / protocol.TOPICS_PER_MESSAGE)
        for wanted in every:
            if self.visit.is_over:
                return
            try:
                await do(wanted, given_id)
            except Refusal as refusal:
                # One topic that cannot be had is no reason to go without the others.
                if isinstance(wanted.topic, str):
                    refusal.details.setdefault("topic", wanted.topic[:100])
                self.visit.refuse(refusal, given_id)

    async def ping(self, message: Message) -> None:
        self.visit.say(type="pong", timestamp=now_ms())

    async def pong(self, message: Message) -> None:
        """An answer to our heartbeat; that it came is all there is to know."""

    async def get_stats(self, message: Message) -> None:
        topics = [name for _, name in self.visit.client.subscriptions]
        stats = {"active_connections": SEATS.taken, "subscriptions": topics}
        self.visit.say(type="stats_update", data=stats, timestamp=now_ms())

    HANDLERS = {
        "subscribe": subscribe,
        "unsubscribe": unsubscribe,
        "ping": ping,
        "pong": pong,
        "auth": auth,
        "get_stats": get_stats,
    }

    # -- Going --------------------------------------------------------------------------------

    async def _end(self, closing: Closing | None) -> None:
        if closing is None or not hasattr(self, "visit"):
            return
        outlet = self.visit.client.outlet
        await outlet.finished()
        outlet.end(closing)
        await outlet.finished()

    async def _leave(self) -> None:
        if hasattr(self, "visit"):
            await self.visit.leave()
        if self.caller is not None:
            SEATS.give_back(self.caller)
            self.caller = None


def _closing_for(refusal: Refusal) -> Closing:
    if isinstance(refusal, Unavailable):
        return FAILED
    if isinstance(refusal, NotFromThere | Forbidden):
        return NOT_ALLOWED
    return TOO_MANY_MESSAGES if isinstance(refusal, TooManyGuesses | TooMany) else WRONG_KEY
