"""The dialects of clients that are older than the protocol: one table, used at the edge alone.

What they send is translated into topics, and what they are told into the shapes they listen for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from cryptodt.common.broadcast import now_ms
from cryptodt.common.errors import InvalidRequest
from cryptodt.frames import Told, ending

# What their channels carry here. A channel whose topic is not offered is refused by name.
CHANNELS: Mapping[str, str] = {
    "market_data": "prices",
    "sentiment": "sentiment",
    "news": "news",
    "trading_signals": "signals",
}
CHANNEL = "market_data"
PRICES, NO_TOPIC = "prices", ""
# What stands before the dot where channels are written with one.
ROOMS: Mapping[str, str] = {"market": PRICES, **CHANNELS}
MOST_NAMED = 250

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that is asked for: under which channel, and which symbols of it if any."""

    channel: str
    topic: str
    symbols: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class OldVoice:
    """How a dialect tells of prices: all that changed at once, or one asset after the other."""

    update_type: str
    channel: str
    # As the subscription called it: `channel` or `service`.
    word: str = "channel"
    only: frozenset[str] | None = None
    is_single: bool = False

    def update(self, told: Told) -> bytes | None:
        return self._said(told, is_snapshot=False)

    def snapshot(self, told: Told) -> bytes | None:
        return self._said(told, is_snapshot=True)

    def stale(self, topic: str, offset: int, silent_seconds: int) -> bytes | None:
        return None

    def _said(self, told: Told, *, is_snapshot: bool) -> bytes | None:
        items = told.texts()
        if self.only is not None:
            items = {name: text for name, text in items.items() if name in self.only}
        if not items and not is_snapshot:
            return None
        parts: dict[str, Any] = {
            "type": self.update_type,
            self.word: self.channel,
            "snapshot": is_snapshot,
            "timestamp": now_ms(),
        }
        if self.is_single:
            return self._single(parts, items)
        found = [orjson.Fragment(item) for item in items.values()]
        return _object({**parts, "channel": self.channel, "data": found})

    def _single(self, parts: dict[str, Any], items: Mapping[str, str]) -> bytes | None:
        for name, text in items.items():
            shape = orjson.loads(text)
            price = shape.get("priceExact")
            told = None if price is None else orjson.Fragment(price)
            data = orjson.Fragment(text)
            return _object({**parts, "symbol": name, "price": told, "data": data})
        return None


def _object(parts: Mapping[str, Any]) -> bytes:
    return orjson.dumps(parts)[:-1] + ending()


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to subscribe: the word that gives it away, and how it is told."""

    name: str
    # The field that only this dialect has, and under which it names what it wants.
    field: str
    update_type: str
    hear: Callable[[Any, Message], Sequence[Heard]]
    word: str = "channel"
    is_single: bool = False

    def voice(self, heard: Heard) -> OldVoice:
        only = None if heard.symbols is None else frozenset(heard.symbols)
        is_single = self.is_single and ":" in heard.topic
        return OldVoice(self.update_type, heard.channel, self.word, only, is_single)


def _channel(value: Any, message: Message) -> Sequence[Heard]:
    channel = CHANNEL if value is None else value
    if not isinstance(channel, str) or channel not in CHANNELS:
        raise InvalidRequest(f"`channel` must be one of {', '.join(CHANNELS)}.")
    return [Heard(channel, CHANNELS[channel], _symbols(message))]


def _services(value: Any, message: Message) -> Sequence[Heard]:
    return [one for word in _words(value, "services") for one in _channel(word, message)]


def _symbol(value: Any, message: Message) -> Sequence[Heard]:
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest("`symbol` is a text such as BTC.")
    return [Heard(CHANNEL, f"prices:{value.strip()}")]


def _dotted(value: Any, message: Message) -> Sequence[Heard]:
    """Read `market.BTC` and `news.crypto`. Any other word is no channel: each would be another
    copy of the same."""
    found = []
    for word in _words(value, "channels"):
        room, _, name = word.partition(".")
        topic = ROOMS.get(room, NO_TOPIC)
        found.append(Heard(word, f"{topic}:{name}" if topic == PRICES and name else topic))
    return found


def _symbols(message: Message) -> tuple[str, ...] | None:
    typed = message.get("symbols")
    if typed is None:
        return None
    if not isinstance(typed, list) or not all(isinstance(word, str) for word in typed):
        raise InvalidRequest("`symbols` is a list of texts.")
    return tuple(typed)


def _words(value: Any, name: str) -> list[str]:
    if (
        not isinstance(value, list)
        or not 0 < len(value) <= MOST_NAMED
        or not all(isinstance(word, str) for word in value)
    ):
        raise InvalidRequest(f"`{name}` is a list of 1 to {MOST_NAMED} texts.")
    return value


# The first whose field is there is meant; the last one is meant when none is.
DIALECTS = (
    Dialect("services", "services", "market_update", _services),
    Dialect("service", "service", "market_update", _channel, word="service"),
    Dialect("channels", "channels", "update", _dotted, is_single=True),
    Dialect("symbol", "symbol", "price_update", _symbol, is_single=True),
    Dialect("channel", "channel", "market_update", _channel),
)


def dialect_of(message: Message) -> Dialect:
    return next((one for one in DIALECTS if one.field in message), DIALECTS[-1])


def joined(voice: OldVoice, more: OldVoice) -> OldVoice:
    """Return a voice that tells of what both tell."""
    if voice.only is None or more.only is None:
        return replace(voice, only=None)
    return replace(voice, only=voice.only | more.only)


def without(voice: OldVoice, symbols: Sequence[str] | None) -> OldVoice | None:
    """Return a voice that does not tell of these any more; None when nothing is left."""
    if symbols is None or voice.only is None:
        return None
    rest = voice.only - set(symbols)
    return replace(voice, only=rest) if rest else None
