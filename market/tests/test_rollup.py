"""Longer candles out of shorter ones: exact, complete, and of one source."""

from dataclasses import replace
from decimal import Decimal

from market.rollup import PARTS, Whole, difference, roll_up

NOON = 1_793_880_000 // 86400 * 86400 + 43200
PARTS_5M = [
    Whole(
        NOON + 60 * n,
        open=Decimal(100 + n),
        high=Decimal(110 + n),
        low=Decimal(90 - n),
        close=Decimal(101 + n),
        volume=Decimal("123456789.123456789012"),
        source="binance",
    )
    for n in range(5)
]


def test_five_minutes_make_one_candle_exactly():
    made = roll_up(PARTS_5M[::-1], "5m", NOON)
    assert made == Whole(
        NOON,
        open=Decimal(100),
        high=Decimal(114),
        low=Decimal(86),
        close=Decimal(105),
        volume=Decimal("617283945.617283945060"),
        source="binance",
    )


def test_volume_keeps_every_digit():
    long = Decimal("9" * 30 + "." + "123456789012345678901234567891")
    parts = [replace(part, volume=long) for part in PARTS_5M]
    made = roll_up(parts, "5m", NOON)
    assert made is not None
    assert (
        str(made.volume)
        == str(int("9" * 30 + "123456789012345678901234567891") * 5)[:31]
        + "."
        + str(int("9" * 30 + "123456789012345678901234567891") * 5)[31:]
    )


def test_what_is_missing_is_not_guessed():
    assert roll_up(PARTS_5M[1:], "5m", NOON) is None
    assert roll_up(PARTS_5M, "5m", NOON + 300) is None


def test_sources_are_not_mixed():
    assert roll_up([*PARTS_5M[:4], replace(PARTS_5M[4], source="okx")], "5m", NOON) is None


def test_every_difference_is_named():
    made = roll_up(PARTS_5M, "5m", NOON)
    assert made is not None
    assert difference(made, made) == ""
    assert difference(replace(made, volume=made.volume + Decimal("1e-12")), made) == (
        "volume 617283945.617283945061 instead of 617283945.61728394506"
    )


def test_intervals_are_made_of_the_next_shorter_one():
    assert list(PARTS) == ["5m", "15m", "1h", "4h", "1d", "1w"]
