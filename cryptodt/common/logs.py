"""JSON log lines, each with the id of the request or task it belongs to."""

import contextlib
import json
import logging
import re
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from itertools import count

_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
# An id is to tell requests apart, not to be hard to guess; counting is quicker than drawing lots.
_PROCESS = uuid.uuid4().hex[:20]
_requests = count()
_trace: ContextVar[str] = ContextVar("trace", default="")

# Longer, a line is somebody's attempt to fill the disk.
LONGEST = 20_000

# Keys travel in headers and, at some upstreams, in query strings; neither may reach a log. What
# is matched here comes from strangers: every repetition is possessive, so none can be tried twice.
_QUERY = re.compile(r"(/)([^\s?\"'/]*+)\?[^\s\"']++")
_LOGIN = re.compile(r"(://)[^\s/@\"':]*+:[^\s/@\"']*+@")
_KEY = r"(?:bearer|api[-_]?key|token|secret|password)"
_SECRET = re.compile(rf"(?i)(?<![\w-])(?=[\w-]*?{_KEY})([\w-]++)([\"'=:\s]++)[^\s\"',&}}]++")
_NAME = re.compile(_KEY, re.IGNORECASE)


def scrub(text: str) -> str:
    """Return the text without query strings, logins in URLs, and anything that looks secret."""
    if len(text) > LONGEST:
        text = text[:LONGEST] + "..."
    text = _LOGIN.sub(r"\1***@", _QUERY.sub(r"\1\2?***", text))
    return _SECRET.sub(r"\1\2***", text)


def _scrubbed(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: "***" if _NAME.search(str(name)[:LONGEST]) else _scrubbed(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_scrubbed(inner) for inner in value]
    return value if isinstance(value, int | float | None) else scrub(str(value))


def request_id(given: str) -> str:
    """Return a request's id: the caller's own if it is a sane one, else a new one."""
    if given and _ID.fullmatch(given):
        return given
    return f"{_PROCESS}{next(_requests):012x}"


def trace_id() -> str:
    return _trace.get()


def begin_trace(trace: str) -> None:
    """Give every line that this thread logs from now on the same id, until the next one begins."""
    _trace.set(trace)


@contextlib.contextmanager
def traced(trace: str) -> Iterator[None]:
    """Give every line that is logged inside the block the same id."""
    token = _trace.set(trace)
    try:
        yield
    finally:
        _trace.reset(token)


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrub(record.getMessage()),
        }
        if trace := _trace.get():
            line["trace"] = trace
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line.update(_scrubbed(fields))  # type: ignore[call-overload]
        if record.exc_info:
            line["exception"] = scrub(self.formatException(record.exc_info))
        return json.dumps(line, default=str, ensure_ascii=False)
