"""What callers used: counted in memory, and written down a little later by one thread."""

import atexit
import logging
import math
import threading
import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TypeAlias

from django.db import DatabaseError, IntegrityError, close_old_connections, transaction
from django.db.models import F

from accounts.models import ApiKey, Usage

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 2.0
DAY = 86400
EPOCH = date(1970, 1, 1)
TOO_MANY, BAD = 429, 400


@dataclass(slots=True)
class Tally:
    calls: int = 0
    spent: int = 0
    limited: int = 0
    failed: int = 0


# Days since the epoch, a person, a key, an endpoint; dates are made when a line is written down.
Line: TypeAlias = tuple[int, int, int | None, str]


class Call(NamedTuple):
    """One call of a known caller; `is_spent` if it counts against the day."""

    user_id: int
    key_id: int | None
    endpoint: str
    status: int
    address: str
    is_spent: bool


@dataclass(slots=True)
class Noted:
    """Equal calls of one second, counted up by the one thread that answers them."""

    call: Call
    second: int
    count: int = 1


# What was noted and not yet added up.
_waiting: deque[Noted] = deque()
_lines: dict[Line, Tally] = {}
_seen: dict[int, tuple[float, str]] = {}
_lock = threading.Lock()
_writer: threading.Thread | None = None


def note(call: Call, now: float) -> Noted:
    """Take note of one call, which is in the database some seconds later. Who answers the same
    call again in this second only counts it up in what is returned."""
    noted = Noted(call, int(now))
    _waiting.append(noted)
    if _writer is None or not _writer.is_alive():
        _start()
    return noted


def return_spent(call: Call, now: float) -> None:
    """Leave a call noted that turned out to cost nothing."""
    line = (int(now) // DAY, call.user_id, call.key_id, call.endpoint)
    with _lock:
        _lines.setdefault(line, Tally()).spent -= 1


def _add_up(before: float) -> None:
    """Turn what was noted before a moment into lines; called by whoever holds the lock."""
    for _ in range(len(_waiting)):
        noted = _waiting.popleft()
        if noted.second >= before:
            _waiting.append(noted)
            continue
        call, count = noted.call, noted.count
        line = (noted.second // DAY, call.user_id, call.key_id, call.endpoint)
        tally = _lines.setdefault(line, Tally())
        tally.spent += count * call.is_spent
        if call.status == TOO_MANY:
            tally.limited += count
        else:
            tally.calls += count
            tally.failed += count * (call.status >= BAD)
        if call.key_id is not None:
            _seen[call.key_id] = (noted.second, call.address)


def flush(before: float = math.inf) -> None:
    """Write down what was noted. What cannot be written is kept for the next time."""
    with _lock:
        _add_up(before)
        lines, seen = dict(_lines), dict(_seen)
        _lines.clear()
        _seen.clear()
    if not lines:
        return
    for line, tally in lines.items():
        try:
            _write(line, tally)
        except IntegrityError:
            # The key or the person is gone, and took the usage along.
            continue
        except DatabaseError:
            logger.exception("Usage could not be written down; it is tried again")
            _keep(line, tally)
    for key_id, (at, address) in seen.items():
        where = {"last_used_from": address} if address else {}
        last_used = datetime.fromtimestamp(at, UTC)
        ApiKey.objects.filter(pk=key_id).update(last_used_at=last_used, **where)


def _keep(line: Line, tally: Tally) -> None:
    with _lock:
        kept = _lines.setdefault(line, Tally())
        kept.calls += tally.calls
        kept.spent += tally.spent
        kept.limited += tally.limited
        kept.failed += tally.failed


@transaction.atomic
def _write(line: Line, tally: Tally) -> None:
    day, user_id, key_id, endpoint = line
    row = {
        "day": EPOCH + timedelta(days=day),
        "user_id": user_id,
        "key_id": key_id,
        "endpoint": endpoint,
    }
    Usage.objects.bulk_create([Usage(**row)], ignore_conflicts=True)
    Usage.objects.filter(**row).update(
        calls=F("calls") + tally.calls,
        spent=F("spent") + tally.spent,
        limited=F("limited") + tally.limited,
        failed=F("failed") + tally.failed,
    )


def _start() -> None:
    """Have somebody write, if nobody does."""
    global _writer
    with _lock:
        if _writer is None or not _writer.is_alive():
            _writer = threading.Thread(target=_write_on, name="usage", daemon=True)
            _writer.start()
            atexit.register(flush)


def _write_on() -> None:
    while True:
        time.sleep(FLUSH_SECONDS)
        try:
            # Calls of the second that goes on may still be counted up.
            flush(before=time.time() - 2)
        finally:
            close_old_connections()


def forget_all() -> None:
    with _lock:
        _waiting.clear()
        _lines.clear()
        _seen.clear()
