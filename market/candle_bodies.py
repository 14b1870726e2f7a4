"""The envelopes around candles: the data engine's, the service's, and a table for spreadsheets.

What does not change with the clock is built once; ages and what is overdue are told on reading.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from django.conf import settings

from market.candle_query import CandleQuery
from market.candle_snapshot import STATES, Bar, public_bar
from market.coverage import Extent, candles_in
from market.gaps import Span
from market.models import Gap
from market.snapshot import AHEAD_MS, iso

COLUMNS = "timestamp_ms,open,high,low,close,volume,state,revision,source"
# A cell that begins with another character may be a formula to a spreadsheet.
_CELL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hole:
    """Candles that should be in the answer and are not, and why."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one question about candles is answered with, but for what the clock says."""

    query: CandleQuery
    version: int
    # The candles as a JSON array, or as a table.
    rows: bytes
    count: int
    sources: Sequence[str]
    attempted: Sequence[str]
    holes: Sequence[Hole]
    next: str | None
    # When the newest of it was last seen at an upstream, in seconds.
    seen_at: int
    extent: Extent
    is_live: bool
    # Why candles are missing that should have opened since, where that is known.
    overdue: Sequence[Hole]
    is_tracked: bool
    tag: str

    @property
    def size(self) -> int:
        # An object and its parts take about so much beside the candles themselves.
        return len(self.rows) + 2000 + 250 * len(self.holes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the clock adds to an answer."""

    now_ms: int
    age: int
    stale: bool
    holes: Sequence[Hole]
    # From where the live feed carries on.
    stream: Mapping[str, object]


Rows = Callable[[Iterable[Bar]], bytes]
Envelope = Callable[[Kept, Moment], bytes]


def at(kept: Kept, now_ms: int, stream: Mapping[str, object]) -> Moment:
    """Return what there is to say of an answer at this moment."""
    age_ms = now_ms - kept.seen_at * 1000
    too_old = age_ms // 1000 > settings.CACHE_TTL_OHLCV or age_ms < -AHEAD_MS
    return Moment(
        now_ms=now_ms,
        age=max(0, age_ms // 1000),
        stale=kept.is_live and too_old,
        holes=[*kept.holes, *_overdue(kept, now_ms // 1000)],
        stream=stream,
    )


def engine_body(kept: Kept, moment: Moment) -> bytes:
    """Return the answer in the shape of the data engine."""
    query = kept.query
    return b'{"success":true,"data":%b,%b}' % (
        kept.rows,
        _members(
            {
                "symbol": query.pair,
                "interval": query.interval,
                "timeframe": query.interval,
                "count": kept.count,
                "source": "+".join(kept.sources),
                "complete": not moment.holes,
                "meta": {"gaps": _public(moment.holes, query.interval), "next": kept.next},
                **_freshness(kept, moment),
                "stream": moment.stream,
                "timestamp": moment.now_ms,
                **_market(),
            }
        ),
    )


def service_body(kept: Kept, moment: Moment) -> bytes:
    """Return the same answer in the envelope of the services."""
    query = kept.query
    meta = {
        "source": "+".join(kept.sources),
        "generated_at": iso(datetime.fromtimestamp(moment.now_ms / 1000, UTC)),
        "cache_ttl_seconds": settings.CACHE_TTL_OHLCV,
        "attempted": list(kept.attempted),
        "symbol": query.pair,
        "interval": query.interval,
        "count": kept.count,
        "complete": not moment.holes,
        "gaps": _public(moment.holes, query.interval),
        "next": kept.next,
        **_freshness(kept, moment),
        "stream": moment.stream,
    }
    return b'{"data":%b,%b}' % (kept.rows, _members({"meta": meta, **_market()}))


def table_body(kept: Kept, _: Moment) -> bytes:
    """Return the table as it is; headers say what there is to say of it as a whole."""
    return kept.rows


def json_rows(bars: Iterable[Bar]) -> bytes:
    return b"[%b]" % b",".join(map(public_bar, bars))


def csv_rows(bars: Iterable[Bar]) -> bytes:
    """Return a table with every digit; a provider's name can hold nothing that calculates."""
    lines = [
        f"{bar.opened_at}000,{bar.open},{bar.high},{bar.low},{bar.close},{bar.volume},"
        f"{STATES[bar.state].decode()},{bar.revision},{_cell(bar.source)}"
        for bar in bars
    ]
    return "\r\n".join([COLUMNS, *lines, ""]).encode()


# How the candles of a form are written, and what is put around them.
FORMS: Mapping[str, tuple[Rows, Envelope]] = {
    "engine": (json_rows, engine_body),
    "service": (json_rows, service_body),
    "csv": (csv_rows, table_body),
}


def explained(span: Span, ledger: Iterable[Gap]) -> list[Hole]:
    """Return a span's holes with their reasons, as the ledger has them."""
    at, end = span
    holes = []
    for gap in sorted(ledger, key=lambda gap: gap.start):
        start, stop = max(at, gap.start), min(end, gap.end)
        if start >= stop:
            continue
        if start > at:
            holes.append(Hole(at, start, Gap.Reason.NOT_COLLECTED.value))
        holes.append(Hole(start, stop, gap.reason))
        at = stop
    return [*holes, Hole(at, end, Gap.Reason.NOT_COLLECTED.value)] if at < end else holes


def _overdue(kept: Kept, now: int) -> list[Hole]:
    """Return the candles that should have opened after the newest; the clock knows which."""
    query = kept.query
    behind = kept.extent.behind(now, since=query.since, until=query.until)
    if behind is None or not kept.is_live:
        return []
    start, end = behind
    return [
        Hole(max(hole.start, start), min(hole.end, end), hole.reason)
        for hole in kept.overdue
        if hole.start < end and hole.end > start
    ]


def _cell(text: str) -> str:
    found = _CELL.search(text)
    return found[0] if found else ""


def _public(holes: Iterable[Hole], interval: str) -> list[dict[str, object]]:
    return [
        {
            "from": hole.start * 1000,
            "to": hole.end * 1000,
            "reason": hole.reason,
            "missing": candles_in(hole.start, hole.end, interval),
        }
        for hole in holes
    ]


def _freshness(kept: Kept, moment: Moment) -> dict[str, object]:
    seen = datetime.fromtimestamp(kept.seen_at, UTC)
    return {"lastUpdate": iso(seen), "age": moment.age, "stale": moment.stale}


def _market() -> dict[str, bool]:
    return {"simulated": True} if settings.SIMULATED else {}


def _members(shape: dict[str, object]) -> bytes:
    return orjson.dumps(shape)[1:-1]
