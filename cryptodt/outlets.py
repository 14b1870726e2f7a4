"""The ways to a client: straight into the connection where the server lets us, or through ASGI."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from cryptodt.closing import Closing
from cryptodt.frames import Written

# Under this name a server lets the application end a connection that takes nothing.
HANG_UP = "cryptodt.hang_up"

# What is on its way when a connection ends has so long to be taken.
LAST_SECONDS = 0.5

Send = Callable[[dict[str, Any]], Awaitable[None]]


def nobody() -> None:
    """Called before anybody wants to know."""


class AsgiOutlet:
    """Any server: one message at a time, each in a task of its own while it is sent."""

    push: Callable[[bytes], object] | None = None

    def __init__(self, send: Send) -> None:
        self.on_change: Callable[[], None] = nobody
        self.is_over = False
        self._send = send
        self._sending: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        return self._sending is None and not self.is_over

    @property
    def is_sending(self) -> bool:
        return self._sending is not None

    def write(self, written: Written) -> None:
        self._start(self.shape(written))

    def shape(self, written: Written) -> dict[str, Any]:
        return {"type": "websocket.send", "text": written.text}

    def end(self, closing: Closing) -> None:
        if self.is_over:
            return
        self.is_over = True
        self._start(self.farewell(closing), after=self._sending)

    def farewell(self, closing: Closing) -> dict[str, Any]:
        return {"type": "websocket.close", "code": closing.code, "reason": closing.reason}

    def _start(self, shape: dict[str, Any], after: asyncio.Task[None] | None = None) -> None:
        self._sending = asyncio.get_running_loop().create_task(self._say(shape, after))
        self.on_change()

    async def _say(self, shape: dict[str, Any], after: asyncio.Task[None] | None) -> None:
        try:
            if after is not None:
                await asyncio.wait([after], timeout=LAST_SECONDS)
                # If it does not take that, it will not take this either.
                after.cancel()
            await self._send(shape)
        except (OSError, RuntimeError):
            # Servers say it either way when a client has left.
            self.is_over = True
        finally:
            if self._sending is asyncio.current_task():
                self._sending = None
                self.on_change()

    async def finished(self) -> None:
        """Wait until what is on its way was sent, or cannot be."""
        if self._sending is not None:
            await asyncio.wait([self._sending], timeout=1)
