"""Putting one provider's candles of one series into the table, in their order of truth.

One statement decides it, so that two writers cannot interleave:

- an open candle gives way to what its own source says later, to any proof that it closed, and to
  another source's when it was not seen for two intervals;
- a closed one gives way to its own source only, and only when the values differ: a correction,
  counted here and kept by the table's trigger;
- nothing else changes anything.
"""

from collections.abc import Sequence

from django.db import connection
from django.db.backends.utils import CursorWrapper

# Open time, open, high, low, close, volume, state: 0 open, 1 closed.
Row = tuple[int, str, str, str, str, str, int]

# From so many on, copying into a table of their own costs less than one long statement.
COPY_FROM = 2000
# Stored later than now by more than this: a clock was set back, and "later" says nothing.
LEAD_SECONDS = 300
# An open candle that its source said nothing about for so many intervals is anybody's.
PATIENCE = 2
MOST_REVISIONS = 32767

_VALUES = ("open", "high", "low", "close", "volume")
_ROW = f"opened_at, {', '.join(_VALUES)}, state"
_HELD = ", ".join(f"held.{name}" for name in _VALUES)
_SAID = ", ".join(f"excluded.{name}" for name in _VALUES)
_IS_OTHER = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}
_INTO = f"INSERT INTO market_candle AS held (series_id, {_ROW}, revision, source_id, seen_at)"
_UPSERT = f"""
    ON CONFLICT (series_id, opened_at) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in _VALUES)},
        state = CASE WHEN held.state = 0 THEN excluded.state ELSE 2 END,
        revision = CASE
            WHEN held.state = 0 THEN 0
            WHEN held.revision < {MOST_REVISIONS} THEN held.revision + 1
            ELSE {MOST_REVISIONS}
        END,
        source_id = excluded.source_id,
        seen_at = excluded.seen_at
    WHERE CASE
        WHEN held.state = 0 AND excluded.state > 0 THEN true
        WHEN held.state > 0 AND excluded.state = 0 THEN false
        WHEN held.source_id <> excluded.source_id
            THEN held.state = 0 AND excluded.seen_at > held.seen_at + %(patience)d
        WHEN held.seen_at > excluded.seen_at
            AND held.seen_at <= excluded.seen_at + {LEAD_SECONDS} THEN false
        ELSE ({_HELD}) %(is_other)s ({_SAID})
            OR held.state = 0 AND held.seen_at <> excluded.seen_at
    END"""
_UNNESTED = (
    "unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[], %s::numeric[],"
    f" %s::numeric[], %s::smallint[]) AS said ({_ROW})"
)
_LINE = "%d\t%s\t%s\t%s\t%s\t%s\t%d\n"
_COPIED = """
    CREATE TEMPORARY TABLE IF NOT EXISTS market_said (
        opened_at bigint, open numeric, high numeric, low numeric, close numeric, volume numeric,
        state smallint
    ) ON COMMIT DELETE ROWS"""


def put_rows(
    series_id: int, source_id: int, rows: Sequence[Row], *, step: int, seen_at: int
) -> int:
    """Put rows, each open time once, into the table; return how many changed anything."""
    upsert = _UPSERT % {"patience": PATIENCE * step, "is_other": _IS_OTHER[connection.vendor]}
    constants = (series_id, source_id, seen_at)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            _put_one_by_one(cursor, rows, constants, upsert)
        elif len(rows) < COPY_FROM:
            cursor.execute(
                f"{_INTO} {_selected(constants)} {_UNNESTED} {upsert}",
                [list(column) for column in zip(*rows, strict=True)],
            )
        else:
            _copy(cursor, rows)
            cursor.execute(f"{_INTO} {_selected(constants)} market_said {upsert}")
        changed: int = cursor.rowcount
    return changed


def _selected(constants: tuple[int, int, int]) -> str:
    series_id, source_id, seen_at = constants
    return f"SELECT {series_id:d}, {_ROW}, 0, {source_id:d}, {seen_at:d} FROM"


def _put_one_by_one(
    cursor: CursorWrapper, rows: Sequence[Row], constants: tuple[int, int, int], upsert: str
) -> None:
    series_id, source_id, seen_at = constants
    values = f"VALUES ({series_id:d}, %s, %s, %s, %s, %s, %s, %s, 0, {source_id:d}, {seen_at:d})"
    cursor.executemany(f"{_INTO} {values} {upsert}", rows)


def _copy(cursor: CursorWrapper, rows: Sequence[Row]) -> None:
    cursor.execute(_COPIED)
    # The same transaction may have had another source.
    cursor.execute("TRUNCATE market_said")
    with cursor.copy(f"COPY market_said ({_ROW}) FROM STDIN") as copy:
        for start in range(0, len(rows), COPY_FROM):
            block = rows[start : start + COPY_FROM]
            # Numbers alone: nothing in them needs escaping.
            copy.write("".join([_LINE % row for row in block]))
