"""Candles that are not what was asked for are refused, each by its name."""

from dataclasses import replace
from decimal import Decimal

import pytest

from market.scrutiny import Sighting, opened, proven, refusal, weakness
from market.tests.simulated import candle, moment
from providers.types import CandleAsk

NOON = 1_793_880_000 // 86400 * 86400 + 43200
ASK = CandleAsk("BTC", "USDT", "1m")
NOW = moment(NOON + 200)
GOOD = [candle(NOON + 60 * n) for n in range(3)] + [candle(NOON + 180, is_closed=False)]


def why(candles, *sightings, ask=ASK, now=NOW):
    doubt = refusal(candles, ask, sightings, now=now)
    return doubt and (doubt.reason, doubt.said)


def test_good_candles_are_not_refused():
    assert why(GOOD) is None
    assert weakness(GOOD, ASK, now=NOW) is None


@pytest.mark.parametrize(
    ("changes", "reason", "said"),
    [
        ({"symbol": "ETH"}, "bad_payload", "ETH USDT 1m"),
        ({"currency": "USDC"}, "bad_payload", "BTC USDC 1m"),
        ({"interval": "5m"}, "bad_payload", "BTC USDT 5m"),
        ({"source": "okx"}, "bad_payload", "several sources"),
        ({"opened_at": moment(NOON + 61)}, "bad_payload", "no candle of 1m opens"),
        ({"opened_at": moment(NOON + 60.5)}, "bad_payload", "no candle of 1m opens"),
        ({"opened_at": moment(NOON)}, "bad_payload", "two candles of one time"),
        ({"opened_at": moment(NOON + 600)}, "from_the_future", "opens in the future"),
    ],
)
def test_a_wrong_candle_among_good_ones_has_all_of_them_refused(changes, reason, said):
    found = why([GOOD[0], replace(GOOD[1], **changes), *GOOD[2:]])
    assert found is not None
    assert found[0] == reason
    assert said in found[1]


def test_a_candle_is_not_complete_before_it_ends():
    assert why([replace(GOOD[3], is_closed=True)], now=moment(NOON + 185)) == (
        "from_the_future",
        f"calls a candle complete before it ends: {GOOD[3].opened_at.isoformat()}",
    )


@pytest.mark.parametrize("other", ["5m", "15m", "1h"])
def test_candles_of_a_longer_interval_are_recognized(other):
    step = {"5m": 300, "15m": 900, "1h": 3600}[other]
    found = [candle(NOON + step * n) for n in range(4)]
    assert why(found, now=moment(NOON + 5 * 3600)) == (
        "bad_payload",
        f"its candles are those of {other}",
    )


def test_a_thin_market_is_not_taken_for_a_longer_interval():
    found = [candle(NOON + 60 * n) for n in (0, 7, 15, 31)]
    assert why(found, now=moment(NOON + 3600)) is None


def test_weeks_open_on_monday():
    thursday = NOON // (7 * 86400) * 7 * 86400 - 14 * 86400
    weekly = CandleAsk("BTC", "USDT", "1w")
    found = why([candle(thursday, interval="1w")], ask=weekly)
    assert found is not None
    assert "no candle of 1w opens" in found[1]
    assert why([candle(thursday + 4 * 86400, interval="1w")], ask=weekly) is None


@pytest.mark.parametrize("price", ["640000", "6400", "66000", "3100"])
def test_candles_far_from_what_was_agreed_on_are_refused(price):
    found = why(GOOD, Sighting(NOON + 130, Decimal(price)))
    assert found is not None
    assert found[0] == "outlier"


def test_candles_near_what_was_agreed_on_are_believed():
    assert why(GOOD, Sighting(NOON + 130, Decimal(64900)), Sighting(NOON - 5, Decimal(1))) is None


def test_an_answer_that_ends_early_may_be_bettered():
    doubt = weakness(GOOD, ASK, now=moment(NOON + 360))
    assert doubt is not None
    assert doubt.reason == "stale"
    assert weakness(GOOD, ASK, now=moment(NOON + 240)) is None


def test_candles_that_stand_still_may_be_bettered():
    still = {"high": Decimal(5), "low": Decimal(5), "volume": Decimal(0)}
    doubt = weakness([*GOOD[:2], *(replace(one, **still) for one in GOOD[2:])], ASK, now=NOW)
    assert doubt is not None
    assert doubt.reason == "frozen"
    # A minute that has just begun has no trades yet.
    assert weakness([*GOOD[:3], replace(GOOD[3], **still)], ASK, now=NOW) is None


def test_open_times_are_seconds():
    assert opened(GOOD[1]) == NOON + 60


def still(at, *, is_closed):
    """A candle without a trade, as a clock makes it."""
    value = GOOD[-1].close
    flat = dict.fromkeys(("open", "high", "low", "close"), value)
    return replace(candle(at, is_closed=is_closed), **flat, volume=Decimal(0))


def states(candles, now=NOW):
    return [one.is_closed for one in proven(candles, ASK, now=now)]


def test_what_no_trade_follows_is_not_proven_to_be_whole():
    frozen = [*GOOD[:3], still(NOON + 180, is_closed=False)]
    assert states(frozen) == [True, True, False, False]
    # Nor by the word of a feed that goes by its clock.
    frozen = [*GOOD[:2], still(NOON + 120, is_closed=True), still(NOON + 180, is_closed=False)]
    assert states(frozen) == [True, False, False, False]


def test_the_next_trade_proves_all_before_it():
    quiet = [*GOOD[:1], still(NOON + 60, is_closed=True), still(NOON + 120, is_closed=True)]
    assert states([*quiet, GOOD[3]]) == [True, True, True, False]
    assert states(GOOD) == [True, True, True, False]


def test_a_quiet_end_of_a_page_from_long_ago_is_believed():
    page = [*GOOD[:2], still(NOON + 120, is_closed=True)]
    assert states(page, now=moment(NOON + 86400)) == [True, True, True]


def test_where_nobody_saw_a_price_meanwhile_the_nearest_one_counts():
    before = Sighting(NOON - 600, Decimal(64000) * 100)
    assert why(GOOD, before)[0] == "outlier"
    # Ten minutes may move it by a few percent, and an older word gives way to a nearer one.
    assert why(GOOD, Sighting(NOON - 600, Decimal(64000) * Decimal("1.1"))) is None
    assert why(GOOD, before, Sighting(NOON - 60, Decimal(64100))) is None
