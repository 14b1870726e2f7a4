"""A file holds the digits that the answer holds."""

import io
from decimal import Decimal

import pytest

from market.exports import parquet_of

pyarrow = pytest.importorskip("pyarrow.parquet")
HEAD = "timestamp_ms,open,high,low,close,volume,state,revision,source\n"
ROW = "1700000000000,{open},{high},1,2,0,closed,0,binance\n"


def read(table):
    return pyarrow.read_table(io.BytesIO(parquet_of(table.encode())))


@pytest.mark.parametrize("price", ["0.000000000001", "123456789.123456789012", "64000.5", "1"])
def test_every_digit_is_there_and_is_a_number(price):
    table = read(HEAD + ROW.format(open=price, high="123456789.123456789012"))
    (row,) = table.to_pylist()
    assert row["open"] == Decimal(price)
    assert row["high"] == Decimal("123456789.123456789012")
    assert (row["timestamp_ms"], row["revision"]) == (1700000000000, 0)
    assert (row["state"], row["source"]) == ("closed", "binance")


def test_a_number_too_long_for_a_decimal_is_text_and_not_rounded():
    long = "1" * 30 + "." + "2" * 25
    (row,) = read(HEAD + ROW.format(open=long, high="5")).to_pylist()
    assert row["open"] == long
    assert row["high"] == Decimal(5)


def test_nothing_makes_an_empty_file():
    assert read(HEAD).num_rows == 0
