"""What a provider answers, before it is put on the wire."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from providers.simulator.venue import View

Query = Mapping[str, str]

_DIGITS = 20
# A Decimal goes through the encoder as a text between marks, and loses its quotes after it.
_MARK = "\0"
_MARKED = re.compile(r'"\\u0000([-.0-9]+)\\u0000"')

JSON = {"Content-Type": "application/json; charset=utf-8"}
HTML = {"Content-Type": "text/html; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body: text is sent as it is, anything else as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)

    def encoded(self) -> bytes:
        if isinstance(self.body, str):
            return self.body.encode()
        text = json.dumps(
            self.body, separators=(",", ":"), ensure_ascii=False, default=_every_digit
        )
        return _MARKED.sub(r"\1", text).encode()


def _every_digit(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"no JSON for a {type(value).__name__}")
    return f"{_MARK}{value:f}{_MARK}"


Answering = Callable[[View, str, Query], Answer]


class Refused(Exception):
    """A request the upstream would refuse, with the answer it would give."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, answer.body)
        self.answer = answer


def whole(text: str) -> int | None:
    """Read digits and nothing else; int() would also take signs, spaces and underscores."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
