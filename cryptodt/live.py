"""The socket at /ws: reads what a client wants, and writes what it is owed."""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from cryptodt.common.errors import Refusal
from cryptodt.hub import HUB
from market.resolver import symbols_of
from market.selectors.assets import index
from market.selectors.prices import price_items

logger = logging.getLogger(__name__)

PROTOCOL = 1
LARGEST_FRAME = 64 * 1024
# One that does not take a frame within this time is not reading; it is told so and closed.
SEND_SECONDS = 10.0
TOO_SLOW = 4008

# Channel names of clients, and what each carries here.
TOPICS = {"market_data": "prices"}


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One client. What it is owed waits in `owed`, where the latest of each symbol wins."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.counted = False
        self.jobs: list[asyncio.Task[None]] = []

        async def send_or_notice(message: Mapping[str, Any]) -> None:
            # Servers say it either way: OSError for a client that left, RuntimeError after close.
            try:
                await send(message)
            except (OSError, RuntimeError) as error:
                raise Gone from error

        try:
            await super().__call__(scope, receive, send_or_notice)
        except Gone:
            logger.debug("A client left in the middle of an answer")
        finally:
            # Not in `disconnect`, which is skipped when anything above was raised.
            await self._leave()

    async def connect(self) -> None:
        await self.accept()
        self.owed: dict[str, str] = {}
        self.something_owed = asyncio.Event()
        HUB.connections += 1
        self.counted = True
        HUB.start()
        await self.say(
            {
                "type": "connected",
                "protocol": PROTOCOL,
                "server_time": _now_ms(),
                "heartbeat": settings.WEBSOCKET_HEARTBEAT_INTERVAL,
                "market": settings.MARKET,
            }
        )
        self.jobs = [asyncio.create_task(self._pay()), asyncio.create_task(self._beat())]

    async def _leave(self) -> None:
        if self.counted:
            HUB.connections -= 1
            self.counted = False
        HUB.part(self)
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job.cancel()
        for outcome in await asyncio.gather(*jobs, return_exceptions=True):
            if isinstance(outcome, Exception) and not isinstance(outcome, Gone):
                logger.error("Sending to a client failed", exc_info=outcome)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            message = _read(text_data)
            handler = self.HANDLERS.get(str(message.get("type") or message.get("action")))
            if handler is None:
                raise Misunderstood(f"`type` must be one of {', '.join(self.HANDLERS)}.")
            await handler(self, message)
        except Refusal as refusal:
            await self.say(
                {
                    "type": "error",
                    "code": refusal.kind,
                    "message": refusal.message,
                    **refusal.details,
                }
            )

    async def subscribe(self, message: Mapping[str, Any]) -> None:
        channel = _channel(message)
        symbols = await _symbols(message)
        # Join first, then read: an update in between is repeated, and never lost.
        HUB.join(self, symbols)
        await self.say({"type": "subscribed", "channel": channel, "symbols": symbols})
        items = await sync_to_async(price_items, thread_sensitive=False)(symbols)
        await self._update(items, snapshot=True)

    async def unsubscribe(self, message: Mapping[str, Any]) -> None:
        channel = _channel(message)
        symbols = await _symbols(message)
        HUB.part(self, symbols)
        await self.say({"type": "unsubscribed", "channel": channel, "symbols": symbols})

    async def ping(self, message: Mapping[str, Any]) -> None:
        await self.say({"type": "pong", "timestamp": _now_ms()})

    async def pong(self, message: Mapping[str, Any]) -> None:
        """An answer to our heartbeat; that it came is all there is to know."""

    HANDLERS = {"subscribe": subscribe, "unsubscribe": unsubscribe, "ping": ping, "pong": pong}

    def offer(self, items: Mapping[str, str]) -> None:
        self.owed.update(items)
        self.something_owed.set()

    async def say(self, message: Mapping[str, Any]) -> None:
        if settings.SIMULATED:
            message = {**message, "simulated": True}
        await self.send(text_data=orjson.dumps(message).decode())

    async def _update(self, items: Mapping[str, str], *, snapshot: bool) -> None:
        await self.say(
            {
                "type": "market_update",
                "channel": "market_data",
                "snapshot": snapshot,
                "timestamp": _now_ms(),
                "data": [orjson.Fragment(item) for item in items.values()],
            }
        )

    async def _pay(self) -> None:
        """Send what is owed, one frame at a time, to a client that takes its time or not."""
        while True:
            await self.something_owed.wait()
            self.something_owed.clear()
            items, self.owed = self.owed, {}
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._update(items, snapshot=False)
            except TimeoutError:
                await self.close(code=TOO_SLOW, reason="too slow: the last update was not taken")
                return

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(settings.WEBSOCKET_HEARTBEAT_INTERVAL)
            await self.say({"type": "heartbeat", "timestamp": _now_ms()})


class Gone(Exception):
    """The client is not there any more, which is how every connection ends."""


class Misunderstood(Refusal):
    kind = "INVALID_REQUEST"


def _read(text: str | None) -> dict[str, Any]:
    if text is None or len(text) > LARGEST_FRAME:
        raise Misunderstood(f"A message is a JSON text of at most {LARGEST_FRAME} bytes.")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Misunderstood("A message is JSON, and this is not.") from None
    if not isinstance(message, dict):
        raise Misunderstood("A message is a JSON object.")
    return message


def _channel(message: Mapping[str, Any]) -> str:
    channel = message.get("channel", "market_data")
    if not isinstance(channel, str) or channel not in TOPICS:
        raise Misunderstood(f"`channel` must be one of {', '.join(TOPICS)}.")
    return channel


async def _symbols(message: Mapping[str, Any]) -> list[str]:
    known = await sync_to_async(index, thread_sensitive=False)()
    typed = message.get("symbols")
    if typed is None:
        return list(known.tracked)
    if not isinstance(typed, list) or not all(isinstance(word, str) for word in typed):
        raise Misunderstood("`symbols` is a list of texts.")
    return symbols_of(",".join(typed), known, among=known.tracked)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
