"""The express lane: what was answered a moment ago is answered again, with no Django in between.

An answer that the views gave is kept for the rest of its second, or until what it shows changes.
So the lane holds nothing that the views did not make, and says nothing that they would not say:
a price's age is told in whole seconds, and a change is forgotten before anybody is told of it.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, NamedTuple

from django.db import close_old_connections

from accounts.admission import Meter, admit, meter_of, standing, take_back
from accounts.callers import BOOK, Caller, Known
from accounts.selectors import used_today
from accounts.tiers import READ
from accounts.usage import Call, Noted, note, return_spent
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
    "/api/hf/ohlcv": "candles",
    "/api/market/history": "candles",
    "/api/market/overview": "overview",
    "/api/market/prices": "prices",
    "/api/ohlcv": "candles",
    "/api/prices": "prices",
    "/api/service/history": "candles",
}
# Many different questions are many different answers; only so many are worth keeping.
MOST_ANSWERS = 512
# What callers of JSON send; whatever else they accept, the views weigh it.
ACCEPTED = {b"", b"*/*", b"application/json", b"application/json, text/plain, */*"}
# An answer may depend on these headers, so a request that has one goes the long way.
LONG_WAY = {b"cookie", b"origin", b"range"}
# What one caller may ask in a request, and another may not.
RATIONED = (b"symbol", b"since", b"until", b"cursor")
# An answer with one of these was meant for one caller.
PERSONAL = {b"set-cookie", b"www-authenticate"}
# What is said to each caller anew.
OF_CALLER = {
    b"x-request-id",
    b"ratelimit-policy",
    b"ratelimit",
    b"x-ratelimit-limit",
    b"x-ratelimit-remaining",
    b"x-ratelimit-reset",
}
# What is not said of an answer that the caller has already.
OF_BODY = {b"content-length", b"content-type"}


class Kept(NamedTuple):
    """An answer without its request's id, and the second in which it is true."""

    second: int
    etag: bytes
    headers: list[Header]
    body: bytes
    # What somebody is told who has it already.
    unchanged: list[Header]
    # Both kinds of headers as they are on the wire.
    head: bytes
    unchanged_head: bytes


@dataclass(slots=True)
class Asked:
    """What an answer depends on, and what is only this caller's.

    A connection may ask the same again as long as `is_current`: who it is need not be found out
    for each request of a program that asks a thousand times a second.
    """

    key: Key
    condition: bytes
    given_id: bytes
    known: Known
    address: str
    # Both made anew in every second: the windows, and calls with and without news, counted up.
    meter: Meter | None = None
    noted: dict[bool, Noted] = field(default_factory=dict)

    @property
    def caller(self) -> Caller:
        return self.known.caller

    @property
    def is_current(self) -> bool:
        return time.monotonic() < self.known.until

    def admitted(self, kept: Kept) -> bytes | None:
        """Return what this caller is told of its limits; nothing where more must be known."""
        is_unchanged = self.has(kept)
        now, meter = time.time(), self.meter
        if meter is None or meter.second != int(now):
            meter = self.meter = meter_of(self.caller, self.key[0], int(now))
            self.noted.clear()
        told = None if meter is None else meter.spend(now, count=0 if is_unchanged else 1)
        if told is None:
            self.meter = None
            return None
        if (noted := self.noted.get(is_unchanged)) is not None:
            noted.count += 1
        elif (user_id := self.caller.user_id) is not None:
            self.noted[is_unchanged] = note(self._call(user_id, is_unchanged=is_unchanged), now)
        mine = request_id(self.given_id.decode("latin1")).encode()
        return b"%bx-request-id: %b\r\n" % (told, mine)

    def refunded(self) -> bytes:
        """Undo the counting of what the views took for a whole answer, and was no news."""
        if (user_id := self.caller.user_id) is not None:
            return_spent(self._call(user_id, is_unchanged=False), time.time())
        return take_back(standing(self.caller, self.key[0])).told()

    def _call(self, user_id: int, *, is_unchanged: bool) -> Call:
        return Call(
            user_id=user_id,
            key_id=self.caller.key_id,
            endpoint=self.key[0].removeprefix("/"),
            status=304 if is_unchanged else 200,
            address=self.address,
            is_spent=not is_unchanged,
        )

    def is_admitted(self) -> bool:
        """Have this process take some of what the caller has left, if there is any."""
        try:
            verdict = admit(self.caller, self.key[0], used_today=lambda: used_today(self.caller))
        finally:
            close_old_connections()
        if verdict.is_allowed:
            take_back(verdict)
        return verdict.is_allowed

    def has(self, kept: Kept) -> bool:
        """Say whether the caller has this answer; weak or not makes no difference."""
        if not self.condition or not kept.etag:
            return False
        plain = kept.etag.removeprefix(b"W/")
        held = (one.strip().removeprefix(b"W/") for one in self.condition.split(b","))
        return any(one in (plain, b"*") for one in held)


class Answers:
    """What is kept. Everything happens on the event loop, so nothing is locked."""

    def __init__(self) -> None:
        self._kept: dict[Key, Kept] = {}
        self._news: Counter[str] = Counter()
        self._served: dict[str, int] = {}
        self._served_in = 0

    def forget(self, topic: str) -> None:
        """Drop what shows a topic, because there is news of it."""
        self._news[topic] += 1
        for key in [key for key in self._kept if ROUTES[key[0]] == topic]:
            del self._kept[key]

    def news_of(self, topic: str) -> int:
        return self._news[topic]

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: Key) -> Kept | None:
        kept = self._kept.get(key)
        if kept is None or kept.second != int(time.time()):
            return None
        self._count(key[0], kept.second)
        return kept

    def keep(self, key: Key, kept: Kept) -> None:
        while len(self._kept) >= MOST_ANSWERS:
            del self._kept[next(iter(self._kept))]
        self._kept.pop(key, None)
        self._kept[key] = kept

    def _count(self, path: str, second: int) -> None:
        """Log one line for all answers of a second: a line for each would cost as much as they."""
        if second != self._served_in:
            for served, count in self._served.items():
                fields = {"fields": {"answers": count}}
                logger.info("200 GET %s from the express lane", served, extra=fields)
            self._served, self._served_in = {}, second
        self._served[path] = self._served.get(path, 0) + 1


ANSWERS = Answers()
HUB.watch(ANSWERS.forget)


class ExpressLane:
    """Stands in front of the views, under any server."""

    def __init__(self, app: App, answers: Answers = ANSWERS) -> None:
        self.app = app
        self.answers = answers
        # The first to ask makes the answer; whoever asks meanwhile waits for that one.
        self._making: dict[Key, asyncio.Future[None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = asked_in(scope)
        if asked is None:
            await self.app(scope, receive, send)
            return
        kept = self.answers.find(asked.key)
        if kept is None and (making := self._making.get(asked.key)) is not None:
            await asyncio.wait([making])
            kept = self.answers.find(asked.key)
        own = None
        if kept is not None:
            own = asked.admitted(kept)
            if own is None and await asyncio.to_thread(asked.is_admitted):
                # What was taken for it was given back, with the rest of its lot.
                own = asked.admitted(kept)
        if kept is not None and own is not None:
            await _answer(asked, kept, own, send)
        elif kept is not None or asked.key in self._making:
            # Its limits are somewhere else, or what was made meanwhile could not be kept.
            await self.app(scope, receive, send)
        else:
            await self._make(asked, scope, receive, send)

    async def _make(self, asked: Asked, scope: Scope, receive: Receive, send: Send) -> None:
        # Servers differ in what they announce, so listening begins with the first question.
        HUB.start()
        making = self._making[asked.key] = asyncio.get_running_loop().create_future()
        topic, second = ROUTES[asked.key[0]], int(time.time())
        news, told = self.answers.news_of(topic), _Told()
        try:
            # The whole answer is wanted, even where this caller has it already.
            await self.app(_unconditional(scope), receive, told.take)
            kept = told.kept(second)
            # News that came meanwhile may not be in there.
            if kept is not None and self.answers.news_of(topic) == news:
                self.answers.keep(asked.key, kept)
        finally:
            del self._making[asked.key]
            making.set_result(None)
        if kept is not None and asked.has(kept):
            # The views counted it, and took it for a whole answer.
            await _answer(asked, kept, wire(told.own_id()) + asked.refunded(), send)
            return
        for message in told.messages:
            await send(message)


async def _answer(asked: Asked, kept: Kept, own: bytes, send: Send) -> None:
    mine = [
        (name, value) for name, _, value in (line.partition(b": ") for line in own.splitlines())
    ]
    if asked.has(kept):
        headers = [*kept.unchanged, *mine]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
    else:
        headers = [*kept.headers, *mine]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": kept.body})


class _Told:
    """Takes down what the views answer."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def take(self, message: Message) -> None:
        self.messages.append(message)

    def own_id(self) -> list[Header]:
        return [one for one in self.messages[0]["headers"] if one[0].lower() == b"x-request-id"]

    def kept(self, second: int) -> Kept | None:
        """Return the answer if it may be given to others as well."""
        if not self.messages or self.messages[0]["status"] != HTTPStatus.OK:
            return None
        headers = [
            (name.lower(), value)
            for name, value in self.messages[0]["headers"]
            if name.lower() not in OF_CALLER
        ]
        named = dict(headers)
        if PERSONAL & named.keys():
            return None
        body = b"".join(message.get("body", b"") for message in self.messages[1:])
        unchanged = [one for one in headers if one[0] not in OF_BODY]
        return Kept(
            second=second,
            etag=named.get(b"etag", b""),
            headers=headers,
            body=body,
            unchanged=unchanged,
            head=wire(headers),
            unchanged_head=wire(unchanged),
        )


def wire(headers: Iterable[Header]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)


def asked_in(scope: Scope) -> Asked | None:
    """Return what is asked, or nothing where the views must see for themselves."""
    if scope["path"] not in ROUTES or scope["method"] != "GET":
        return None
    told = dict(scope["headers"])
    # One that is given twice is something to think about, and thinking is what the views do.
    if len(told) < len(scope["headers"]) or not LONG_WAY.isdisjoint(told):
        return None
    if told.get(b"accept", b"") not in ACCEPTED:
        return None
    # A page that was lured to another name for this machine must not be answered.
    host, query = told.get(b"host", b""), scope["query_string"]
    address = scope["client"][0] if scope.get("client") else ""
    known = _known(told, address)
    if known is None:
        return None
    if query and known.caller.is_rationed and any(one in query for one in RATIONED):
        return None
    key = (scope["path"], query, host, scope["scheme"])
    condition, given_id = told.get(b"if-none-match", b""), told.get(b"x-request-id", b"")
    return Asked(key, condition, given_id, known, address)


def _known(told: Mapping[bytes, bytes], address: str) -> Known | None:
    """Return who is calling, if that is known without asking anybody."""
    shown = told.get(b"x-api-key")
    if shown is None:
        if b"authorization" not in told:
            return BOOK.known_at(address)
        kind, _, shown = told[b"authorization"].partition(b" ")
        if kind.lower() != b"bearer":
            return None
    known = BOOK.known_by(shown.strip())
    if known is None or known.caller.is_restricted or READ not in known.caller.scopes:
        return None
    return known


def _unconditional(scope: Scope) -> Scope:
    headers = [one for one in scope["headers"] if one[0] != b"if-none-match"]
    return {**scope, "headers": headers}
