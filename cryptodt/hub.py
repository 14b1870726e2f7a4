"""The per-process fan-out: takes one copy of each message and hands it to the subscribers."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import orjson

from cryptodt.common import broadcast

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
PRICES = "prices"


class Subscriber(Protocol):
    """Somebody who wants to know what certain symbols cost."""

    def offer(self, items: Mapping[str, str]) -> None:
        """Take note of the items; the latest of each wins, and this never waits."""


class Hub:
    """Knows who wants what. All of it happens on the event loop, so nothing needs a lock."""

    def __init__(self) -> None:
        self.connections = 0
        self._wanted: dict[Subscriber, frozenset[str]] = {}
        self._listening: asyncio.Task[None] | None = None
        self._watchers: list[Callable[[str], None]] = []

    def join(self, subscriber: Subscriber, symbols: Iterable[str]) -> None:
        self._wanted[subscriber] = self._wanted.get(subscriber, frozenset()) | set(symbols)

    def part(self, subscriber: Subscriber, symbols: Iterable[str] | None = None) -> None:
        """End some of a subscriber's subscriptions, or all of them."""
        rest = (
            frozenset()
            if symbols is None
            else self._wanted.get(subscriber, frozenset()) - set(symbols)
        )
        if rest:
            self._wanted[subscriber] = rest
        else:
            self._wanted.pop(subscriber, None)

    def wanted_by(self, subscriber: Subscriber) -> frozenset[str]:
        return self._wanted.get(subscriber, frozenset())

    def start(self) -> None:
        """Begin to listen on the running loop. Servers differ in what they announce, sockets
        do not: the first one that comes starts it."""
        loop = asyncio.get_running_loop()
        if (
            self._listening is None
            or self._listening.done()
            or self._listening.get_loop() is not loop
        ):
            self._listening = loop.create_task(self._listen())

    async def _listen(self) -> None:
        while True:
            try:
                async for message in broadcast.listen():
                    self.deliver(message)
            except asyncio.CancelledError:
                raise
            except Exception:
                logger.exception("The broadcast broke off; listening again")
            await asyncio.sleep(RETRY_SECONDS)

    def watch(self, tell: Callable[[str], None]) -> None:
        """Have somebody told that there is news of a topic, before its subscribers are."""
        self._watchers.append(tell)

    def deliver(self, message: bytes) -> None:
        told = orjson.loads(message)
        for tell in self._watchers:
            tell(told["topic"])
        if told["topic"] != PRICES:
            return
        items: dict[str, str] = told["items"]
        for subscriber, symbols in list(self._wanted.items()):
            matching = {symbol: items[symbol] for symbol in symbols & items.keys()}
            if matching:
                subscriber.offer(matching)


HUB = Hub()
