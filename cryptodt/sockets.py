"""The server's side of a socket: hangs up on a client that takes nothing of what it asks for."""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# The application waits for a slow client long before this; the server's own pongs do not.
MOST_UNSENT = 1024 * 1024


class BoundedSocket(WebSocketsSansIOProtocol):
    """uvicorn's own, which answers pings at once, however many answers already lie unsent."""

    def handle_ping(self) -> None:
        # What has arrived before the end is still worked off, and has nowhere to go.
        if self.transport.is_closing():
            return
        super().handle_ping()
        if self.transport.get_write_buffer_size() > MOST_UNSENT:
            self.transport.abort()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        # A closing connection first sends what is unsent, and to this client that takes forever.
        if self.transport.get_write_buffer_size():
            self.transport.abort()
