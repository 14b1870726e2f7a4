"""A feed without a network: a hub, clients that take things or do not, and what they were told."""

import orjson

from cryptodt.client import Client, Subscription
from cryptodt.common.broadcast import Beginning, Entry, now_ms, topics_of
from cryptodt.frames import Plain
from cryptodt.hub import Hub
from cryptodt.outlets import nobody
from cryptodt.topics import Topic


class Wire:
    """Takes a number of messages and then waits, as a connection does."""

    # Whether it takes frames, as our own server does.
    is_direct = True

    def __init__(self, room=10**9, *, is_direct=None):
        self.on_change = nobody
        is_direct = self.is_direct if is_direct is None else is_direct
        self.push = self.take if is_direct else None
        self.room = room
        self.told = []
        self.closing = None

    @property
    def is_ready(self):
        return self.room > 0 and self.closing is None

    @property
    def is_over(self):
        return self.closing is not None

    def write(self, written):
        self.take(written.frame)

    def take(self, frame):
        assert self.is_ready
        self.frame = frame
        self.told.append(orjson.loads(frame[frame.index(b'{"') :]))
        self.room -= 1
        if not self.is_ready:
            self.on_change()

    def read(self, room=10**9):
        self.room = room
        self.on_change()

    def end(self, closing):
        self.closing = self.closing or closing
        self.on_change()

    async def finished(self):
        """Nothing is ever on its way."""

    def told_of(self, kind):
        return [one for one in self.told if one["type"] == kind]


class Source:
    """Numbers messages as the broadcast does, and can be started anew."""

    def __init__(self, epoch="one"):
        self.epoch = epoch
        self.offsets = {}
        self.entries = []

    def entry(self, topic="prices", told_ms=None, **items):
        keys = topics_of({"topic": topic, "items": items})
        for key in keys:
            self.offsets[key] = self.offsets.get(key, 0) + 1
        offsets = {key: self.offsets[key] for key in keys}
        found = Entry(self.epoch, topic, now_ms(), items, offsets, told_ms or now_ms())
        self.entries.append(found)
        return found

    def beginning(self, kept=None):
        entries = self.entries if kept is None else self.entries[-kept:] if kept else []
        return Beginning(self.epoch, dict(self.offsets), tuple(entries))


def a_topic(key="prices", *, is_state=True, silent_after=30.0):
    return Topic(
        name=key.replace("/", ""),
        key=key,
        is_state=is_state,
        silent_after=silent_after,
        load=dict,
        happened=lambda items: None,
    )


def a_hub(source):
    hub = Hub()
    hub.hear(source.beginning())
    return hub


def a_client(hub, wire=None, renewed=None):
    lost = [] if renewed is None else renewed
    client = Client(wire or Wire(), lambda one, reason: lost.append((one, reason)), heartbeat=10.0)
    hub.enter(client)
    return client


def subscribed(hub, client, topic=None, voice=None, throttle=0.0):
    """Subscribe, with a snapshot that came at once."""
    topic = topic or a_topic()
    one = Subscription(client, topic, voice or Plain(), throttle=throttle)
    client.subscriptions["", topic.name] = one
    hub.join(one)
    client.release(one)
    return one
