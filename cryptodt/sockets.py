"""The server's side of a socket: writes frames that were made for everybody, and hangs up on a
client that takes nothing of what it asks for."""

import socket
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from cryptodt.closing import TOO_MANY_MESSAGES, Closing
from cryptodt.frames import Written
from cryptodt.outlets import nobody
from cryptodt.protocol import Allowance

# The application waits for a slow client long before this; the server's own pongs do not.
MOST_UNSENT = 1024 * 1024
# What the kernel may hold for one client. It would take megabytes, and so many clients' worth.
KERNEL_BUFFER = 256 * 1024
# Under this name the application finds the way past the server's own messages.
EXTENSION = "cryptodt.direct"
# Until a closing connection has sent what is unsent, or never will.
CLOSE_SECONDS = 2.0
SWITCHING = 101
# A message of nothing, in pieces without an end, is of no size.
MOST_PIECES = 1000
TOO_MANY_PIECES = Closing(1009, "too many pieces in one message", "Send it in fewer.")


class BoundedSocket(WebSocketsSansIOProtocol):
    """uvicorn's own, which answers pings at once, however many answers already lie unsent."""

    outlet: "DirectOutlet | None" = None
    # Pings of the protocol count like messages, for themselves.
    pings: Allowance | None = None
    _close_sent = False

    @property
    def close_sent(self) -> bool:
        return self._close_sent

    @close_sent.setter
    def close_sent(self, is_sent: bool) -> None:
        # Nothing may follow, and it takes a while until the application hears of it.
        self._close_sent = is_sent
        self._told()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        wire = transport.get_extra_info("socket")
        if wire is not None:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == SWITCHING:
            self.outlet = DirectOutlet(self)
            extensions: Any = self.scope["extensions"]
            extensions[EXTENSION] = self.outlet

    def handle_cont(self, event: Any) -> None:
        super().handle_cont(event)
        if len(self.frames) > MOST_PIECES:
            self.frames = []
            self.end(TOO_MANY_PIECES)

    def handle_ping(self) -> None:
        # What has arrived before the end is still worked off, and its answer has nowhere to go.
        if self.is_over:
            self.conn.data_to_send()
            return
        now = self.loop.time()
        self.pings = self.pings or Allowance(now)
        if not self.pings.covers(1, now):
            self.end(TOO_MANY_MESSAGES)
            return
        super().handle_ping()
        if self.transport.get_write_buffer_size() > MOST_UNSENT:
            self.transport.abort()

    def handle_close(self, event: Any) -> None:
        super().handle_close(event)
        self._end_soon()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self._end_soon()

    def eof_received(self) -> None:
        self.transport.close()
        self._end_soon()

    def shutdown(self) -> None:
        super().shutdown()
        self._end_soon()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        # A closing connection first sends what is unsent, and to this client that takes forever.
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _end_soon(self) -> None:
        """Give a closing connection its time: it would wait for a client that takes nothing."""
        if self.close_timer is None and not self.disconnected:
            self.close_timer = self.loop.call_later(CLOSE_SECONDS, self.transport.abort)
        self._told()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._told()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._told()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._told()

    def _told(self) -> None:
        if self.outlet is not None:
            self.outlet.is_ready = self.writable.is_set() and not self.is_over
            self.outlet.on_change()

    @property
    def is_over(self) -> bool:
        return self.close_sent or self.disconnected or self.transport.is_closing()

    def end(self, closing: Closing) -> None:
        """Close without waiting for a client that takes nothing."""
        # The library may know already of a goodbye that the server has not come to yet.
        if self.is_over or self.conn.state is not State.OPEN:
            return
        gone = {"type": "websocket.disconnect", "code": closing.code, "reason": closing.reason}
        self.queue.put_nowait(gone)  # type: ignore[arg-type]
        self.conn.send_close(closing.code, closing.reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self._end_soon()


class DirectOutlet:
    """Writes a finished frame to the connection, with neither a task nor a message in between."""

    def __init__(self, protocol: BoundedSocket) -> None:
        self.on_change: Callable[[], None] = nobody
        self.is_ready = True
        self.end = protocol.end
        self.push = protocol.transport.write
        self._protocol = protocol

    @property
    def is_over(self) -> bool:
        return self._protocol.is_over

    def write(self, written: Written) -> None:
        self.push(written.frame)

    async def finished(self) -> None:
        """Nothing is ever on its way: what was written is the connection's business."""
