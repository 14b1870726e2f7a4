"""Candles into the store and out of it, beside the bare drivers, on both engines in one run.

`--rows` says how many are written at once, `--stored` among how many the latest 500 are found.
PostgreSQL is the server of DATABASE_URL or CRYPTODT_BENCH_POSTGRES, in a database of its own.
"""

import argparse
import gc
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[1]
SERIES = 20
PAGE = 500
READS = 1000
# Django's own way is so slow that a part of the rows tells enough.
BULK_SHARE = 10
NEWEST = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GOALS = {"postgresql": 0.5, "sqlite": 0.6}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--stored", type=int, default=10_000_000)
    options.add_argument("--engine", action="store_true", help=argparse.SUPPRESS)
    # `make bench` hands the same arguments to every script.
    asked, _ = options.parse_known_args()
    if asked.engine:
        measure(asked.rows, asked.stored)
        return
    sizes = ["--rows", str(asked.rows), "--stored", str(asked.stored)]
    with tempfile.TemporaryDirectory() as directory:
        run_engine("SQLite", {"DATABASE_URL": "", "CRYPTODT_DATA_DIR": directory}, sizes)
        address = os.environ.get("CRYPTODT_BENCH_POSTGRES") or os.environ.get("DATABASE_URL", "")
        if not address.startswith("postgres"):
            print("PostgreSQL: left out, neither DATABASE_URL nor CRYPTODT_BENCH_POSTGRES is one")
            return
        with scratch_database(address) as scratch:
            run_engine(
                "PostgreSQL", {"DATABASE_URL": scratch, "CRYPTODT_DATA_DIR": directory}, sizes
            )


def run_engine(name: str, environment: dict[str, str], sizes: list[str]) -> None:
    """Measure one engine in a process of its own: Django knows one database."""
    print(f"{name}:", flush=True)
    subprocess.run(
        [sys.executable, __file__, "--engine", *sizes],
        cwd=ROOT,
        env={**os.environ, "LOG_LEVEL": "error", "PYTHONPATH": str(ROOT), **environment},
        check=True,
    )


@contextmanager
def scratch_database(address: str) -> Iterator[str]:
    name = f"cryptodt_bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{address.rpartition('/')[0]}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def measure(rows: int, stored: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "cryptodt.settings"
    import django  # noqa: PLC0415 the environment first

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    writes(rows)
    reads(stored)


def writes(rows: int) -> None:
    from django.db import connection  # noqa: PLC0415

    series = new_series("BTC")
    said = candles(rows, closed=False)
    closed = candles(rows, closed=True)
    bare = by_copy if connection.vendor == "postgresql" else by_executemany
    goal = GOALS[connection.vendor]
    part = max(1, rows // BULK_SHARE)
    ours, theirs = [], []
    # Else the first would find the months missing.
    make_months(int(one.opened_at.timestamp()) for one in said)
    for _ in range(3):
        theirs.append(timed(rows, lambda: bare(series, said)))
        empty()
        ours.append(timed(rows, lambda: record(series, said)))
        updated = timed(rows, lambda: record(series, closed))
        known = timed(rows, lambda: record(series, closed))
        empty()
    djangos = timed(part, lambda: by_bulk_create(series, said[:part]))
    empty()
    own, other = max(ours), max(theirs)
    print(f"  {rows:,} candles, rows a second, best of 3:")
    print(f"    {bare.__doc__}: {other:,.0f}")
    print(f"    record_candles, all new: {own:,.0f} = {own / other:.2f} of it (goal: {goal})")
    print(f"    record_candles, each open one closes: {updated:,.0f}; all known: {known:,.0f}")
    print(
        f"    Django's bulk_create(update_conflicts): {djangos:,.0f},"
        f" ours is {own / djangos:.1f} x that (goal: 4)"
    )


def new_series(symbol: str) -> Any:
    from market.models import Asset  # noqa: PLC0415
    from market.services.candles import series_of  # noqa: PLC0415

    Asset.objects.get_or_create(symbol=symbol, defaults={"ticker": symbol, "name": symbol})
    return series_of(symbol, "USDT", "1m")


def candles(rows: int, *, closed: bool) -> list[Any]:
    from providers.types import Candle  # noqa: PLC0415

    last = Decimal("0.01") if closed else Decimal("0.02")
    return [
        Candle(
            symbol="BTC",
            currency="USDT",
            interval="1m",
            opened_at=NEWEST - (rows - number) * MINUTE,
            open=Decimal(6_400_000 + number).scaleb(-2),
            high=Decimal(6_410_000 + number).scaleb(-2),
            low=Decimal(6_390_000 + number).scaleb(-2),
            close=Decimal(6_400_000 + number).scaleb(-2) + last,
            volume=Decimal(123_456_789 + number).scaleb(-5),
            is_closed=closed,
            source="binance",
        )
        for number in range(rows)
    ]


def make_months(opened: Iterable[int]) -> None:
    from market.services.partitions import ensure_months  # noqa: PLC0415

    ensure_months(opened, now=NEWEST)


def record(series: Any, said: Sequence[Any]) -> None:
    from market.services.candles import record_candles  # noqa: PLC0415

    record_candles(series, said, now=NEWEST)


def by_copy(series: Any, said: Sequence[Any]) -> None:
    """bare COPY into the table"""
    with driver() as connection, connection.cursor() as cursor:
        with cursor.copy(
            "COPY market_candle (series_id, opened_at, open, high, low, close, volume, state,"
            " revision, source_id, seen_at) FROM STDIN"
        ) as copy:
            for row in rows_of(series, said):
                copy.write_row(row)
        connection.commit()


def by_executemany(series: Any, said: Sequence[Any]) -> None:
    """bare executemany into the table"""
    with driver() as connection:
        connection.executemany(
            "INSERT INTO market_candle (series_id, opened_at, open, high, low, close, volume,"
            " state, revision, source_id, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows_of(series, said),
        )
        connection.commit()


def rows_of(series: Any, said: Sequence[Any]) -> Iterator[tuple[object, ...]]:
    seen_at = int(NEWEST.timestamp())
    for one in said:
        yield (
            series.pk,
            int(one.opened_at.timestamp()),
            str(one.open),
            str(one.high),
            str(one.low),
            str(one.close),
            str(one.volume),
            int(one.is_closed),
            0,
            1,
            seen_at,
        )


def by_bulk_create(series: Any, said: Sequence[Any]) -> None:
    from django.db import transaction  # noqa: PLC0415

    from market.models import Candle  # noqa: PLC0415

    columns = ("open", "high", "low", "close", "volume")
    with transaction.atomic():
        Candle.objects.bulk_create(
            (
                Candle(
                    series=series,
                    opened_at=int(one.opened_at.timestamp()),
                    **{name: getattr(one, name) for name in columns},
                    state=int(one.is_closed),
                    source_id=1,
                    seen_at=int(NEWEST.timestamp()),
                )
                for one in said
            ),
            batch_size=2000,
            update_conflicts=True,
            unique_fields=["series", "opened_at"],
            update_fields=[*columns, "state", "revision", "source", "seen_at"],
        )


def driver() -> Any:
    """Open the same database without Django."""
    from django.db import connection  # noqa: PLC0415

    if connection.vendor == "postgresql":
        return psycopg.connect(os.environ["DATABASE_URL"])
    bare = sqlite3.connect(connection.settings_dict["NAME"])
    bare.execute("PRAGMA synchronous=NORMAL")
    return bare


def empty() -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("TRUNCATE market_candle")
            cursor.execute("CHECKPOINT")
        else:
            cursor.execute("DELETE FROM market_candle")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def timed(rows: int, work: Callable[[], None]) -> float:
    """Return how many rows a second the work came to."""
    gc.collect()
    started = time.perf_counter()
    work()
    return rows / (time.perf_counter() - started)


def reads(stored: int) -> None:
    from market.selectors.candles import page  # noqa: PLC0415

    many = [new_series(f"S{number}") for number in range(SERIES)]
    fill([series.pk for series in many], stored // SERIES)
    names = [(series.asset.symbol, series.currency, series.interval) for series in many]
    statements = [said_by(lambda name=name: page(*name, limit=PAGE)) for name in names]
    ours, theirs = [], []
    with driver() as connection:
        cursor = connection.cursor()
        for number in range(READS):
            sql, values = statements[number % SERIES]
            started = time.perf_counter()
            assert len(page(*names[number % SERIES], limit=PAGE).bars) == PAGE
            between = time.perf_counter()
            cursor.execute(sql, values)
            assert len(cursor.fetchall()) == PAGE + 1
            theirs.append(time.perf_counter() - between)
            ours.append(between - started)
    (own50, own99), (bare50, bare99) = percentiles(ours), percentiles(theirs)
    print(f"  latest {PAGE} of one series among {stored:,} rows, {READS} times in turns:")
    print(f"    the bare driver, same statement: p50 {bare50:.2f} ms, p99 {bare99:.2f} ms")
    print(
        f"    selectors.page: p50 {own50:.2f} ms, p99 {own99:.2f} ms"
        f" = {own99 / bare99:.2f} x that (goals: 1.5 x, under 5 ms)"
    )


def fill(series: Sequence[int], minutes: int) -> None:
    """Store so many minutes of every series, minute by minute as they would have come."""
    from django.db import connection  # noqa: PLC0415

    newest = int(NEWEST.timestamp())
    make_months(range(newest - 60 * minutes, newest, 86400))
    numbers = "64000.5 + s, 64100.25 + s, 63900.125 + s, 64050.75 + s, 123.456789 + s"
    row = f"SELECT s, 60 * m + {newest - 60 * minutes}, {numbers}, 1, 0, 1, {newest}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            span = f"generate_series(0, {minutes - 1}) m, generate_series({series[0]}, {series[-1]}) s"
            cursor.execute(f"INSERT INTO market_candle {row} FROM {span}")
            cursor.execute("VACUUM ANALYZE market_candle")
        else:
            counted = "{0}({1}) AS (VALUES ({2}) UNION ALL SELECT {1} + 1 FROM {0} LIMIT {3})"
            counts = counted.format("a", "m", 0, minutes)
            pairs = counted.format("b", "s", series[0], SERIES)
            cursor.execute(
                f"INSERT INTO market_candle WITH RECURSIVE {counts}, {pairs} {row} FROM a, b"
            )
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def said_by(work: Callable[[], object]) -> tuple[str, list[Any]]:
    """Return the statement that some work sends, and its values."""
    from django.db import connection  # noqa: PLC0415

    found: list[tuple[str, list[Any]]] = []

    def note(execute: Callable[..., object], sql: str, values: Any, *rest: Any) -> object:
        found.append((sql, list(values)))
        return execute(sql, values, *rest)

    with connection.execute_wrapper(note):
        work()
    sql, values = found[0]
    return (sql if connection.vendor == "postgresql" else sql.replace("%s", "?")), values


def percentiles(seconds: list[float]) -> tuple[float, float]:
    ordered = sorted(seconds)
    return ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.99)] * 1000


if __name__ == "__main__":
    main()
