"""What a provider answers, before it is put on the wire."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.simulator.venue import View

Query = Mapping[str, str]

_DIGITS = 20

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
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


Answering = Callable[[View, str, Query], Answer]


class Refused(Exception):
    """A request the upstream would refuse, with the answer it would give."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, answer.body)
        self.answer = answer


def whole(text: str) -> int | None:
    """Read digits and nothing else; int() would also take signs, spaces and underscores."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None
