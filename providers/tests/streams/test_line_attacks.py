"""What a venue says and what cannot be: named, left out, and nothing else suffers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from providers.registry import BY_SLUG
from providers.streams.binance import Binance
from providers.tests.streams.lines import listening, until


class Odd(Binance):
    """A venue two of whose three frames are bent."""

    def __init__(self, bend):
        self.bend, self.number = bend, 0

    def read(self, text, pairs):
        heard = super().read(text, pairs)
        self.number += 1
        bent = tuple(self.bend(tick) for tick in heard.ticks) if self.number % 3 else heard.ticks
        return replace(heard, ticks=bent)


def from_the_future(tick):
    if tick.quote is not None:
        quote = replace(tick.quote, observed_at=tick.quote.observed_at + timedelta(hours=1))
        return replace(tick, quote=quote, order=(tick.order[0] + 3_600_000_000,))
    candle = replace(tick.candle, opened_at=tick.candle.opened_at + timedelta(hours=1))
    return replace(tick, candle=candle, order=(tick.order[0] + 3_600_000_000, *tick.order[1:]))


def complete_too_early(tick):
    if tick.candle is None:
        return tick
    at = datetime.now(UTC).replace(second=0, microsecond=0)
    # It ends three quarters of a minute from now at least.
    candle = replace(tick.candle, opened_at=at + timedelta(minutes=1), is_closed=True)
    return replace(tick, candle=candle)


def shrunken(tick):
    if tick.candle is None:
        return tick
    return replace(tick, candle=replace(tick.candle, volume=tick.candle.volume / 2))


@pytest.mark.parametrize(
    ("bend", "reason"),
    [
        (from_the_future, "from_the_future"),
        (complete_too_early, "from_the_future"),
        (shrunken, "bad_payload"),
    ],
)
async def test_what_cannot_be_is_named_and_silences_nothing_else(sim, monkeypatch, bend, reason):
    row = replace(BY_SLUG["binance"], stream=Odd(bend))
    monkeypatch.setitem(BY_SLUG, "binance", row)
    async with listening() as (ear, line):
        await until(lambda: ear.counts.count(reason) >= 2)
        await ear.more(4)
        assert line.problem is None
    latest = datetime.now(UTC) + timedelta(seconds=30)
    assert all(one.observed_at < latest for one in ear.quotes)
    candles = [tick.candle for tick in ear.ticks if tick.candle]
    for before, after in pairwise(candles):
        assert before.opened_at < after.opened_at or before.volume <= after.volume
