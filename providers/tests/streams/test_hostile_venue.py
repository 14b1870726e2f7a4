"""A venue that means harm: it is refused by name, costs little, and silences nobody."""

import json
from dataclasses import replace

import pytest

from providers.dial import LARGEST_FRAME
from providers.registry import BY_SLUG
from providers.selectors import observed_of
from providers.streams.binance import Binance
from providers.tests.streams import venue as venues
from providers.tests.streams.lines import SWIFT, listening, trouble, until
from providers.tests.streams.venue import Venue, binance, in_place_of, kline

PATIENT = replace(SWIFT, silent_kind=15, silent_channel=15)
ROOM = LARGEST_FRAME - 1000
FAR = 4_070_908_800_000


def filled(start, piece, end):
    """Return the longest frame that is read at all."""
    return start + ",".join([piece] * ((ROOM - len(start + end)) // (len(piece) + 1))) + end


NUMBERS = ["NaN", "Infinity", "-1", "0", "1e999999999", "1e9999", "9" * 4000, "1_0", "٣", "0x10"]
BARE = ["NaN", "-Infinity", "1e999999999", "1e-999999999", "9" * 5000, "[]", "{}", "true"]
REFUSED = {
    "no object": ["", "\0", "[]", "null", "1", '"' + "a" * ROOM + '"', "[" * 100_000],
    "far too deep": ['{"stream":' + "[" * 900 + "]" * 900 + "}", '{"a":' * 50_000],
    "a million names": [
        filled('{"stream":"!ticker@arr","data":[', '{"s":"A"}', "]}"),
        filled('{"stream":"btcusdt@ticker","data":{"s":[', '"A"', '],"e":"24hrTicker"}}'),
        binance(0, s="A" * (ROOM - 200)),
        binance(0, s={"A": 1}),
    ],
    "no number": [binance(0, c=one) for one in NUMBERS]
    + [binance(0, c="price").replace('"price"', one) for one in BARE]
    + [binance(0, P=one) for one in ("NaN", "1e999999999")],
    "no time": [binance(0, E=one) for one in (10**18, -1, 0, "9" * 5000, None, True, 1.5, "")],
    "no candle": [
        kline(t=1),
        kline(t=json.loads(kline())["data"]["k"]["t"] + 1),
        kline(h="4"),
        kline(l="0"),
        kline(v="-1"),
        kline(v="1e999999999"),
        kline(x="true"),
        kline(i="1h"),
        kline(s="ETHUSDT"),
    ],
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_cannot_be_read_is_counted_and_the_line_goes_on(sim, settings, what):
    things = REFUSED[what]
    async with (
        in_place_of("binance", Venue(binance, things), settings) as venue,
        listening(pace=PATIENT) as (ear, line),
    ):
        await until(lambda: venue.number > len(things) + 3)
        await ear.more()
        assert line.problem is None
    # However much of it: what is true in between says that the venue is not lost.
    assert ear.counts == ["bad_payload"] * len(things)
    assert venue.connections == 1
    assert {str(quote.price) for quote in ear.quotes} == {"71377.45"}
    assert not [tick for tick in ear.ticks if tick.candle]


async def test_what_is_dated_far_ahead_is_counted_and_what_is_true_counts_after_it(sim, settings):
    things = [binance(0, E=FAR), kline(t=FAR), kline(t=FAR, x=True)]
    async with (
        in_place_of("binance", Venue(binance, things), settings) as venue,
        listening(pace=PATIENT) as (ear, _),
    ):
        await until(lambda: venue.number > len(things) + 3)
        await ear.more()
    assert ear.counts == ["from_the_future"] * 3
    assert venue.connections == 1


class Reading(Binance):
    """Reads like Binance, and remembers the longest text that it was given."""

    def __init__(self):
        self.longest = 0

    def read(self, text, pairs):
        self.longest = max(self.longest, len(text))
        return super().read(text, pairs)


ANSWER = 16 * 1024 * 1024


@pytest.mark.parametrize("pieces", [1, 256])
async def test_an_answer_of_sixteen_megabytes_ends_the_connection_unread(
    sim, settings, monkeypatch, pieces
):
    reading = Reading()
    monkeypatch.setitem(BY_SLUG, "binance", replace(BY_SLUG["binance"], stream=reading))
    piece = "a" * (ANSWER // pieces)
    answer = piece if pieces == 1 else [piece] * pieces
    async with (
        in_place_of("binance", Venue(binance, [answer]), settings) as venue,
        listening(pace=PATIENT) as (ear, line),
    ):
        await until(lambda: "we said 1009" in observed_of("binance", "stream").failure)
        await ear.more()
        await until(lambda: line.problem is None)
    assert venue.connections == 2
    assert trouble() == {"unreachable": 1}
    assert 0 < reading.longest < 1000


async def test_many_rows_at_once_are_none(sim, settings):
    row = '{"symbol":"BTC/USD","last":1,"timestamp":"2025-11-21T08:05:46Z"}'
    things = [filled('{"channel":"ticker","type":"update","data":[', row, "]}")]
    async with (
        in_place_of("kraken", Venue(venues.kraken, things), settings),
        listening("kraken", pace=PATIENT) as (ear, _),
    ):
        await ear.more()
    assert ear.counts == ["bad_payload"]


async def test_a_number_that_is_far_ahead_silences_a_channel_only_until_that_is_noticed(
    sim, settings
):
    things = [venues.coinbaseexchange(0, sequence=10**25)]
    async with (
        in_place_of("coinbaseexchange", Venue(venues.coinbaseexchange, things), settings) as venue,
        listening("coinbaseexchange") as (ear, _),
    ):
        await until(lambda: trouble("coinbaseexchange").get("silent"))
        await ear.more()
        assert ear.ticks[-1].order < (10**25,)
    assert "out_of_order" in ear.counts
    assert venue.connections >= 2


class Refusing(Venue):
    """Refuses many times at once, and falls silent."""

    async def talk(self, connection, number):
        await connection.recv()
        for turn in range(50):
            await connection.send(json.dumps({"code": 2, "msg": f"refusal {turn}"}))
        await connection.wait_closed()


async def test_of_many_refusals_the_last_is_told(sim, settings):
    async with in_place_of("binance", Refusing(binance), settings), listening():
        await until(lambda: observed_of("binance", "stream").failure)
        assert observed_of("binance", "stream").failure.endswith("say nothing: refusal 49")
