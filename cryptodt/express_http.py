"""The express lane's last yards: a kept answer goes straight to the connection.

A server makes a task and several messages of each request; for an answer that lies ready that is
most of the work. uvicorn hands every request to `_start_asgi_task`, which is where this looks.
"""

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


class ExpressHttp(HttpToolsProtocol):
    """uvicorn's own, which answers at once what need not be asked."""

    # What this connection asked last, and what that was found to mean.
    _question: tuple[object, ...] = ()
    _asked: Asked | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if len(self.pipeline) > MOST_WAITING:
            self.transport.abort()

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
