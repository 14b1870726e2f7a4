"""What a topic was told, and the bytes of it: written once for all who want the same. Pure."""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from django.conf import settings

from cryptodt.common.broadcast import Position, now_ms

# What says of whom an object speaks is always in it.
IDENTITY = ("symbol", "timestamp")
TEXT_FRAME = 0x81
SMALL, MEDIUM = 126, 1 << 16
# What is sent later than this says anew how old it is.
LATE_MS = 1000
# What a message costs in memory beside its texts.
OVERHEAD = 600


Place = tuple[str, Position]
# An item and the moment in which it is sent -> the same with its age of that moment.
Age = Callable[[str, int], str]


class Written:
    """A message as bytes: the whole frame of a socket, which is the same for every client.

    `place` is where a client is that has it: a topic and a position in it.
    """

    __slots__ = ("_text", "frame", "place", "start")

    def __init__(self, text: bytes, place: "Place | None" = None) -> None:
        self.place = place
        head = _head(len(text))
        self.frame = head + text
        self.start = len(head)
        self._text: str | None = None

    @property
    def payload(self) -> bytes:
        return self.frame[self.start :]

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = self.payload.decode()
        return self._text


def _head(size: int) -> bytes:
    """Return what a server writes before a text: no mask, no compression, one piece."""
    if size < SMALL:
        return bytes((TEXT_FRAME, size))
    if size < MEDIUM:
        return struct.pack("!BBH", TEXT_FRAME, 126, size)
    return struct.pack("!BBQ", TEXT_FRAME, 127, size)


class Told:
    """One message of one topic. `skipped` messages came before it that this one replaces."""

    __slots__ = (
        "_second",
        "_written",
        "age",
        "at_ms",
        "epoch",
        "items",
        "offset",
        "skipped",
        "told_ms",
        "topic",
    )

    def __init__(  # noqa: PLR0913 the parts of a message
        self,
        *,
        topic: str,
        epoch: str,
        offset: int,
        at_ms: int | None,
        items: Mapping[str, str],
        told_ms: int = 0,
        skipped: int = 0,
        age: Age | None = None,
    ) -> None:
        self.topic = topic
        self.epoch = epoch
        self.offset = offset
        self.at_ms = at_ms
        self.items = items
        self.told_ms = told_ms
        self.skipped = skipped
        # Where items say how old they are: how that is said later.
        self.age = age
        self._written: Written | None = None
        self._second = 0

    def written(self, voice: "Voice") -> Written | None:
        """Return the message as a voice says it; None when it has nothing to say.

        Only what most ask for is kept: anybody may ask for a voice of his own, and each would
        stay as long as the message.
        """
        if voice != PLAIN:
            return self._say(voice)
        second = now_ms() // 1000 if self.age is not None else 0
        if self._written is None or self._second != second:
            self._written, self._second = self._say(voice), second
        return self._written

    def _say(self, voice: "Voice") -> Written | None:
        text = voice.update(self)
        return None if text is None else Written(text, (self.topic, self.place))

    @property
    def place(self) -> Position:
        return Position(self.epoch, self.offset)

    @property
    def size(self) -> int:
        """Return about how many bytes it takes to keep this, once it is written."""
        return OVERHEAD + 2 * sum(map(len, self.items.values()))

    def texts(self) -> Mapping[str, str]:
        """Return the items as they are at this moment: what was late is older than it was."""
        sent_ms = now_ms()
        if (
            self.age is None
            or self.at_ms is None
            or (not self.skipped and sent_ms - self.at_ms < LATE_MS)
        ):
            return self.items
        return {name: self.age(text, sent_ms) for name, text in self.items.items()}

    def replaced_by(self, newer: "Told") -> "Told":
        """Return one message that says what both say: of each item, the latest."""
        return Told(
            topic=self.topic,
            epoch=newer.epoch,
            offset=newer.offset,
            at_ms=newer.at_ms,
            items={**self.items, **newer.items},
            told_ms=newer.told_ms,
            skipped=self.skipped + newer.skipped + 1,
            age=newer.age,
        )

    def data(self, fields: Sequence[str] = ()) -> bytes:
        """Return the items as a JSON array; of each only these fields, when some are named."""
        texts = self.texts().values()
        found = ",".join(text[1:-1] if text[0] == "[" else text for text in texts)
        array = f"[{found}]"
        return _only(array, fields) if fields else array.encode()


class Voice(Protocol):
    """How somebody wants to be told. Equal voices say the same, so it is written once."""

    def __hash__(self) -> int: ...

    def update(self, told: Told) -> bytes | None: ...

    def snapshot(self, told: Told) -> bytes | None: ...

    def stale(self, topic: str, offset: int, silent_seconds: int) -> bytes | None: ...


@dataclass(frozen=True, slots=True)
class Plain:
    """Protocol version 1."""

    fields: tuple[str, ...] = ()

    def update(self, told: Told) -> bytes:
        skipped = b'"skipped":%d,' % told.skipped if told.skipped else b""
        return b'{"type":"update",%b%b' % (skipped, self._rest(told))

    def snapshot(self, told: Told) -> bytes:
        epoch = orjson.dumps(told.epoch)
        return b'{"type":"snapshot","snapshot":true,"epoch":%b,%b' % (epoch, self._rest(told))

    def stale(self, topic: str, offset: int, silent_seconds: int) -> bytes:
        told = {"type": "stale", "topic": topic, "offset": offset, "silent": silent_seconds}
        return message(**told, sent=now_ms())

    def _rest(self, told: Told) -> bytes:
        return b'"topic":%b,"offset":%d,"ts":%b,"sent":%d,"data":%b%b' % (
            orjson.dumps(told.topic),
            told.offset,
            b"null" if told.at_ms is None else b"%d" % told.at_ms,
            now_ms(),
            told.data(self.fields),
            ending(),
        )


# What most clients ask for.
PLAIN = Plain()


def message(**parts: Any) -> bytes:
    """Return a JSON object, marked when the market is simulated."""
    return orjson.dumps(parts)[:-1] + ending()


def ending() -> bytes:
    return b',"simulated":true}' if settings.SIMULATED else b"}"


def _only(array: str, fields: Sequence[str]) -> bytes:
    # Numbers are carried over as they are spelled: a float would drop digits.
    found = json.loads(array, parse_float=orjson.Fragment, parse_int=orjson.Fragment)
    kept = {*IDENTITY, *fields}
    return orjson.dumps([{k: v for k, v in one.items() if k in kept} for one in found])
