"""Protocol version 1 as text: what a client says -> what it wants, or a refusal. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from cryptodt.common.broadcast import Position
from cryptodt.common.errors import InvalidRequest

VERSION = 1
LARGEST_FRAME = 64 * 1024
MOST_SUBSCRIPTIONS = 250
# A client may say so much in one go, and so much in each second after that.
MESSAGES_AT_ONCE, MESSAGES_PER_SECOND = 200, 20
# What names more topics counts as more messages.
TOPICS_PER_MESSAGE = 2
LONGEST_THROTTLE = 60_000
MOST_FIELDS, LONGEST_FIELD = 40, 60
LONGEST_EPOCH = 64
LONGEST_ID = 100


class Allowance:
    """What a client may still say at this moment."""

    __slots__ = ("_counted_at", "_left")

    def __init__(self, now: float) -> None:
        self._left, self._counted_at = float(MESSAGES_AT_ONCE), now

    def covers(self, messages: float, now: float) -> bool:
        """Take so many messages from it, and say whether there were as many."""
        earned = (now - self._counted_at) * MESSAGES_PER_SECOND
        self._left = min(self._left + earned, MESSAGES_AT_ONCE) - messages
        self._counted_at = now
        return self._left >= 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """One topic as it was typed, and how it is to be told."""

    topic: object
    throttle_ms: int = 0
    fields: tuple[str, ...] = ()
    since: Position | None = None


def read(text: str | None) -> dict[str, Any]:
    if text is None or len(text) > LARGEST_FRAME:
        raise InvalidRequest(f"A message is a JSON text of at most {LARGEST_FRAME} bytes.")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidRequest("A message is JSON, and this is not.") from None
    if not isinstance(message, dict):
        raise InvalidRequest("A message is a JSON object.")
    return message


def is_version_one(message: Mapping[str, Any]) -> bool:
    return "topic" in message or "topics" in message


def wanted_in(message: Mapping[str, Any]) -> list[Wanted]:
    """Return the topics of a message. What stands beside them counts for all of them."""
    topics = message.get("topics", [message["topic"]] if "topic" in message else None)
    if not isinstance(topics, list) or not 0 < len(topics) <= MOST_SUBSCRIPTIONS:
        raise InvalidRequest(f"`topics` is a list of 1 to {MOST_SUBSCRIPTIONS} topics.")
    every = [_wanted(one if isinstance(one, dict) else {"topic": one}, message) for one in topics]
    # Named twice, it is wanted once.
    named = {one.topic: one for one in every if isinstance(one.topic, str)}
    return [one for one in every if not isinstance(one.topic, str) or named[one.topic] is one]


def id_of(message: Mapping[str, Any]) -> str | int | None:
    """Return what a client wants to know the answer by."""
    given = message.get("id")
    if isinstance(given, str) and len(given) <= LONGEST_ID:
        return given
    # orjson takes no number that it could not write again.
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def _wanted(one: Mapping[str, Any], message: Mapping[str, Any]) -> Wanted:
    both = {**message, **one}
    return Wanted(
        topic=one.get("topic"),
        throttle_ms=_throttle(both.get("throttle_ms")),
        fields=_fields(both.get("fields")),
        since=_since(both.get("from")),
    )


def _throttle(given: object) -> int:
    if given is None:
        return 0
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= LONGEST_THROTTLE:
        raise InvalidRequest(f"`throttle_ms` is a whole number from 0 to {LONGEST_THROTTLE}.")
    return given


def _fields(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    if (
        not isinstance(given, Sequence)
        or isinstance(given, str)
        or not 0 < len(given) <= MOST_FIELDS
        or not all(isinstance(one, str) and 0 < len(one) <= LONGEST_FIELD for one in given)
    ):
        raise InvalidRequest(f"`fields` is a list of 1 to {MOST_FIELDS} names.")
    return tuple(sorted(set(given)))


def _since(given: object) -> Position | None:
    if given is None:
        return None
    epoch, offset = (
        (given.get("epoch"), given.get("offset")) if isinstance(given, dict) else (0, 0)
    )
    if (
        not isinstance(epoch, str)
        or len(epoch) > LONGEST_EPOCH
        or not isinstance(offset, int)
        or isinstance(offset, bool)
        or not 0 <= offset < 2**63
    ):
        raise InvalidRequest("`from` is {epoch, offset}, as a message or an answer told them.")
    return Position(epoch, offset)
