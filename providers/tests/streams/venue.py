"""A venue of our own making: it says what a test has prepared, and then what is true."""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from providers.simulator.server import MARK

PAUSE = 0.01


def binance(number, **changes):
    """Return a true ticker of now, or one that is bent."""
    told = {
        "e": "24hrTicker",
        "E": time.time_ns() // 1_000_000 + number,
        "s": "BTCUSDT",
        "c": "71377.45",
    }
    return json.dumps({"stream": "btcusdt@ticker", "data": {**told, **changes}})


def kline(**changes):
    """Return a candle of Binance's that is open now, or one that is bent."""
    now = time.time_ns() // 1_000_000
    row = {"t": now // 60_000 * 60_000, "s": "BTCUSDT", "i": "1m", "x": False, "v": "2"}
    row |= {"o": "5", "h": "9", "l": "1", "c": "5"}
    data = {"e": "kline", "E": now, "s": "BTCUSDT", "k": {**row, **changes}}
    return json.dumps({"stream": "btcusdt@kline_1m", "data": data})


def coinbaseexchange(number, **changes):
    told = {
        "type": "ticker",
        "sequence": 1000 + number,
        "product_id": "BTC-USD",
        "price": "71366.91",
        "time": datetime.now(UTC).isoformat(),
        "trade_id": 10 + number,
    }
    return json.dumps({**told, **changes})


def kraken(number, **changes):
    row = {"symbol": "BTC/USD", "last": 71370.2, "timestamp": datetime.now(UTC).isoformat()}
    return json.dumps({"channel": "ticker", "type": "update", "data": [{**row, **changes}]})


class Venue:
    """Says a list of things on its first connection, something true after each, and goes on so.

    A thing is a frame; a list is one frame in pieces.
    """

    def __init__(self, true, things=()):
        self.true, self.things = true, things
        # How many were opened, how many are, and how often something true was said.
        self.connections, self.open, self.number = 0, 0, 0

    async def serve(self, connection):
        self.connections += 1
        self.open += 1
        try:
            await self.talk(connection, self.connections)
        except ConnectionClosed:
            return
        finally:
            self.open -= 1

    async def talk(self, connection, number):
        await connection.recv()
        for thing in self.things if number == 1 else ():
            await connection.send(thing)
            await self.say_what_is_true(connection)
        while True:
            await self.say_what_is_true(connection)

    async def say_what_is_true(self, connection):
        self.number += 1
        await connection.send(self.true(self.number))
        await asyncio.sleep(PAUSE)


@asynccontextmanager
async def in_place_of(slug, venue, settings):
    """Open it in the place of a venue of the table."""

    def mark(connection, request, response):
        response.headers[MARK[0]] = MARK[1]

    async with serve(
        venue.serve, "127.0.0.1", 0, compression=None, process_response=mark, ping_interval=None
    ) as server:
        port = server.sockets[0].getsockname()[1]
        settings.PROVIDER_STREAM_URLS = {slug: f"ws://127.0.0.1:{port}"}
        yield venue
