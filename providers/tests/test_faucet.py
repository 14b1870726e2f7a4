"""What collects until somebody takes it: the latest quotes, and every candle."""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from providers import faucet as faucets
from providers import held
from providers.faucet import Faucet, Wanted
from providers.registry import BY_SLUG
from providers.roster import Member
from providers.stream import Tick
from providers.tray import Tray
from providers.types import Candle, Quote

NOW = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=30)


def quote(price, *, second=0, source="binance", symbol="BTC"):
    return Quote(
        symbol=symbol,
        price=Decimal(price),
        currency="USDT",
        source=source,
        observed_at=NOW + timedelta(seconds=second),
    )


@pytest.fixture(autouse=True)
def _an_hour_that_does_not_pass():
    """However late in a long run this comes."""
    with time_machine.travel(NOW + timedelta(minutes=30), tick=True):
        yield


def candle(minute, *, is_closed=False, close=5):
    return Candle(
        symbol="BTC",
        currency="USDT",
        interval="1m",
        opened_at=NOW + timedelta(minutes=minute),
        open=Decimal(5),
        high=Decimal(9),
        low=Decimal(1),
        close=Decimal(close),
        volume=Decimal(1),
        is_closed=is_closed,
        source="binance",
    )


def streamed(slug):
    """Return what is kept of a stream; there must be something."""
    known = held.streamed(slug)
    assert known is not None
    return known


def tick(*, of=None, bar=None):
    return Tick(channel="any", order=(1,), quote=of, candle=bar)


async def test_the_latest_quote_of_a_symbol_waits_and_no_other():
    tray = Tray()
    for price in range(1, 1000):
        tray.put(tick(of=quote(price)))
    tray.put(tick(of=quote(7, source="okx")))
    batch = tray.taken()
    assert [one.price for one in batch.quotes["binance"]] == [999]
    assert [one.price for one in batch.quotes["okx"]] == [7]
    assert not tray.has_some.is_set()
    assert tray.taken().quotes == {}


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40), st.integers(0, 40))
async def test_no_candle_is_lost_however_often_the_store_fails(told, failing):
    tray = Tray()
    for number, (minute, is_closed) in enumerate(told):
        tray.put(tick(bar=candle(minute, is_closed=is_closed, close=1 + number % 8)))
        if number == failing:
            tray.give_back(tray.taken())
    found = {one.opened_at: one for one in tray.taken().candles}
    assert list(found) == sorted(found)
    assert len(found) == len({minute for minute, _ in told})
    for minute in {minute for minute, _ in told}:
        said = [(number, closed) for number, (at, closed) in enumerate(told) if at == minute]
        closed = [number for number, is_closed in said if is_closed]
        last = closed[-1] if closed else said[-1][0]
        one = found[NOW + timedelta(minutes=minute)]
        assert (one.is_closed, one.close) == (bool(closed), Decimal(1 + last % 8))


async def test_however_many_minutes_are_told_of_those_of_the_last_hour_are_kept():
    tray = Tray()
    for minute in range(-5000, 30):
        tray.put(tick(bar=candle(minute, is_closed=True)))
    told = tray.taken().candles
    assert told[-1] == candle(29, is_closed=True)
    # An hour ago is half an hour before the first of these.
    assert 59 <= len(told) <= 61


def test_of_an_answer_and_a_stream_the_later_look_counts():
    held.hold("binance", (quote(1, second=1), quote(5, second=9, symbol="ETH")))
    held.hold_streamed("binance", [quote(2, second=2), quote(4, second=3, symbol="ETH")])
    answered = held.answered("binance")
    assert answered is not None
    both = [*answered.quotes, *streamed("binance").quotes]
    assert {one.symbol: one.price for one in held.newest_each(both)} == {"BTC": 2, "ETH": 5}


def test_a_stream_adds_to_what_it_told_before():
    held.hold_streamed("okx", [quote(1, source="okx"), quote(3, source="okx", symbol="ETH")])
    held.hold_streamed("okx", [quote(2, source="okx", second=1)])
    known = streamed("okx")
    assert known.prices == {"BTC": 2, "ETH": 3}
    before = known.changed_at
    held.hold_streamed("okx", [replace(quote(2, source="okx"), observed_at=NOW)])
    # The same prices again are no news.
    assert streamed("okx").changed_at == before
    held.forget_streamed("okx")
    assert held.streamed("okx") is None


async def until(is_true, seconds=20.0):
    async with asyncio.timeout(seconds):
        while not is_true():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def pouring(take):
    faucet = Faucet(Wanted, take)
    task = asyncio.ensure_future(faucet._pour())
    try:
        yield faucet
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        faucet._hand.shutdown()
        faucet._threads.shutdown()


async def test_a_store_that_is_away_is_tried_ever_later_and_told_of_once(monkeypatch, caplog):
    tried, taken = [], []

    def take(batch):
        tried.append(time.monotonic())
        if len(tried) <= 4:
            raise OSError("the store is away")
        taken.append(batch)

    monkeypatch.setattr(faucets, "LONGEST_DELAY", 0.4)
    real = asyncio.sleep
    # As in life, and ten times as fast.
    monkeypatch.setattr(asyncio, "sleep", lambda seconds: real(seconds / 10))
    with caplog.at_level("INFO"):
        async with pouring(take) as faucet:
            faucet._tray.put(tick(of=quote(1)))
            faucet._tray.put(tick(bar=candle(1)))
            await until(lambda: len(tried) == 2)
            faucet._tray.put(tick(of=quote(2, symbol="ETH")))
            await until(lambda: taken)
    (batch,) = taken
    assert {one.symbol: one.price for one in batch.quotes["binance"]} == {"BTC": 1, "ETH": 2}
    assert [one.opened_at for one in batch.candles] == [candle(1).opened_at]
    told = [one.levelname for one in caplog.records if "cannot be stored" in one.message]
    assert told == ["WARNING", "INFO"]


async def test_what_could_not_be_stored_for_an_hour_is_dropped_and_a_later_quote_wins():
    tray = Tray()
    tray.put(tick(of=quote(1)))
    tray.put(tick(bar=candle(-40)))
    tray.put(tick(bar=candle(1)))
    batch = tray.taken()
    tray.put(tick(of=quote(2, second=1)))
    tray.give_back(batch)
    again = tray.taken()
    assert [one.price for one in again.quotes["binance"]] == [2]
    assert [one.opened_at for one in again.candles] == [candle(1).opened_at]


async def test_a_keeper_that_ended_is_replaced(monkeypatch, caplog):
    begun = []

    async def keep(self, member):
        begun.append(member.slug)
        if len(begun) == 1:
            raise ZeroDivisionError
        await asyncio.Event().wait()

    monkeypatch.setattr(Faucet, "_keep", keep)
    monkeypatch.setattr(faucets, "ROSTER", 0.01)
    member = Member(BY_SLUG["binance"], "stream", place=0, key="", is_on=True)
    monkeypatch.setattr(faucets, "_usable", lambda: [member])
    faucet = Faucet(Wanted, lambda _: None)
    task = asyncio.ensure_future(faucet._keep_roster())
    await until(lambda: len(begun) == 2)
    await asyncio.sleep(0.1)
    assert begun == ["binance", "binance"]
    assert "The streams of binance ended" in caplog.text
    everything = [task, *faucet._keepers.values()]
    for one in everything:
        one.cancel()
    await asyncio.gather(*everything, return_exceptions=True)
    faucet._threads.shutdown()
    faucet._hand.shutdown()


async def test_a_listing_that_fails_in_any_way_is_asked_for_again(monkeypatch, caplog):
    asked = []

    async def listed(self, member):
        asked.append(1)
        raise OSError("the cache cannot be reached")

    monkeypatch.setattr(Faucet, "_listed", listed)
    monkeypatch.setattr(faucets, "LISTING_DELAY", 0.01)
    member = Member(BY_SLUG["binance"], "stream", place=0, key="", is_on=True)
    faucet = Faucet(Wanted, lambda _: None)
    task = asyncio.ensure_future(faucet._keep(member))
    await until(lambda: len(asked) >= 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    faucet._threads.shutdown()
    faucet._hand.shutdown()
    assert len([one for one in caplog.records if "cannot be asked for" in one.message]) == 1
