"""What was stored and not told: nobody goes on without it, and nothing older is told after it."""

import asyncio
from datetime import timedelta

import orjson
import pytest
from django.test import TestCase

from cryptodt.common import broadcast
from market.services import candles as services
from market.services.prices import record_quotes
from market.tasks.candles import collect_candles
from market.tests.candles import candle, given_series, record
from market.tests.quotes import NOW, given_assets, quote

pytestmark = pytest.mark.django_db
NAME = "BTC/USDT:1m"
SECOND = timedelta(seconds=1)


class Away(Exception):
    """What is raised while nobody can be told."""


@pytest.fixture
def away(monkeypatch):
    """Redis is away in this block: nothing can be promised, and nothing told."""

    def fail(*_):
        raise Away

    def begin(*names):
        context = monkeypatch.context()
        patched = context.__enter__()
        patched.setattr(broadcast, "UNREACHABLE", (Away,))
        for name in names or ("_owe", "publish"):
            patched.setattr(broadcast, name, fail)
        return context

    return begin


@pytest.fixture
def series(settings):
    settings.SUPPORTED_INTERVALS = ["1m"]
    return given_series()


def committed():
    return TestCase.captureOnCommitCallbacks(execute=True)


def kept():
    """Return the messages that anybody gets who begins to listen."""

    async def first():
        begun = asyncio.get_running_loop().create_future()

        async def listen():
            async for one in broadcast.listen():
                if not begun.done():
                    begun.set_result(one)

        task = asyncio.create_task(listen())
        beginning = await begun
        # More than once, as the hub does: a client of Redis may swallow the first.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.1)
        return beginning.entries

    return asyncio.run(first())


@pytest.fixture
def heard():
    """What was told of a topic since the test began, oldest first."""
    before = len(kept())
    return lambda topic: [dict(one.items) for one in kept()[before:] if one.topic == topic]


def closes(text):
    return [one["close"] for one in orjson.loads(text)]


def stored_and_not_told(series, number, close):
    """Store a candle like a process that is killed right after the commit."""
    with TestCase.captureOnCommitCallbacks() as waiting:
        record(series, candle(series, number, close), later=number)
    return waiting


@pytest.mark.parametrize("failing", [("_owe", "publish"), ("publish",)])
def test_candles_that_could_not_be_told_are_made_up_for_by_the_next_ones(
    series, away, failing, heard
):
    context = away(*failing)
    with committed():
        record(series, candle(series, 0))
    context.__exit__(None, None, None)
    with committed():
        record(series, candle(series, 1), later=1)
    with committed():
        record(series, candle(series, 2, "102"), later=2)
    first, second = heard("candles")
    # Whoever listens reads all of it, and then is told of what is new as ever.
    assert first == {NAME: broadcast.TOO_MUCH}
    assert closes(second[NAME]) == [102]


def test_candles_of_who_was_killed_before_it_told_are_made_up_for(series, heard):
    stored_and_not_told(series, 0, "100")
    with committed():
        record(series, candle(series, 1), later=1)
    assert heard("candles") == [{NAME: broadcast.TOO_MUCH}]


def test_what_nobody_told_is_made_up_for_within_a_minute_even_without_news(
    series, monkeypatch, heard
):
    stored_and_not_told(series, 0, "100")
    monkeypatch.setattr("market.tasks.candles.due_errands", lambda now: [])
    collect_candles()
    # It may still be about to be told.
    assert heard("candles") == []
    monkeypatch.setattr(services, "LATE_SECONDS", 0)
    collect_candles()
    collect_candles()
    assert heard("candles") == [{NAME: broadcast.TOO_MUCH}]


def test_who_commits_first_and_tells_last_tells_nothing_older(series, heard):
    older = stored_and_not_told(series, 0, "100")
    newer = stored_and_not_told(series, 1, "101")
    for tell in (*newer, *older):
        tell()
    assert heard("candles") == [{NAME: broadcast.TOO_MUCH}]
    with committed():
        record(series, candle(series, 2, "102"), later=2)
    assert closes(heard("candles")[-1][NAME]) == [102]


def test_who_commits_first_and_tells_first_is_not_told_twice(series, heard):
    older = stored_and_not_told(series, 0, "100")
    newer = stored_and_not_told(series, 1, "101")
    for tell in (*older, *newer):
        tell()
    assert heard("candles") == [{NAME: broadcast.TOO_MUCH}]


def test_what_cannot_be_told_in_order_any_more_is_read_anew(series, monkeypatch, heard):
    monkeypatch.setattr(services, "LATE_SECONDS", 0)
    tell = stored_and_not_told(series, 0, "100")
    # Somebody who takes it for lost tells of it while it is only late.
    services.tell_untold()
    with pytest.raises(broadcast.Forgotten):
        tell[0]()
    services.tell_untold()
    assert heard("candles") == [{NAME: broadcast.TOO_MUCH}] * 2


# -- Prices ------------------------------------------------------------------------------


@pytest.fixture
def _assets(settings):
    given_assets(settings, "BTC", "ETH")


def a_round(symbol, price, *, later=0):
    record_quotes([quote(price=price, symbol=symbol, age=-later)], now=NOW + later * SECOND)


@pytest.fixture
def told_prices(heard):
    return lambda: [
        {name: orjson.loads(text)["price"] for name, text in items.items()}
        for items in heard("prices")
    ]


@pytest.mark.usefixtures("_assets")
@pytest.mark.parametrize("failing", [("_owe", "publish"), ("publish",)])
def test_prices_that_could_not_be_told_are_told_with_the_next_round(away, failing, told_prices):
    context = away(*failing)
    with committed():
        a_round("BTC", "64000")
    context.__exit__(None, None, None)
    for later, price in ((1, "3001"), (2, "3002")):
        with committed():
            a_round("ETH", price, later=later)
    assert told_prices() == [{"BTC": 64000, "ETH": 3001}, {"ETH": 3002}]


@pytest.mark.usefixtures("_assets")
def test_prices_that_were_shown_and_not_told_are_told_by_a_round_without_news(away, told_prices):
    context = away("publish")
    with committed():
        a_round("BTC", "64000")
    context.__exit__(None, None, None)
    for later in (1, 2):
        record_quotes([], now=NOW + later * SECOND)
    assert told_prices() == [{"BTC": 64000}]


@pytest.mark.usefixtures("_assets")
def test_a_round_that_hung_does_not_tell_older_prices_than_the_next_one(told_prices):
    with TestCase.captureOnCommitCallbacks() as hanging:
        a_round("BTC", "64000")
    with committed():
        a_round("BTC", "64001", later=1)
    hanging[0]()
    assert told_prices() == [{"BTC": 64001}]
