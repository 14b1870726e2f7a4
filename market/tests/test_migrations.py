"""Migrations: from nothing, and from each released state with everything that it held."""

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from cryptodt.tests.conftest import new_database

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ("123456789.123456789012", "0.000000000001", "9" * 60, "0." + "0" * 58 + "1", "64000.5")
BUCKET = datetime(2026, 3, 29, 23, 55, tzinfo=UTC)
OBSERVED = datetime(2026, 3, 29, 23, 57, 12, 345000, tzinfo=UTC)


class Database:
    """A database of its own, changed by the commands an operator has and read without Django."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.file = folder / "cryptodt.sqlite3"
        self.address = environment.get("DATABASE_URL", "")
        self.environment = {
            **os.environ,
            "DATABASE_URL": self.address,
            "CRYPTODT_DATA_DIR": str(folder),
        }

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        if self.address:
            with psycopg.connect(self.address) as connection:
                cursor = connection.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        with sqlite3.connect(self.file) as connection:
            texts = [
                str(value) if isinstance(value, Decimal | datetime) else value for value in values
            ]
            return connection.execute(statement.replace("%s", "?"), texts).fetchall()


@pytest.fixture(scope="module")
def moved_up(tmp_path_factory):
    """A database of the first release with all that it held, brought to the newest."""
    with new_database() as environment:
        database = Database(tmp_path_factory.mktemp("moved_up"), environment)
        database.manage("migrate", "market", "0001", "--verbosity", "0")
        given_first_release(database)
        database.manage("migrate", "--verbosity", "0")
        yield database


def given_first_release(database):
    for number, digits in enumerate(DIGITS):
        database.run(
            "INSERT INTO market_asset (id, symbol, name, ids, is_listed, position)"
            " VALUES (%s, %s, 'A coin', '{\"coingecko\": \"coin\"}', true, %s)",
            number + 1, f"COIN{number}", number,
        )  # fmt: skip
        database.run(
            "INSERT INTO market_price (asset_id, price, observed_at, recorded_at, sources,"
            " below_quorum, spread_percent, market_cap, rank)"
            " VALUES (%s, %s, %s, %s, '[\"kraken\"]', false, 0.01, %s, 7)",
            number + 1, Decimal(digits), OBSERVED, OBSERVED, Decimal(digits),
        )  # fmt: skip
        database.run(
            "INSERT INTO market_pricepoint (asset_id, bucket_at, price, observed_at)"
            " VALUES (%s, %s, %s, %s)",
            number + 1, BUCKET, Decimal(digits), OBSERVED,
        )  # fmt: skip


def test_from_nothing_to_the_newest_and_nothing_is_left_to_do(tmp_path):
    with new_database() as environment:
        database = Database(tmp_path, environment)
        database.manage("migrate", "--verbosity", "0")
        assert database.run("SELECT count(*) FROM market_candle") == [(0,)]
        database.manage("migrate", "--check")


def test_from_the_first_release_nothing_is_lost_and_every_digit_is_kept(moved_up):
    assets = moved_up.run("SELECT symbol, ticker, name FROM market_asset ORDER BY id")
    assert assets == [(f"COIN{n}", f"COIN{n}", "A coin") for n in range(len(DIGITS))]
    prices = moved_up.run("SELECT price, market_cap, rank FROM market_price ORDER BY asset_id")
    assert [(f"{Decimal(price):f}", f"{Decimal(cap):f}", rank) for price, cap, rank in prices] == [
        (digits, digits, 7) for digits in DIGITS
    ]
    points = moved_up.run(
        "SELECT asset_id, at, price, observed_ms FROM market_pricepoint ORDER BY asset_id"
    )
    at, observed_ms = int(BUCKET.timestamp()), int(OBSERVED.timestamp() * 1000)
    assert [(asset, second, f"{Decimal(price):f}", ms) for asset, second, price, ms in points] == [
        (number + 1, at, digits, observed_ms) for number, digits in enumerate(DIGITS)
    ]


def test_a_store_that_was_moved_up_takes_candles_and_keeps_their_law(moved_up):
    script = """
from datetime import UTC, datetime
from decimal import Decimal
from market.services.candles import record_candles, series_of
from providers.types import Candle
now = datetime(2026, 5, 4, tzinfo=UTC)
series = series_of("COIN0", "USDT", "1m")
for close in ("1", "2"):
    numbers = {name: Decimal(close) for name in ("open", "high", "low", "close", "volume")}
    print(record_candles(series, [Candle(symbol="COIN0", currency="USDT", interval="1m",
          opened_at=now, is_closed=True, source="kraken", **numbers)], now=now))
"""
    said = moved_up.manage("shell", "--verbosity", "0", "-c", script)
    assert "added=1" in said
    assert "corrected=1" in said
    rows = moved_up.run("SELECT close, state, revision FROM market_candle")
    assert [(str(close), state, revision) for close, state, revision in rows] == [("2", 2, 1)]
    kept = moved_up.run("SELECT close FROM market_correction")
    assert [str(close) for (close,) in kept] == ["1"]
