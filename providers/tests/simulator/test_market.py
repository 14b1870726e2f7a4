"""The walk: the same whenever it is asked, and its spans are those of its ticks."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.simulator import Market
from providers.simulator.market import DAY, HOUR, OPENED, merge

NOW = 1763712345


def ticks(market, symbol, start, end):
    return merge(market.tick(symbol, second) for second in range(start, end))


def test_the_same_seed_gives_the_same_prices_in_any_order():
    moments = [NOW - 977 * i for i in range(300)]
    forward, backward = Market(3), Market(3)
    there = {at: forward.price("ETH", at) for at in moments}
    back = {at: backward.price("ETH", at) for at in reversed(moments)}
    assert there == back


def test_prices_do_not_depend_on_what_was_asked_before():
    fresh, used = Market(3), Market(3)
    for asset in used.assets:
        used.span(asset.symbol, NOW - 3 * DAY, NOW)
    assert fresh.price("BTC", NOW - DAY) == used.price("BTC", NOW - DAY)


def test_another_seed_is_another_market():
    assert Market(1).price("BTC", NOW) != Market(2).price("BTC", NOW)


def test_this_market_is_the_one_it_has_always_been():
    # A change of the walk changes every recorded demonstration: it must be meant.
    assert str(Market(7).price("BTC", 1763712345)) == "73961.2200886"


def test_the_short_cut_on_the_hour_gives_the_price_of_the_tick(market):
    for hour in range(NOW // HOUR * HOUR, NOW - 3 * DAY, -HOUR):
        assert market.log_price("ADA", hour) == market.tick("ADA", hour).close


def test_a_price_can_be_asked_by_datetime():
    market = Market()
    assert market.price("BTC", datetime.fromtimestamp(NOW, UTC)) == market.price("BTC", NOW)


@settings(max_examples=60)
@given(
    st.sampled_from(["BTC", "USDT", "PEPE"]),
    st.integers(0, 90 * DAY),
    st.integers(1, 2 * HOUR),
)
def test_a_span_is_what_its_ticks_say(symbol, back, length):
    market = Market(7)
    start = NOW - back
    assert market.span(symbol, start, start + length) == ticks(
        market, symbol, start, start + length
    )


def test_a_whole_day_is_what_its_ticks_say(market):
    start = NOW // DAY * DAY
    assert market.span("SOL", start, start + DAY) == ticks(market, "SOL", start, start + DAY)


@pytest.mark.parametrize("width", [60, 900, HOUR, DAY])
def test_spans_roll_up(market, width):
    start = NOW // DAY * DAY - DAY
    parts = [market.span("XRP", at, at + width) for at in range(start, start + DAY, width)]
    assert merge(parts) == market.span("XRP", start, start + DAY)


def test_prices_move_within_ten_seconds(market):
    moved = sum(
        market.price(asset.symbol, NOW + 10 * i) != market.price(asset.symbol, NOW + 10 * i + 10)
        for asset in market.assets
        for i in range(20)
    )
    assert moved > 19.8 * len(market.assets)


def test_volatility_is_that_of_the_table(market):
    for asset in market.assets:
        logs = [market.day_open(asset.symbol, NOW - i * DAY) for i in range(400)]
        steps = [after - before for before, after in zip(logs, logs[1:], strict=False)]
        daily = math.sqrt(sum(step**2 for step in steps) / len(steps))
        assert 0.6 * asset.volatility < daily < 1.4 * asset.volatility, asset.symbol


def test_stable_assets_stay_near_one_and_are_never_pinned(market):
    for symbol in ("USDT", "USDC"):
        prices = {float(market.price(symbol, NOW - i * HOUR)) for i in range(1000)}
        assert len(prices) > 900
        assert all(0.99 < price < 1.01 for price in prices)


def test_nothing_is_traded_before_the_market_opened(market):
    with pytest.raises(ValueError, match="no market"):
        market.span("BTC", OPENED - 1, OPENED + 60)


def test_long_candles_are_found_without_looking_at_ticks():
    market = Market(11)
    first = NOW // DAY * DAY - 720 * DAY
    for at in range(first, first + 720 * DAY, DAY):
        market.span("BTC", at, at + DAY)
    assert market._split.cache_info().misses == market._ticks.cache_info().misses == 0
    market.span("BTC", NOW + 1 - DAY, NOW + 1)
    assert market._split.cache_info().misses <= 6
    assert market._ticks.cache_info().misses <= 2
