"""The months of candles: partitions on PostgreSQL, made before they are needed."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection, transaction

from market.intervals import DAY

# Taken by whoever makes a month, so that two processes do not make the same one.
_LOCK = 0x63616E64


def ensure_months(opened: Iterable[int], *, now: datetime) -> None:
    """Make the partitions that these open times belong to, and the next month's ahead of time."""
    if connection.vendor != "postgresql":
        return
    current = _month_of(int(now.timestamp()))
    wanted = {_month_of(day * DAY) for day in {at // DAY for at in opened}}
    if current in wanted:
        wanted.add(current + 1)
    # Asked each time: what a process remembers of months is wrong after one was dropped or its
    # making was rolled back, and asking costs little.
    if lacking := wanted - _existing(wanted):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            # Another process may have made some while this one waited for the lock.
            for month in sorted(lacking - _existing(lacking)):
                _make(month)


def _existing(months: set[int]) -> set[int]:
    names = {_name(month): month for month in months}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = 'market_candle'::regclass AND relname = ANY(%s)",
            [list(names)],
        )
        return {names[name] for (name,) in cursor.fetchall()}


def _make(month: int) -> None:
    name, start, end = _name(month), _start(month), _start(month + 1)
    with connection.cursor() as cursor:
        # Attached when it is whole: CREATE TABLE ... PARTITION OF would lock out every reader.
        cursor.execute(f"CREATE TABLE {name} (LIKE market_candle INCLUDING ALL)")
        cursor.execute(
            f"ALTER TABLE market_candle ATTACH PARTITION {name}"
            f" FOR VALUES FROM ({start}) TO ({end})"
        )


def _month_of(second: int) -> int:
    """Return the month of a moment, counted from the year 0."""
    moment = datetime.fromtimestamp(second, UTC)
    return moment.year * 12 + moment.month - 1


def _start(month: int) -> int:
    return int(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp())


def _name(month: int) -> str:
    return f"market_candle_{month // 12:04}_{month % 12 + 1:02}"
