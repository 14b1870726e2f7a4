"""Months on PostgreSQL: there before they are needed, made once, whoever makes them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection, connections, transaction

from market.models import Candle
from market.services import partitions
from market.tests.candles import candle, given_series, record

NOW = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
only_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has no partitions and needs none"
)


def second(year, month, day=1, hour=0):
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp())


def months():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = 'market_candle'::regclass ORDER BY 1"
        )
        return [name.removeprefix("market_candle_") for (name,) in cursor.fetchall()]


@pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL has partitions")
@pytest.mark.django_db
def test_other_engines_are_not_even_asked(django_assert_num_queries):
    with django_assert_num_queries(0):
        partitions.ensure_months([second(2020, 2)], now=NOW)


@only_postgresql
@pytest.mark.django_db
def test_the_months_of_a_batch_are_made_and_the_next_one_ahead_of_time():
    before = months()
    opened = [second(2019, 2, 28, 23), second(2019, 3, 1), second(2026, 12, 1)]
    partitions.ensure_months(opened, now=NOW)
    made = [month for month in months() if month not in before]
    assert made == ["2019_02", "2019_03", "2026_12", "2027_01"]


@only_postgresql
@pytest.mark.django_db
def test_old_months_alone_make_no_new_one():
    before = months()
    partitions.ensure_months([second(2018, 1, 1)], now=NOW)
    assert [month for month in months() if month not in before] == ["2018_01"]


@only_postgresql
@pytest.mark.django_db
def test_every_second_of_a_year_has_its_month():
    partitions.ensure_months(range(second(2028, 1, 1), second(2029, 1, 1), 86400), now=NOW)
    series = given_series()
    for moment in (second(2028, 1), second(2028, 2, 29, 23), second(2029, 1) - 1):
        Candle.objects.create(
            series=series, opened_at=moment, open=1, high=1, low=1, close=1, volume=1,
            state=1, source_id=1, seen_at=0,
        )  # fmt: skip
    assert Candle.objects.count() == 3


@only_postgresql
@pytest.mark.django_db
def test_a_month_that_somebody_dropped_is_made_again():
    series = given_series()
    record(series, candle(series))
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE market_candle_2026_05")
    assert record(series, candle(series), later=60).added == 1


@only_postgresql
@pytest.mark.django_db
def test_the_law_of_candles_holds_in_a_new_month():
    series = given_series()
    record(series, candle(series, close="1"))
    assert record(series, candle(series, close="2"), later=60).corrected == 1


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_two_processes_make_the_same_months_at_once_and_wait_for_no_reader():
    opened = [second(2017, month) for month in range(1, 13)]
    begin = threading.Barrier(3)

    def make():
        begin.wait(10)
        try:
            partitions.ensure_months(opened, now=NOW)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool, transaction.atomic():
        # A reader in the middle of its transaction, from before the first month to after the last.
        assert not Candle.objects.exists()
        for made in [pool.submit(make) for _ in range(3)]:
            made.result(30)
    try:
        assert [month for month in months() if month.startswith("2017")] == [
            f"2017_{month:02}" for month in range(1, 13)
        ]
    finally:
        with connection.cursor() as cursor:
            for month in range(1, 13):
                cursor.execute(f"DROP TABLE market_candle_2017_{month:02}")
