"""The express lane: what was answered a moment ago is answered again, with no Django in between.

An answer that the views gave is kept for the rest of its second, or until what it shows changes.
So the lane holds nothing that the views did not make, and says nothing that they would not say:
a price's age is told in whole seconds, and a change is forgotten before anybody is told of it.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from cryptodt.common.logs import request_id
from cryptodt.hub import HUB

logger = logging.getLogger("cryptodt.access")

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]
Key = tuple[str, bytes, bytes, str]

# Which addresses have a lane, and which topic's news makes their answers old at once.
ROUTES: Mapping[str, str] = {
    "/api/prices": "prices",
}
# Many different questions are many different answers; only so many are worth keeping.
MOST_ANSWERS = 512
# What callers of JSON send; whatever else they accept, the views weigh it.
ACCEPTED = {b"", b"*/*", b"application/json", b"application/json, text/plain, */*"}
# An answer may depend on these headers, so a request that has one goes the long way.
LONG_WAY = {b"authorization", b"cookie", b"range", b"x-api-key"}
# An answer with one of these was meant for one caller.
PERSONAL = {b"set-cookie", b"www-authenticate"}
# What is not said of an answer that the caller has already.
OF_BODY = {b"content-length", b"content-type"}


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer without its request's id, and the second in which it is true."""

    second: int
    etag: bytes
    headers: tuple[Header, ...]
    body: bytes


class ExpressLane:
    """Stands in front of the views. Everything happens on the event loop, so nothing is locked."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._kept: dict[Key, Kept] = {}
        # The first to ask makes the answer; whoever asks meanwhile waits for that one.
        self._making: dict[Key, asyncio.Future[None]] = {}
        self._news: Counter[str] = Counter()
        self._served: Counter[str] = Counter()
        self._served_in = 0
        HUB.watch(self.forget)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope) if scope["path"] in ROUTES else None
        if key is None:
            await self.app(scope, receive, send)
            return
        if self._current(key) is None and (making := self._making.get(key)) is not None:
            await asyncio.wait([making])
        kept = self._current(key)
        if kept is not None:
            await self._answer(scope, send, kept)
        elif key in self._making:
            # What was made meanwhile could not be kept; nothing is gained by waiting in line.
            await self.app(scope, receive, send)
        else:
            await self._make(key, scope, receive, send)

    def forget(self, topic: str) -> None:
        """Drop what shows a topic, because there is news of it."""
        self._news[topic] += 1
        for key in [key for key in self._kept if ROUTES[key[0]] == topic]:
            del self._kept[key]

    def _current(self, key: Key) -> Kept | None:
        kept = self._kept.get(key)
        return kept if kept is not None and kept.second == int(time.time()) else None

    async def _make(self, key: Key, scope: Scope, receive: Receive, send: Send) -> None:
        # Servers differ in what they announce, so listening begins with the first question.
        HUB.start()
        making = self._making[key] = asyncio.get_running_loop().create_future()
        topic, second = ROUTES[key[0]], int(time.time())
        news, told = self._news[topic], _Told()
        try:
            # The whole answer is wanted, even where this caller has it already.
            await self.app(_unconditional(scope), receive, told.take)
        finally:
            del self._making[key]
            making.set_result(None)
        kept = told.kept(second)
        if kept is None:
            for message in told.messages:
                await send(message)
            return
        # News that came meanwhile may not be in there.
        if self._news[topic] == news:
            while len(self._kept) >= MOST_ANSWERS:
                del self._kept[next(iter(self._kept))]
            self._kept.pop(key, None)
            self._kept[key] = kept
        await self._answer(scope, send, kept, is_own=True)

    async def _answer(self, scope: Scope, send: Send, kept: Kept, *, is_own: bool = False) -> None:
        if not is_own:
            self._count(scope["path"], kept.second)
        given = header(scope, b"x-request-id").decode("latin1")
        mine = (b"x-request-id", request_id(given).encode())
        has_it = kept.etag and _has(header(scope, b"if-none-match"), kept.etag)
        if has_it:
            status, body = HTTPStatus.NOT_MODIFIED, b""
            headers = [*(one for one in kept.headers if one[0] not in OF_BODY), mine]
        else:
            status, body, headers = HTTPStatus.OK, kept.body, [*kept.headers, mine]
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _count(self, path: str, second: int) -> None:
        """Log one line for all answers of a second: a line for each would cost as much as they."""
        if second != self._served_in:
            for served, count in self._served.items():
                fields = {"fields": {"answers": count}}
                logger.info("200 GET %s from the express lane", served, extra=fields)
            self._served.clear()
            self._served_in = second
        self._served[path] += 1


class _Told:
    """Takes down what the views answer."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, message: Message) -> None:
        self.messages.append(message)

    def kept(self, second: int) -> Kept | None:
        """Return the answer if it may be given to others as well."""
        if not self.messages or self.messages[0]["status"] != HTTPStatus.OK:
            return None
        headers = tuple((name.lower(), value) for name, value in self.messages[0]["headers"])
        named = dict(headers)
        if PERSONAL & named.keys():
            return None
        return Kept(
            second=second,
            etag=named.get(b"etag", b""),
            headers=tuple(one for one in headers if one[0] != b"x-request-id"),
            body=b"".join(message.get("body", b"") for message in self.messages[1:]),
        )


def _key(scope: Scope) -> Key | None:
    """Return what an answer depends on, or nothing where that cannot be said."""
    if scope["method"] != "GET":
        return None
    accept = host = b""
    for name, value in scope["headers"]:
        if name in LONG_WAY:
            return None
        if name == b"accept":
            accept += value
        elif name == b"host":
            host = value
    if accept not in ACCEPTED:
        return None
    # A page that was lured to another name for this machine must not be answered.
    return (scope["path"], scope["query_string"], host, scope["scheme"])


def header(scope: Scope, wanted: bytes) -> bytes:
    found: bytes = next((value for name, value in scope["headers"] if name == wanted), b"")
    return found


def _unconditional(scope: Scope) -> Scope:
    headers = [one for one in scope["headers"] if one[0] != b"if-none-match"]
    return {**scope, "headers": headers}


def _has(conditions: bytes, etag: bytes) -> bool:
    """Say whether a caller's If-None-Match names this answer; weak or not makes no difference."""
    if not conditions:
        return False
    plain = etag.removeprefix(b"W/")
    held = (one.strip().removeprefix(b"W/") for one in conditions.split(b","))
    return any(one in (plain, b"*") for one in held)
