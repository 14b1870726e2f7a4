"""The feed over plain HTTP at /api/stream: the same messages as server-sent events."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from io import BytesIO
from typing import Any, cast
from urllib.parse import parse_qs, quote, unquote

import orjson
from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse

from accounts.admission import Verdict
from cryptodt.api.errors import KINDS, MESSAGES, envelope
from cryptodt.charges import charge
from cryptodt.closing import FAILED, Closing
from cryptodt.common.broadcast import Position
from cryptodt.common.errors import InvalidRequest, Refusal
from cryptodt.common.logs import traced
from cryptodt.door import Scope, guest_at, in_thread
from cryptodt.frames import Plain, Written, message
from cryptodt.hub import HUB
from cryptodt.outlets import HANG_UP, AsgiOutlet
from cryptodt.protocol import Wanted
from cryptodt.seats import SEATS
from cryptodt.topics import Topic, topic_of
from cryptodt.visit import Visit, heard_all

logger = logging.getLogger("cryptodt.access")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PATH = "/api/stream"
ENDPOINT = "api/stream"
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
    invitation = _invitation(scope)
    typed = topics_in(scope["query_string"])
    guest = await guest_at(scope)
    # Like any call, and before it holds anything.
    verdict = await in_thread(partial(charge, guest, PATH, ENDPOINT))
    topics = {one.name: one for one in await in_thread(lambda: [topic_of(one) for one in typed])}
    last = positions_in(dict(scope["headers"]).get(b"last-event-id", b""))
    known = {name: place for name, place in last.items() if name in topics}
    await heard_all()
    for name, place in known.items():
        await HUB.catch_up(topics[name].key, place)
    visit = Visit(EventOutlet(send, known), guest, ENDPOINT)
    # Before anything is sent, so that a refusal is still a status.
    await visit.admit([(one, Plain(), known.get(name)) for name, one in topics.items()])
    if not SEATS.take(guest.caller):
        raise TooManyStreams("You have as many connections as your tier allows.", retry_after=30)
    try:
        own = [*_headers(request_id), *_limits(verdict), *invitation]
        await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, *own]})
        await send(_body(b"retry: %d\n\n" % RETRY_MS))
        logger.info("200 GET %s", PATH)
        await _flow(visit, topics.values(), known, receive)
        if cast("EventOutlet", visit.client.outlet).is_sending:
            # What it did not take it never will: a server would wait for it without an end.
            scope.get("extensions", {}).get(HANG_UP, _nothing)()
            await asyncio.sleep(0)
    except (OSError, RuntimeError):
        logger.debug("A client of the event stream left in the middle of an answer")
    finally:
        await visit.leave()
        SEATS.give_back(guest.caller)


async def _flow(
    visit: Visit, topics: Iterable[Topic], known: Mapping[str, Position], receive: Receive
) -> None:
    """Let it flow until the client leaves, or is told to."""
    outlet = cast("EventOutlet", visit.client.outlet)
    visit.enter()
    leaving = asyncio.ensure_future(_left(receive))
    ending = asyncio.ensure_future(outlet.over.wait())
    beginning = asyncio.ensure_future(_begin(visit, topics, known))
    try:
        await asyncio.wait([leaving, ending], return_when=asyncio.FIRST_COMPLETED)
        if outlet.over.is_set():
            await outlet.finished()
    finally:
        for one in (leaving, ending, beginning):
            one.cancel()


async def _begin(visit: Visit, topics: Iterable[Topic], known: Mapping[str, Position]) -> None:
    try:
        for topic in topics:
            await visit.begin(topic, Wanted(topic.name, since=known.get(topic.name)))
    except Exception:
        logger.exception("An event stream failed")
        visit.end(FAILED)


class EventOutlet(AsgiOutlet):
    """Writes events. Each says where the client then is, which is what it says on coming back."""

    def __init__(self, send: Send, known: Mapping[str, Position]) -> None:
        super().__init__(send)
        self.over = asyncio.Event()
        self._places = dict(known)

    def shape(self, written: Written) -> dict[str, Any]:
        if written.place is not None:
            topic, place = written.place
            self._places[topic] = place
        return _body(b"id: %b\ndata: %b\n\n" % (id_of(self._places), written.payload))

    def farewell(self, closing: Closing) -> dict[str, Any]:
        told = message(type="closed", code=closing.code, reason=closing.reason)
        last = self.shape(Written(told))
        return {**last, "more_body": False}

    def end(self, closing: Closing) -> None:
        super().end(closing)
        self.over.set()


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


def _nothing() -> None:
    """Other servers see to their connections by themselves."""


def _body(part: bytes) -> dict[str, Any]:
    return {"type": "http.response.body", "body": part, "more_body": True}


def _headers(request_id: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"x-request-id", request_id.encode()),
        (b"x-cryptodt-market", settings.MARKET.encode()),
    ]


def _invitation(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Return what other sites' pages are told, as in every answer. Raises for a name that is not
    ours: a page that was lured to another name for this machine must not be answered."""
    request = ASGIRequest(scope, BytesIO())
    try:
        request.get_host()
    except DisallowedHost:
        raise InvalidRequest(MESSAGES[400]) from None
    answer = cast("HttpResponse", CorsMiddleware(lambda _: HttpResponse())(request))
    del answer["Content-Type"]
    return [(name.lower().encode(), value.encode()) for name, value in answer.items()]


def _limits(verdict: Verdict) -> list[tuple[bytes, bytes]]:
    told = (line.partition(b": ") for line in verdict.told().splitlines())
    return [(name, value) for name, _, value in told]


async def _refuse(scope: Scope, send: Send, refusal: Refusal, request_id: str) -> None:
    status = KINDS.get(refusal.kind, 500)
    told = envelope(refusal.kind, refusal.message, refusal.details, refusal.retry_after)
    if settings.SIMULATED:
        told["simulated"] = True
    headers = [(b"content-type", b"application/json"), *_headers(request_id)]
    if refusal.retry_after is not None:
        headers.append((b"retry-after", str(refusal.retry_after).encode()))
    body = orjson.dumps(told)
    headers.append((b"content-length", str(len(body)).encode()))
    logger.info("%s GET %s", status, PATH)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
