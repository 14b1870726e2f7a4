"""The express lane's last yards: a kept answer goes straight to the connection.

A server makes a task and several messages of each request; for an answer that lies ready that is
most of the work. uvicorn hands every request to `_start_asgi_task`, which is where this looks.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from cryptodt.event_stream import PATH as STREAM
from cryptodt.express import ANSWERS, Asked, asked_in, wire
from cryptodt.outlets import HANG_UP
from cryptodt.sockets import KERNEL_BUFFER

# A proxy in front tells who asks; the application reads it, and this does not.
FORWARDED = {b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"}
OK, NOT_MODIFIED = b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 304 Not Modified\r\n"


# Browsers send one question at a time, and programs a few. uvicorn alone would take them all, and
# a client that asks a million times and never reads would cost gigabytes.
MOST_WAITING = 128
MOST_UNREAD = 256 * 1024
# So long, and so many bytes, a client has to say what it asks. uvicorn alone would listen for ever.
HEAD_SECONDS = 10.0
LARGEST_HEAD = 64 * 1024
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class ExpressHttp(HttpToolsProtocol):
    """uvicorn's own, which answers at once what need not be asked."""

    # What this connection asked last, and what that was found to mean.
    _question: tuple[object, ...] = ()
    _asked: Asked | None = None
    # Nothing before the first word, and without a method until the head is whole.
    scope: Any
    # While it says what it asks.
    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._has_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if "method" not in (self.scope or ()):
            self._head_bytes += len(data)
            if self._deadline is None:
                self._await_head()
        elif self._deadline is not None:
            self._has_head()
        if len(self.pipeline) > MOST_WAITING or self._head_bytes > LARGEST_HEAD:
            self.transport.abort()

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _has_head(self) -> None:
        self._head_bytes = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            # It is still answered what it asked before; nothing may come in between.
            self._await_head()
            return
        if self._head_bytes:
            self.transport.write(TOO_LATE)
        self.transport.close()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if cycle.scope["path"] == STREAM:
            self._bound(cycle.scope)
        answer = self._ready(cycle)
        if answer is None:
            super()._start_asgi_task(cycle, app)
            return
        self.transport.write(answer)
        cycle.response_started = cycle.response_complete = True
        cycle.on_response()

    def _bound(self, scope: Any) -> None:
        """Have the kernel hold little for a client that may never read, and let it be ended."""
        wire = self.transport.get_extra_info("socket")
        if wire is not None:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)
        scope["extensions"] = {**scope.get("extensions", {}), HANG_UP: self.transport.abort}

    def _ready(self, cycle: RequestResponseCycle) -> bytes | None:
        # A client that takes nothing waits like everybody, and so do requests behind another.
        if not cycle.keep_alive or self.pipeline:
            return None
        if self.transport.get_write_buffer_size() > MOST_UNREAD:
            return None
        asked = self._understood(cycle.scope)
        kept = ANSWERS.find(asked.key) if asked is not None else None
        if asked is None or kept is None:
            return None
        own = asked.admitted(kept)
        if own is None:
            return None
        common = wire(self.server_state.default_headers)
        if asked.has(kept):
            return b"%b%b%b%b\r\n" % (NOT_MODIFIED, common, kept.unchanged_head, own)
        return b"%b%b%b%b\r\n%b" % (OK, common, kept.head, own, kept.body)

    def _understood(self, scope: Any) -> Asked | None:
        """Return what is asked; of a connection that asks the same again it is known already."""
        question = (scope["method"], scope["path"], scope["query_string"], scope["headers"])
        asked = self._asked
        if asked is None or not asked.is_current or question != self._question:
            if any(name in FORWARDED for name, _ in scope["headers"]):
                return None
            asked = self._asked = asked_in(scope)
            self._question = question
        return asked
