"""Candles as files that analysts' tools read by column, with every digit."""

import csv
import io
from decimal import Decimal

from cryptodt.common.errors import Unavailable
from cryptodt.common.money import decimals

NUMBERS = ("open", "high", "low", "close", "volume")
WHOLE = ("timestamp_ms", "revision")
# What a decimal column of most tools holds.
PRECISION = 38


def parquet_of(table: bytes) -> bytes:
    """Return a table of candles, as it is told in CSV, as Parquet.

    A column is as fine as its finest number; where that is too long for a decimal column it is
    text, because a rounded number would be another one.
    """
    try:
        # Heavy, and asked for by few: whoever installed without it has everything else.
        import pyarrow  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise Unavailable(
            "This installation has no pyarrow, which Parquet needs; CSV has the same numbers."
        ) from None
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    columns = {}
    for name in rows[0] if rows else ():
        texts = [row[name] for row in rows]
        if name in WHOLE:
            columns[name] = pyarrow.array([int(text) for text in texts], pyarrow.int64())
        elif name in NUMBERS:
            columns[name] = _numbers([Decimal(text) for text in texts])
        else:
            columns[name] = pyarrow.array(texts, pyarrow.string())
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file, compression="zstd")
    return file.getvalue()


def _numbers(numbers: list[Decimal]) -> object:
    import pyarrow  # noqa: PLC0415

    finest = max(map(decimals, numbers))
    longest = max(number.adjusted() for number in numbers) + 1
    if max(longest, 1) + finest > PRECISION:
        return pyarrow.array([format(number, "f") for number in numbers], pyarrow.string())
    return pyarrow.array(numbers, pyarrow.decimal128(PRECISION, finest))
