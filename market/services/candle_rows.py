"""Putting one provider's candles of one series into the table, in their order of truth.

One statement decides it, so that two writers cannot interleave:

- an open candle gives way to what its own source says later, to any proof that it closed, and to
  another source's when it was not seen for two intervals;
- a closed one gives way to its own source only, and only when the values differ: a correction,
  counted here and kept by the table's trigger;
- nothing else changes anything.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter

from django.db import connection
from django.db.backends.utils import CursorWrapper

from cryptodt.common.money import spell
from providers.types import Candle

# What one source said, by open time in seconds and in that order.
Said = Mapping[int, Candle]

# From so many on, copying costs less than one long statement.
COPY_FROM = 2000
# Rows in one statement on SQLite: half the time of one by one, and more gain no more.
BLOCK = 50
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
_ALL = f"series_id, {_ROW}, revision, source_id, seen_at"
_INTO = f"INSERT INTO market_candle AS held ({_ALL})"
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
_COPIED = """
    CREATE TEMPORARY TABLE IF NOT EXISTS market_said (
        opened_at bigint, open numeric, high numeric, low numeric, close numeric, volume numeric,
        state smallint
    ) ON COMMIT DELETE ROWS"""
_numbers = attrgetter(*_VALUES)
_LINE = "%d\t%s\t%s\t%s\t%s\t%s\t%d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What all rows of one answer have in common."""

    series_id: int
    step: int
    source_id: int
    seen_at: int
    # Nothing is stored in their span yet, and whoever writes has locked the series.
    are_new: bool


def put_candles(said: Said, writing: Writing) -> int:
    """Put candles into the table; return how many changed anything."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return _put_blocks(cursor, said, writing)
        if len(said) < COPY_FROM:
            cursor.execute(
                f"{_INTO} {_selected(writing)} {_UNNESTED} {_upsert(writing)}", _columns(said)
            )
        elif writing.are_new:
            # Nothing can give way, so nothing has to be compared.
            constants = _constants(writing, between="\t")
            line = f"{writing.series_id:d}\t{_LINE}\t0\t{constants}\n"
            _copy(cursor, said, f"market_candle ({_ALL})", line)
        else:
            cursor.execute(_COPIED)
            # The same transaction may have had another source.
            cursor.execute("TRUNCATE market_said")
            _copy(cursor, said, f"market_said ({_ROW})", f"{_LINE}\n")
            cursor.execute(f"{_INTO} {_selected(writing)} market_said {_upsert(writing)}")
        changed: int = cursor.rowcount
    return changed


def _put_blocks(cursor: CursorWrapper, said: Said, writing: Writing) -> int:
    constants = _constants(writing, between=", ")
    values = f"({writing.series_id:d}, %s, %s, %s, %s, %s, %s, %s, 0, {constants})"
    blocks = list(_blocks(said))
    # The last block may be shorter, which makes it another statement.
    rest = len(said) % BLOCK
    changed = 0
    for size, part in ((BLOCK, blocks[:-1] if rest else blocks), (rest, blocks[-1:])):
        if size and part:
            statement = f"{_INTO} VALUES {', '.join([values] * size)} {_upsert(writing)}"
            cursor.executemany(statement, part)
            changed += cursor.rowcount
    return changed


def _blocks(said: Said) -> Iterator[list[str | int]]:
    """Yield the values of some rows at a time, one after the other.

    SQLite compares texts, so that a number needs its one spelling; PostgreSQL reads any.
    """
    items = iter(said.items())
    for _ in range(0, len(said), BLOCK):
        values: list[str | int] = []
        for at, one in islice(items, BLOCK):
            values += (
                at,
                spell(one.open),
                spell(one.high),
                spell(one.low),
                spell(one.close),
                spell(one.volume),
                int(one.is_closed),
            )
        yield values


def _columns(said: Said) -> list[list[str] | list[int]]:
    numbers = [[str(getattr(one, name)) for one in said.values()] for name in _VALUES]
    return [list(said), *numbers, [int(one.is_closed) for one in said.values()]]


def _copy(cursor: CursorWrapper, said: Said, into: str, line: str) -> None:
    items = iter(said.items())
    with cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for _ in range(0, len(said), COPY_FROM):
            # Spelled while the server reads what was sent before; numbers need no escaping.
            block = islice(items, COPY_FROM)
            copy.write("".join([line % (at, *_numbers(one), one.is_closed) for at, one in block]))


def _selected(writing: Writing) -> str:
    constants = _constants(writing, between=", ")
    return f"SELECT {writing.series_id:d}, {_ROW}, 0, {constants} FROM"


def _constants(writing: Writing, between: str) -> str:
    return f"{writing.source_id:d}{between}{writing.seen_at:d}"


def _upsert(writing: Writing) -> str:
    is_other = _IS_OTHER[connection.vendor]
    return _UPSERT % {"patience": PATIENCE * writing.step, "is_other": is_other}
