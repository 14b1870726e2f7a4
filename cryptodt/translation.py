"""What older clients ask for, done in today's topics and answered in their own words."""

from collections.abc import Mapping, Sequence
from typing import Any

from cryptodt import dialects
from cryptodt.common.errors import Refusal
from cryptodt.dialects import Dialect, Heard, OldVoice
from cryptodt.door import in_thread
from cryptodt.topics import Topic, UnknownTopic, topic_of
from cryptodt.visit import Visit, heard_all
from market.resolver import symbols_of
from market.selectors.assets import index

Message = Mapping[str, Any]
Offered = list[tuple[Heard, Topic]]


async def subscribe(visit: Visit, message: Message) -> None:
    """Add to what is told already; a snapshot of what is new comes first."""
    dialect, found, missing = await _understood(message)
    await heard_all()
    wanted = []
    for heard, topic in found:
        voice, name = dialect.voice(heard), (dialect.name, heard.channel)
        held = _held(visit, name)
        both = voice if held is None else dialects.joined(held, voice)
        wanted.append((topic, both, voice, name))
    # Before anything is promised: all of it is told in one answer.
    visit.make_sure_of_room(name for *_, name in wanted)
    await visit.admit([(topic, both, None) for topic, both, _, _ in wanted])
    visit.say(**_reply("subscribed", dialect, found, missing))
    for topic, both, voice, name in wanted:
        if await visit.client.room():
            is_behind = _is_behind(visit, name)
            joined = visit.join(topic, both, name=name)
            try:
                await visit.show(joined, both if is_behind else voice)
            except Refusal:
                # It is told of an error, and would wait for ever for what never comes.
                visit.part(name)
                raise


async def unsubscribe(visit: Visit, message: Message) -> None:
    dialect, found, missing = await _understood(message)
    for heard, topic in found:
        name = (dialect.name, heard.channel)
        held = _held(visit, name)
        rest = None if held is None else dialects.without(held, heard.symbols)
        if rest is None:
            visit.part(name)
        elif _is_behind(visit, name):
            await visit.show(visit.join(topic, rest, name=name))
        else:
            visit.client.release(visit.join(topic, rest, name=name))
    visit.say(**_reply("unsubscribed", dialect, found, missing))


async def _understood(message: Message) -> tuple[Dialect, Offered, list[str]]:
    dialect = dialects.dialect_of(message)
    asked = dialect.hear(message.get(dialect.field), message)
    found, missing = await in_thread(lambda: _offered(asked))
    return dialect, found, missing


def _offered(asked: Sequence[Heard]) -> tuple[Offered, list[str]]:
    """Return what is offered of that, and the channels that are not. Refuses when none is."""
    found: Offered = []
    missing: list[str] = []
    for heard in asked:
        try:
            topic = topic_of(heard.topic)
        except UnknownTopic:
            missing.append(heard.channel)
        else:
            found.append((_spelled(heard, topic), topic))
    if not found:
        details = {"unavailable": missing}
        raise UnknownTopic(f"Not offered here: {', '.join(missing)[:200]}.", details=details)
    return found, missing


def _spelled(heard: Heard, topic: Topic) -> Heard:
    """Return the symbols as they are spelled here; without any, all that are tracked."""
    if topic.symbol is not None:
        return Heard(heard.channel, heard.topic, (topic.symbol,))
    known = index()
    symbols = known.tracked
    if heard.symbols is not None:
        symbols = symbols_of(",".join(heard.symbols), known, among=known.tracked)
    return Heard(heard.channel, heard.topic, tuple(symbols))


def _held(visit: Visit, name: tuple[str, str]) -> OldVoice | None:
    known = visit.client.subscriptions.get(name)
    return known.voice if known is not None and isinstance(known.voice, OldVoice) else None


def _is_behind(visit: Visit, name: tuple[str, str]) -> bool:
    """Say whether something is still to be told there, that would go with what is replaced."""
    known = visit.client.subscriptions.get(name)
    return known is not None and (known.held is not None or known.owed is not None)


def _reply(kind: str, dialect: Dialect, found: Offered, missing: Sequence[str]) -> dict[str, Any]:
    channels = [heard.channel for heard, _ in found]
    symbols = dict.fromkeys(one for heard, _ in found for one in heard.symbols or ())
    parts: dict[str, Any] = {"type": kind, "channel": channels[0], "symbols": list(symbols)}
    if dialect.field in ("services", "channels"):
        parts[dialect.field] = channels
    elif dialect.field == "service":
        parts["service"] = channels[0]
    return {**parts, "unavailable": list(missing)} if missing else parts
