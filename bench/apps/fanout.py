"""Servers that hand one message to all their sockets: ours, the library's own, and Channels'."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

# What a price on the wire is like, within a few bytes.
ITEM = '{"symbol":"BTC","price":64000.50,"priceExact":"64000.50","change24h":1.25,"stale":false}'


def padded(size: int) -> str:
    return ITEM[:-1] + ',"pad":"' + "x" * max(0, size - len(ITEM) - 120) + '"}'


async def library(port: int, rate: float, size: int) -> None:
    """`websockets` with its own broadcast()."""
    from websockets.asyncio.server import broadcast, serve  # noqa: PLC0415

    clients: set[Any] = set()

    async def handle(client: Any) -> None:
        clients.add(client)
        try:
            await client.wait_closed()
        finally:
            clients.discard(client)

    async with serve(handle, "127.0.0.1", port, compression=None, ping_interval=None):
        text = padded(size)
        await every(rate, lambda number: broadcast(clients, numbered(number, text)))


def numbered(number: int, text: str) -> str:
    return json.dumps(
        {"type": "update", "offset": number, "sent": time.time_ns() // 1000, "data": [0]}
    ).replace("[0]", f"[{text}]")


async def every(rate: float, tell: Callable[[int], Any]) -> None:
    """Tell something so many times a second, on the beat."""
    number, at = 0, time.monotonic()
    while True:
        number += 1
        found = tell(number)
        if isinstance(found, Awaitable):
            await found
        at += 1 / rate
        await asyncio.sleep(max(0.0, at - time.monotonic()))


async def uvicorn_of(application: Any, port: int, source: Callable[[], Awaitable[None]]) -> None:
    import uvicorn  # noqa: PLC0415

    options: dict[str, Any] = {"port": port, "log_level": "error", "lifespan": "off"}
    if os.environ.get("BENCH_SIDE") == "ours":
        from cryptodt.sockets import BoundedSocket  # noqa: PLC0415

        options["ws"] = BoundedSocket
    else:
        options["ws"] = "websockets-sansio"
    config = uvicorn.Config(
        application, backlog=8192, ws_per_message_deflate=False, ws_ping_interval=None, **options
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(uvicorn.Server(config).serve())
        group.create_task(source())  # type: ignore[arg-type]


async def ours(port: int, rate: float, size: int) -> None:
    """The product's own socket, hub and broadcast; only the source is made up."""
    from accounts import tiers  # noqa: PLC0415
    from accounts.callers import BOOK, Caller  # noqa: PLC0415
    from cryptodt.asgi import application  # noqa: PLC0415
    from cryptodt.common import broadcast  # noqa: PLC0415

    # All of it comes from one address, which is no caller without a key.
    everybody = Caller("bench", "bench", tiers.ENTERPRISE.limits, frozenset({tiers.READ}))
    BOOK.find_address = lambda address: everybody  # type: ignore[method-assign]
    text = padded(size)

    async def source() -> None:
        await every(rate, lambda _: broadcast.publish(told(text)))

    await uvicorn_of(application, port, source)


def told(text: str) -> bytes:
    import orjson  # noqa: PLC0415

    at = time.time_ns() // 1_000_000
    return orjson.dumps({"topic": "prices", "timestamp": at, "items": {"BTC": text}})


async def channels(port: int, rate: float, size: int) -> None:
    """Stock Channels: a consumer in a group, and the layer in memory."""
    import django  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    layers = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    settings.configure(CHANNEL_LAYERS=layers, DATABASES={})
    django.setup()
    from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: PLC0415
    from channels.layers import get_channel_layer  # noqa: PLC0415

    class Consumer(AsyncWebsocketConsumer):  # type: ignore[misc]
        async def connect(self) -> None:
            await self.channel_layer.group_add("all", self.channel_name)
            await self.accept()

        async def tell(self, event: dict[str, Any]) -> None:
            await self.send(text_data=event["text"])

    text = padded(size)

    async def source() -> None:
        layer = get_channel_layer()

        def tell(number: int) -> Awaitable[None]:
            event = {"type": "tell", "text": numbered(number, text)}
            sent: Awaitable[None] = layer.group_send("all", event)
            return sent

        await every(rate, tell)

    await uvicorn_of(Consumer.as_asgi(), port, source)


SIDES = {"ours": ours, "library": library, "channels": channels}


def main() -> None:
    import uvloop  # noqa: PLC0415

    side, port, rate, size = sys.argv[1:]
    os.environ["BENCH_SIDE"] = side
    uvloop.run(SIDES[side](int(port), float(rate), int(size)))


if __name__ == "__main__":
    main()
