"""The check of longer candles against shorter ones: it names what differs, and changes nothing."""

import logging
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from market.models import Series
from market.services.rollups import check_all
from market.tests.candles import NOW, OPEN, bars, candle, given_series, record

pytestmark = pytest.mark.django_db
LATER = datetime.fromtimestamp(OPEN + 900, UTC)


@pytest.fixture
def five(settings):
    """Five minutes, each of 5 traded between 90 and 110, opened and closed at 100."""
    minutes = given_series("BTC", "1m")
    record(minutes, *(candle(minutes, n) for n in range(5)))
    series = given_series("BTC", "5m")
    Series.objects.update(collected_at=NOW)
    return series


def mismatch(series):
    return Series.objects.get(pk=series.pk).mismatch


def test_what_adds_up_is_not_reported(five):
    record(five, candle(five, 0, volume="25"))
    assert check_all(now=LATER) == 0
    assert mismatch(five) == ""


def test_what_does_not_add_up_is_logged_and_written_down(five, caplog):
    record(five, candle(five, 0, volume="25.000000000001", high="111"))
    with caplog.at_level(logging.WARNING, "market"):
        assert check_all(now=LATER) == 1
    said = "2026-05-04T00:00:00+00:00 from binance: high 111 instead of 110, volume"
    assert mismatch(five) == f"{said} 25.000000000001 instead of 25"
    assert said in caplog.text
    (bar,) = bars(five)
    assert Decimal(bar.high) == 111


def test_a_mismatch_is_forgotten_when_it_is_corrected(five):
    record(five, candle(five, 0, volume="24"))
    check_all(now=LATER)
    record(five, candle(five, 0, volume="25"), later=1)
    check_all(now=LATER)
    assert mismatch(five) == ""


@pytest.mark.parametrize(
    "change", [{"source": "okx"}, {"closed": False}, {"volume": "25", "close": "101"}]
)
def test_only_complete_candles_of_one_source_are_compared(five, change):
    record(five, candle(five, 0, **{"volume": "24", **change}))
    assert check_all(now=LATER) == (1 if change.get("close") else 0)


def test_parts_that_are_missing_are_not_guessed(five):
    record(five, candle(five, 1, volume="24"))
    assert check_all(now=LATER) == 0
