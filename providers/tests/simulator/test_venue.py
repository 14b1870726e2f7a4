"""Venues: a few basis points apart, and exact candles all the same."""

import itertools

import pytest

from providers.simulator.candles import BINANCE
from providers.simulator.market import DAY
from providers.simulator.venue import View, fixed, roll_up
from providers.simulator.wire.binance import PAIRS
from providers.simulator.wire.kraken_names import LISTINGS

NOW = 1763712345.678


def seen(market, venue, now=NOW):
    return View(market, venue, now, now)


@pytest.mark.parametrize("venue", ["coingecko", "binance", "kraken"])
def test_a_venue_is_a_few_basis_points_off(market, venue):
    offsets = [
        seen(market, venue, at).usd(asset.symbol, at) / float(market.price(asset.symbol, at)) - 1
        for asset in market.assets
        for at in (NOW, NOW - 3 * DAY)
    ]
    assert all(abs(offset) < 0.0005 for offset in offsets)
    assert len(set(offsets)) == len(offsets)


def test_binance_divides_by_the_price_of_usdt(market):
    view = seen(market, "binance")
    for pair in PAIRS.values():
        common = float(market.price(pair.base, NOW) / market.price("USDT", NOW))
        price = view.last(pair) / 10**pair.decimals
        assert abs(price / common - 1) < 0.0008 + 0.5 / view.last(pair), pair


def test_kraken_prices_are_dollars(market):
    view = seen(market, "kraken")
    for listing in LISTINGS:
        price = view.last(listing.pair) / 10**listing.pair.decimals
        common = float(market.price(listing.pair.base, NOW))
        assert abs(price / common - 1) < 0.0005 + 0.5 / view.last(listing.pair), listing.key


@pytest.mark.parametrize("pair", [PAIRS["BTCUSDT"], PAIRS["SHIBUSDT"], LISTINGS[0].pair])
def test_candles_are_those_of_the_ticks_a_client_would_have_seen(market, pair):
    start = int(NOW) // 900 * 900 - 900
    ticks = [seen(market, pair.venue, at).last(pair) for at in range(start, start + 900)]
    bar = seen(market, pair.venue).bar(pair, start, start + 900)
    assert bar[:4] == (ticks[0], max(ticks), min(ticks), ticks[-1])


@pytest.mark.parametrize("interval", [name for name in BINANCE if name not in ("1s", "1M")])
def test_candles_of_every_interval_are_the_roll_up_of_lower_ones(market, interval):
    grid = BINANCE[interval]
    view, pair = seen(market, "binance"), PAIRS["ETHUSDT"]
    start = grid.latest(int(NOW), 2)[0]
    end = grid.after(start)
    step = next(s for s in (DAY, 3600, 60, 1) if s < end - start)
    parts = [view.bar(pair, at, at + step) for at in range(start, end, step)]
    assert roll_up(parts) == view.bar(pair, start, end)


def test_a_running_candle_ends_with_the_last_price(market):
    view, pair = seen(market, "kraken"), LISTINGS[3].pair
    start = int(NOW) // DAY * DAY
    assert view.bar(pair, start, start + DAY).close == view.last(pair)


def test_a_frozen_venue_keeps_giving_flat_candles(market):
    view = View(market, "binance", NOW, NOW - 600)
    bar = view.bar(PAIRS["BTCUSDT"], int(NOW) - 300, int(NOW))
    assert set(bar[:4]) == {view.last(PAIRS["BTCUSDT"])}
    assert bar.volume == 0


def test_the_book_surrounds_the_last_price_and_never_crosses(market):
    for at in range(int(NOW), int(NOW) + 50):
        view = seen(market, "binance", at)
        for pair in (PAIRS["BTCUSDT"], PAIRS["PEPEUSDT"], PAIRS["USDCUSDT"]):
            bids, asks = view.book(pair, 50)
            assert (bids[0][0], asks[0][0]) == view.best(pair)
            assert view.last(pair) in view.best(pair)
            prices = [price for price, _ in reversed(bids)] + [price for price, _ in asks]
            assert all(low < high for low, high in itertools.pairwise(prices))
            assert all(size > 0 for _, size in (*bids, *asks))


def test_months_and_weeks_open_where_the_calendar_says():
    day = 1763712345 // DAY * DAY
    assert BINANCE["1w"].floor(1763712345) == day - 4 * DAY
    assert BINANCE["1M"].floor(1763712345) == day - 20 * DAY
    assert BINANCE["1M"].after(day - 20 * DAY) == day + 10 * DAY


@pytest.mark.parametrize(
    ("number", "decimals", "shown", "text"),
    [
        (6413805, 2, 8, "64138.05000000"),
        (5, 8, None, "0.00000005"),
        (-592, 2, 8, "-5.92000000"),
        (1060382, 1, 5, "106038.20000"),
        (42, 0, None, "42"),
        (42, 0, 3, "42.000"),
    ],
)
def test_numbers_are_spelled_with_fixed_digits(number, decimals, shown, text):
    assert fixed(number, decimals, shown) == text
