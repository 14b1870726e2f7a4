"""Answers about candles: finished bytes, kept for each question while its series stays as it is."""

import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2s

from cryptodt.common import broadcast
from market.candle_bodies import FORMS, Hole, Kept, Moment, Rows, at, explained
from market.candle_query import CandleQuery
from market.candle_snapshot import TOPIC, Bar, name_of, version_of
from market.coverage import Stretch, claimed, is_live
from market.gaps import missing
from market.models import Gap
from market.selectors import candles
from market.selectors.candles import Page
from market.selectors.series import is_kept
from market.shelf import Shelf

# In each process; a thousand candles take 150 kB.
MOST_BYTES = 16 * 1024 * 1024
FOREVER = 2**53

# Envelopes that hold the same rows share them.
_Key = tuple[CandleQuery, Rows]
KEPT: Shelf[_Key, Kept] = Shelf(most=MOST_BYTES)
# One cold answer is built by one thread; other questions seldom share its lock.
_building = [threading.Lock() for _ in range(64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is sent, and what its headers say."""

    body: bytes
    etag: str
    sources: Sequence[str]
    next: str | None
    complete: bool
    stale: bool
    # Collected anyway; any other series only as long as somebody asks for it.
    is_tracked: bool


def candle_answer(query: CandleQuery, form: str) -> Answer | None:
    """Return the answer in one of its forms, or None when the series holds nothing at all.

    A warm one runs no query: its bytes are kept as long as the series has the same version.
    """
    rows, envelope = FORMS[form]
    # First: what is told after this place is repeated to whoever goes on from there.
    stream = _stream(query)
    kept = _warm((query, rows)) or _cold((query, rows))
    if kept is None:
        return None
    moment = at(kept, _now_ms(), stream)
    return Answer(
        body=envelope(kept, moment),
        etag=f'W/"{kept.tag}-{form}-{_told(moment, kept)}"',
        sources=kept.sources,
        next=kept.next,
        complete=not moment.holes,
        stale=moment.stale,
        is_tracked=kept.is_tracked,
    )


def latest_rows(query: CandleQuery) -> tuple[bytes, bool]:
    """Return the candles as a JSON array, for the live feed, and whether they are collected
    anyway; nothing where the series holds nothing."""
    rows, _ = FORMS["engine"]
    kept = _warm((query, rows)) or _cold((query, rows))
    return (b"", False) if kept is None else (kept.rows, kept.is_tracked)


def _stream(query: CandleQuery) -> dict[str, object]:
    """Return from where the live feed carries on with these candles."""
    name = name_of(query.symbol, query.currency, query.interval)
    position = broadcast.position(f"{TOPIC}:{name}")
    return {"topic": f"{TOPIC}:{query.pair}:{query.interval}", **asdict(position)}


def _warm(key: _Key) -> Kept | None:
    kept = KEPT.get(key)
    return kept if kept is not None and kept.version == _version(key[0]) else None


def _cold(key: _Key) -> Kept | None:
    """Build the answer, once: whoever asks for the same meanwhile waits for it."""
    query, rows = key
    with _building[hash(key) % len(_building)]:
        kept = _warm(key)
        if kept is not None:
            return kept
        # The version first: rows that are newer than it are only read once more than needed.
        version = _version(query)
        kept = _built(query, version, rows)
        if kept is not None:
            KEPT.put(key, kept, size=kept.size)
        return kept


def _built(query: CandleQuery, version: int, rows: Rows) -> Kept | None:
    page = _page(query)
    bars, head = page.bars, page.head
    if head is None:
        return None
    opened = sorted(bar.opened_at for bar in bars)
    stretch = Stretch(
        opened=opened,
        has_more=page.next is not None,
        since=query.since,
        until=query.until,
        after=query.after,
        forward=query.walks_forward,
        closed_only=query.closed_only,
    )
    low, high = claimed(stretch, head.extent)
    live = is_live(stretch, head.extent)
    ledger = candles.gaps_in(head.series, low, FOREVER if live else high)
    seen_at = max((bar.seen_at for bar in bars), default=head.seen_at)
    return Kept(
        query=query,
        version=version,
        rows=rows(bars),
        count=len(bars),
        sources=sorted({bar.source for bar in bars}),
        attempted=_attempted(bars, ledger),
        holes=_holes(opened, low, high, ledger, query.interval),
        next=None if page.next is None else query.cursor(page.next),
        # A closed candle is not seen again; that the series is up to date shows in its newest.
        seen_at=head.seen_at if live else seen_at,
        extent=head.extent,
        is_live=live,
        overdue=explained((head.extent.end, FOREVER), ledger) if live else (),
        is_tracked=is_kept(query.symbol, query.currency, query.interval),
        tag=_tag(query, version),
    )


def _page(query: CandleQuery) -> Page:
    """Return the page with its candles in the order asked for."""
    found = candles.page(
        query.symbol,
        query.currency,
        query.interval,
        since=query.since,
        until=query.until,
        limit=query.limit,
        newest_first=not query.walks_forward,
        closed_only=query.closed_only,
        after=query.after,
    )
    turned = not query.walks_forward and not query.newest_first
    return replace(found, bars=found.bars[::-1]) if turned else found


def _holes(
    opened: Sequence[int], low: int, high: int, ledger: Sequence[Gap], interval: str
) -> list[Hole]:
    spans = missing(opened, low, high, interval)
    return [hole for span in spans for hole in explained(span, ledger)]


def _attempted(bars: Sequence[Bar], ledger: Sequence[Gap]) -> list[str]:
    """Return who was asked for these candles: those that gave them, and those that could not."""
    return sorted({bar.source for bar in bars} | {name for gap in ledger for name in gap.said})


def _version(query: CandleQuery) -> int:
    return version_of(name_of(query.symbol, query.currency, query.interval))


def _tag(query: CandleQuery, version: int) -> str:
    return blake2s(repr((query, version)).encode(), digest_size=12).hexdigest()


def _told(moment: Moment, kept: Kept) -> str:
    """Return what the clock changes in an answer beside its age."""
    overdue = moment.holes[-1].end if len(moment.holes) > len(kept.holes) else 0
    return f"{moment.stale:d}-{overdue}"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
