"""The next connection takes over from the last one: nothing is lost between them."""

import asyncio
import json
import time
from dataclasses import replace

from providers.line import Line
from providers.tests.streams.lines import SWIFT, listening, trouble, until
from providers.tests.streams.venue import PAUSE, Venue, binance, in_place_of, kline

PATIENT = replace(SWIFT, silent_kind=15, silent_channel=15)
LAST_MINUTE = (int(time.time()) // 60 - 1) * 60_000


class Slow(Venue):
    """Its second connection tells no candle before the first one has told how one ended."""

    def __init__(self):
        super().__init__(binance)
        self.has_ended = asyncio.Event()

    async def talk(self, connection, number):
        await connection.recv()
        while True:
            await self.say_what_is_true(connection)
            if number == 1 and self.connections == 1:
                await connection.send(kline(t=LAST_MINUTE, v=str(self.number)))
            elif number == 1 and not self.has_ended.is_set():
                # Time enough for whoever would hang up by now.
                await asyncio.sleep(20 * PAUSE)
                await connection.send(kline(t=LAST_MINUTE, v="10000", x=True))
                self.has_ended.set()
            elif number > 1 and self.has_ended.is_set():
                await connection.send(kline())


async def test_a_connection_ends_when_every_channel_of_the_next_one_has_spoken(sim, settings):
    pace = replace(PATIENT, lifetime=0.2)
    async with (
        in_place_of("binance", Slow(), settings) as venue,
        listening(pace=pace) as (ear, _),
    ):
        await until(lambda: venue.connections == 3)
    told = [tick.candle for tick in ear.ticks if tick.candle]
    assert [one.volume for one in told if one.is_closed] == [10000]
    assert trouble() == {}


async def test_a_channel_that_stays_silent_keeps_no_old_connection(sim, settings):
    pace = replace(PATIENT, lifetime=0.1, overlap=0.2)
    async with (
        in_place_of("binance", Venue(binance), settings) as venue,
        listening(pace=pace) as (ear, _),
    ):
        await until(lambda: venue.connections >= 4)
        assert venue.open <= 2
        await ear.more()
    assert trouble() == {}


class Leaving(Venue):
    """Says farewell to everybody who comes, and goes on."""

    async def talk(self, connection, number):
        await connection.recv()
        await connection.send(json.dumps({"stream": "", "data": {"e": "serverShutdown"}}))
        while True:
            await self.say_what_is_true(connection)


async def test_who_says_farewell_all_the_time_is_called_ever_less_often(
    sim, settings, monkeypatch
):
    waits = []

    def delay(_, attempt):
        waits.append(attempt)
        return 0.01

    monkeypatch.setattr(Line, "_delay", delay)
    pace = replace(PATIENT, overlap=0.01)
    async with (
        in_place_of("binance", Leaving(binance), settings) as venue,
        listening(pace=pace) as (ear, line),
    ):
        await until(lambda: venue.connections >= 6)
        await ear.more()
        assert line.problem is None
    # The first one is followed at once.
    assert waits[:4] == [0, 1, 2, 3]
