"""Candles of the default exchanges: eight column orders in, one kind of candle out."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.exceptions import BadPayload, NotOffered, ProviderError
from providers.exchange_data import candles
from providers.tests.adapters.bent import bent, decoded, numbers_in
from providers.tests.adapters.ccxt_venues import BY_ID, PLACES
from providers.tests.conftest import NOW
from providers.types import CandleAsk

FIRST = datetime(2025, 11, 21, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)
ASK = CandleAsk("BTC", "USD", "1h")
ROW: list[Any] = [1763697600000, "10", "12", "9", "11", "5", None]


def ids(place):
    return place.id


def ask(place, interval="1h", **more):
    return CandleAsk("BTC", place.currency, interval, **more)


def found(place, text=None, **more):
    upstream = place.upstream(**({} if text is None else {"candles": text}))
    return place.adapter().candles(ask(place, **more), upstream.tap)


@pytest.mark.parametrize("place", PLACES, ids=ids)
def test_candles_come_oldest_first_and_exact(place):
    bars = found(place)
    assert [bar.opened_at for bar in bars] == [FIRST + HOUR * n for n in range(5)]
    assert [bar.is_closed for bar in bars] == [True] * 4 + [False]
    assert {(bar.symbol, bar.currency, bar.interval, bar.source) for bar in bars} == {
        ("BTC", place.currency, "1h", place.id)
    }
    stands = numbers_in(decoded(place.text("candles")))
    for bar in bars:
        assert {bar.open, bar.high, bar.low, bar.close, bar.volume} <= stands
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
    # Each opens where the last one closed: no two columns were mistaken for each other.
    assert all(
        abs(after.open / before.close - 1) < Decimal("0.0001")
        for before, after in zip(bars, bars[1:], strict=False)
    )


@pytest.mark.parametrize("place", PLACES, ids=ids)
def test_eighteen_digits_survive(place):
    bar = found(place)[-1]
    for name, digits in (("high", "99999.123456789012345678"), ("volume", "7.123456789012345678")):
        text = place.text("candles")
        literal = next(
            spelled
            for spelled in (str(getattr(bar, name)), f'"{getattr(bar, name)}"')
            if spelled in text
        )
        changed = found(place, text.replace(literal, digits))
        assert str(max(getattr(one, name) for one in changed)) in (
            digits,
            str(max(getattr(one, name) for one in found(place))),
        )
        assert digits in {str(getattr(one, name)) for one in changed}


def test_the_venues_own_word_decides_whether_a_candle_is_complete():
    okx = BY_ID["okx"]
    body = json.loads(okx.text("candles"))
    body["data"][0][8] = "1"
    assert found(okx, json.dumps(body))[-1].is_closed
    body["data"][1][8] = "0"
    assert not found(okx, json.dumps(body))[-2].is_closed
    gate = BY_ID["gate"]
    rows = json.loads(gate.text("candles"))
    rows[-1][7] = "true"
    assert found(gate, json.dumps(rows))[-1].is_closed


@pytest.mark.parametrize("place", PLACES, ids=ids)
def test_since_and_limit_are_kept(place):
    assert [bar.opened_at for bar in found(place, limit=2)] == [FIRST + HOUR * 3, FIRST + HOUR * 4]
    if place.id == "okx":
        return
    bars = found(place, since=FIRST + HOUR, limit=2)
    assert [bar.opened_at for bar in bars] == [FIRST + HOUR, FIRST + HOUR * 2]
    assert all(bar.is_closed for bar in bars)


@pytest.mark.parametrize("place", PLACES, ids=ids)
def test_what_a_venue_lacks_it_does_not_offer(place):
    upstream, adapter = place.upstream(), place.adapter()
    with pytest.raises(NotOffered, match="7m"):
        adapter.candles(ask(place, "7m"), upstream.tap)
    for pair in (("NWHR", place.currency), ("BTC", "XYZ")):
        with pytest.raises(NotOffered, match="does not trade"):
            adapter.candles(CandleAsk(pair[0], pair[1], "1h"), upstream.tap)
    # And its listing is not read again for that.
    assert sum(place.listing in path for path, *_ in upstream.asked) == 1


def test_a_candle_that_came_twice_counts_once():
    assert len(candles([ROW, list(ROW)], ASK, "x")) == 1


def test_two_candles_of_one_time_are_a_bad_payload():
    with pytest.raises(BadPayload, match="two candles"):
        candles([ROW, [*ROW[:4], "10.5", "5", None]], ASK, "x")


@pytest.mark.parametrize(
    "values",
    [
        ["10", "9", "12", "11", "5"],
        ["10", "12", "10.5", "11", "5"],
        ["13", "12", "9", "11", "5"],
        ["10", "12", "9", "13", "5"],
        ["0", "12", "0", "11", "5"],
        ["-1", "12", "-1", "11", "5"],
        ["10", "12", "9", "11", "-5"],
        [None, "12", "9", "11", "5"],
        ["10", "12", "9", "11", None],
        ["10", "12", "9", "NaN", "5"],
        [10.5, "12", "9", "11", "5"],
    ],
)
def test_a_candle_that_cannot_be_is_a_bad_payload(values):
    with pytest.raises(BadPayload):
        candles([[ROW[0], *values, None]], ASK, "x")


def test_a_time_without_a_trade_is_no_candle_but_proves_the_last_complete():
    nothing = [ROW[0] + 3600000, "0.0", "0", "0", "0", "0.00", None]
    (bar,) = candles([ROW, nothing], ASK, "x")
    assert bar.is_closed


def test_no_candles_are_no_mistake():
    assert candles([], ASK, "x") == []


READY = {place.id: place.adapter() for place in PLACES}


@settings(max_examples=500)
@given(st.data())
def test_bent_candles_give_true_ones_or_a_named_error(data):
    place = data.draw(st.sampled_from(PLACES), label="place")
    text = data.draw(bent(place.text("candles")), label="candles")
    try:
        bars = READY[place.id].candles(ask(place), place.upstream(candles=text).tap)
    except ProviderError:
        return
    stands = numbers_in(decoded(text))
    times = [bar.opened_at for bar in bars]
    assert times == sorted(set(times))
    for bar in bars:
        assert {bar.open, bar.high, bar.low, bar.close, bar.volume} <= stands
        assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.volume >= 0
        assert bar.opened_at < NOW + timedelta(days=40000)
