"""A question about candles is understood in each of its spellings, or refused by name."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptodt.common.errors import InvalidInterval, InvalidRequest, InvalidSymbol, Refusal
from market.candle_query import CandleQuery, candle_query
from market.intervals import INTERVALS
from market.resolver import Entry, Index

KNOWN = ["BTC", "ETH", "POL", "SUSD", "USDT", "USDC"]
INDEX = Index(Entry(one, one, one.title(), is_tracked=True, is_settled=True) for one in KNOWN)
HOUR = 1_769_860_800


def asked(**typed):
    lists = {name: [value] if isinstance(value, str) else value for name, value in typed.items()}
    return candle_query({"symbol": ["BTC"], **lists}, INDEX)


@pytest.mark.parametrize(
    ("typed", "pair"),
    [
        ("BTC", "BTCUSDT"), ("btc", "BTCUSDT"), ("BTCUSDT", "BTCUSDT"), ("BTC/USDT", "BTCUSDT"),
        ("BTC-USD", "BTCUSD"), ("btc_usdc", "BTCUSDC"), ("XBT", "BTCUSDT"), ("xbtusd", "BTCUSD"),
        ("MATIC", "POLUSDT"), ("maticusdc", "POLUSDC"), ("SUSD", "SUSDUSDT"),
        ("SUSDUSD", "SUSDUSD"), ("USDTUSD", "USDTUSD"), ("USDC", "USDCUSDT"),
    ],
)  # fmt: skip
def test_a_pair_has_many_spellings(typed, pair):
    assert asked(symbol=typed).pair == pair


@pytest.mark.parametrize("typed", ["USDT", "USDT/USDT", "usdc-usdc"])
def test_nothing_has_candles_in_itself(typed):
    with pytest.raises(InvalidSymbol, match="in itself"):
        asked(symbol=typed)


@pytest.mark.parametrize(
    "typed", ["", "NOPE", "ВТС", "BTC\x00", "B" * 100_000, ",".join(["BTC"] * 10_000), "BTC-EUR"]
)
def test_what_is_no_symbol_is_refused(typed):
    with pytest.raises(InvalidSymbol):
        asked(symbol=typed)


def test_nobody_in_particular_is_refused():
    with pytest.raises(InvalidSymbol, match="missing"):
        candle_query({}, INDEX)


@pytest.mark.parametrize("interval", INTERVALS)
def test_both_names_of_the_interval_are_taken_and_its_minutes(interval):
    minutes = str(INTERVALS[interval] // 60)
    for typed in (interval, f" {interval} ", minutes):
        assert asked(interval=typed).interval == interval
        assert asked(timeframe=typed).interval == interval
    assert asked(interval=interval, timeframe=minutes).interval == interval


def test_without_an_interval_hours_are_meant():
    assert asked().interval == "1h"


def test_two_intervals_at_once_are_refused():
    with pytest.raises(InvalidInterval, match="differ"):
        asked(interval="1h", timeframe="4h")


@pytest.mark.parametrize("typed", ["", "2h", "1M", "0", "1h\x00", "h" * 100_000, "-1"])
def test_another_interval_is_refused(typed):
    with pytest.raises(InvalidInterval) as refused:
        asked(timeframe=typed)
    assert refused.value.details["accepted"] == list(INTERVALS)


@pytest.mark.parametrize(("since", "until"), [(HOUR, HOUR), (HOUR + 1, HOUR)])
def test_a_span_that_ends_before_it_begins_is_refused(since, until):
    with pytest.raises(InvalidRequest, match="before `until`"):
        asked(since=str(since), until=str(until))


def test_other_parameters_are_ignored():
    assert asked(_="17", convert="EUR", symbols="ETH") == asked()


@given(
    since=st.none() | st.integers(10**9, 2 * 10**9),
    newest_first=st.booleans(),
    closed_only=st.booleans(),
    after=st.integers(0, 10**11),
    limits=st.tuples(st.integers(1, 1000), st.integers(1, 1000)),
)
def test_a_cursor_continues_the_question_it_came_from(
    since, newest_first, closed_only, after, limits
):
    query = CandleQuery(
        symbol="BTC", currency="USDT", interval="1m", since=since, newest_first=newest_first,
        closed_only=closed_only, limit=limits[0],
    )  # fmt: skip
    longer = replace(query, limit=limits[1])
    assert longer.at(query.cursor(after)) == replace(longer, after=after)


@pytest.mark.parametrize(
    "other",
    [
        {"symbol": "ETH"}, {"symbol": "BTC-USD"}, {"interval": "4h"}, {"since": str(HOUR)},
        {"until": str(HOUR)}, {"order": "desc"}, {"closed_only": "true"},
    ],
)  # fmt: skip
def test_a_cursor_of_another_question_is_refused(other):
    cursor = asked().cursor(HOUR)
    assert asked(cursor=cursor).after == HOUR
    with pytest.raises(InvalidRequest, match="another question"):
        asked(**other, cursor=cursor)


@pytest.mark.parametrize(
    "cursor", ["", "0", "\x00", "a" * 10_000, "MTIzNA", "é", "MS4wMDAw====", "_" * 63]
)
def test_a_cursor_that_never_was_is_refused(cursor):
    with pytest.raises(InvalidRequest, match="meta.next"):
        asked(cursor=cursor)


NAMES = ["symbol", "interval", "timeframe", "limit", "since", "until", "order", "closed_only",
         "cursor"]  # fmt: skip


def outcome(typed):
    try:
        return candle_query(typed, INDEX).symbol, ""
    except Refusal as refusal:
        return refusal.kind, str(refusal.details)


@given(st.dictionaries(st.sampled_from(NAMES), st.lists(st.text(), max_size=2)))
def test_anything_typed_is_a_question_or_a_refusal(typed):
    found, details = outcome(typed)
    assert found in (*KNOWN, "INVALID_SYMBOL", "INVALID_INTERVAL", "INVALID_REQUEST")
    assert len(details) < 500
