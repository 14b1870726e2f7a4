"""The feed over plain HTTP at /api/stream: the same messages as server-sent events."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast
from urllib.parse import parse_qs, quote, unquote

import orjson
from django.conf import settings

from cryptodt.api.errors import KINDS, envelope
from cryptodt.closing import Closing
from cryptodt.common.broadcast import Position
from cryptodt.common.errors import InvalidRequest, Refusal
from cryptodt.common.logs import traced
from cryptodt.door import Scope, caller_at, in_thread
from cryptodt.frames import Written
from cryptodt.hub import HUB
from cryptodt.outlets import AsgiOutlet
from cryptodt.protocol import Wanted
from cryptodt.seats import SEATS
from cryptodt.topics import topic_of
from cryptodt.visit import Visit, heard_all

logger = logging.getLogger("cryptodt.access")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PATH = "/api/stream"
MOST_TOPICS = 20
LONGEST_QUERY = 4000
LONGEST_OFFSET = 18
RETRY_MS = 3000
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # A proxy that gathers the answer before it passes it on would hold it back for ever.
    (b"x-accel-buffering", b"no"),
]


class TooManyStreams(Refusal):
    kind = "RATE_LIMITED"


class EventStream:
    """Stands in front of everything else: a stream that lasts must hold none of its threads."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != PATH or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        with traced(request_id):
            try:
                await _stream(scope, receive, send, request_id)
            except Refusal as refusal:
                await _refuse(scope, send, refusal, request_id)


async def _stream(scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
    typed = topics_in(scope["query_string"])
    topics = await in_thread(lambda: [topic_of(one).name for one in typed])
    last = positions_in(dict(scope["headers"]).get(b"last-event-id", b""))
    known = {name: place for name, place in last.items() if name in topics}
    caller = await caller_at(scope)
    await heard_all()
    if not SEATS.take(caller):
        raise TooManyStreams("You have as many connections as your tier allows.", retry_after=30)
    visit = Visit(EventOutlet(send, known), caller)
    try:
        for topic in topics:
            # Before anything is sent, so that a refusal is still a status.
            await visit.subscribe(Wanted(topic, since=known.get(topic)))
        headers = [*HEADERS, (b"x-request-id", request_id.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(_body(b"retry: %d\n\n" % RETRY_MS))
        logger.info("GET %s 200", PATH)
        await _flow(visit, receive, send)
    except (OSError, RuntimeError):
        logger.debug("A client of the event stream left in the middle of an answer")
    finally:
        await visit.leave()
        SEATS.give_back(caller)


async def _flow(visit: Visit, receive: Receive, send: Send) -> None:
    """Let it flow until the client leaves, or is told to."""
    outlet = cast("EventOutlet", visit.client.outlet)
    HUB.enter(visit.client)
    outlet.open()
    leaving = asyncio.ensure_future(_left(receive))
    ending = asyncio.ensure_future(outlet.over.wait())
    await asyncio.wait([leaving, ending], return_when=asyncio.FIRST_COMPLETED)
    leaving.cancel()
    ending.cancel()
    if outlet.over.is_set():
        await outlet.finished()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class EventOutlet(AsgiOutlet):
    """Writes events. Each says where the client then is, which is what it says on coming back."""

    def __init__(self, send: Send, known: Mapping[str, Position]) -> None:
        super().__init__(send)
        self.over = asyncio.Event()
        self._places = dict(known)
        self._is_open = False

    @property
    def is_ready(self) -> bool:
        return self._is_open and super().is_ready

    def open(self) -> None:
        self._is_open = True
        self.on_change()

    def shape(self, written: Written) -> dict[str, Any]:
        if written.place is not None:
            topic, place = written.place
            self._places[topic] = place
        return _body(b"id: %b\ndata: %b\n\n" % (id_of(self._places), written.payload))

    def end(self, closing: Closing) -> None:
        self.is_over = True
        self.over.set()
        self.on_change()


def topics_in(query: bytes) -> list[str]:
    if len(query) > LONGEST_QUERY:
        raise InvalidRequest("`topics` is longer than anybody needs.")
    given = parse_qs(query.decode("latin1")).get("topics", [""])
    words = (word.strip() for word in ",".join(given).split(","))
    topics = list(dict.fromkeys(word for word in words if word))
    if not 0 < len(topics) <= MOST_TOPICS:
        raise InvalidRequest(f"`topics` names 1 to {MOST_TOPICS} topics, separated by commas.")
    return topics


def id_of(places: Mapping[str, Position]) -> bytes:
    """Return where a client is in each of its topics, as one word."""
    found = (f"{quote(one, safe=':')}={at.epoch}.{at.offset}" for one, at in places.items())
    return ";".join(found).encode()


def positions_in(event_id: bytes) -> dict[str, Position]:
    """Read such a word back. What makes no sense is a place that is not known."""
    found = {}
    for part in event_id.decode("latin1")[:LONGEST_QUERY].split(";"):
        name, _, place = part.partition("=")
        epoch, _, offset = place.rpartition(".")
        if name and offset.isascii() and offset.isdecimal() and len(offset) <= LONGEST_OFFSET:
            found[unquote(name)] = Position(epoch, int(offset))
    return found


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _body(part: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": part, "more_body": True}


async def _refuse(scope: Scope, send: Send, refusal: Refusal, request_id: str) -> None:
    status = KINDS.get(refusal.kind, 500)
    told = envelope(refusal.kind, refusal.message, refusal.details, refusal.retry_after)
    if settings.SIMULATED:
        told["simulated"] = True
    headers = [(b"content-type", b"application/json"), (b"x-request-id", request_id.encode())]
    if refusal.retry_after is not None:
        headers.append((b"retry-after", str(refusal.retry_after).encode()))
    body = orjson.dumps(told)
    headers.append((b"content-length", str(len(body)).encode()))
    logger.info("GET %s %s", PATH, status)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
