"""The feed against a model: whatever happens, each client's view is gapless or says where it is not."""

import asyncio
import time
from itertools import count
from typing import Any
from unittest.mock import patch

import orjson
import time_machine
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from accounts.callers import anonymous
from cryptodt import visit as visit_module
from cryptodt.common.broadcast import Position, now_ms
from cryptodt.door import Guest
from cryptodt.hub import Hub, NewEpoch
from cryptodt.protocol import Wanted
from cryptodt.tests.feed import Source, Wire, a_topic
from cryptodt.visit import Visit

NOBODY = Guest(anonymous("127.0.0.1"), "127.0.0.1")
SYMBOLS = ("BTC", "ETH", "SOL")
SILENT_AFTER = 30
# A state with many items, one of its items, and events.
TOPICS = {
    key: a_topic(key, is_state=not key.startswith("candles"), silent_after=SILENT_AFTER)
    for key in ("prices", "prices:BTC", "candles:BTC/USDT:1m")
}


class Reader:
    """A client that believes nothing: it checks each frame against everything that was told."""

    def __init__(self, model, key):
        self.model, self.key = model, key
        self.place = None
        self.state = {}
        self.visit: Any = None
        self.read = 0
        self.is_silent = False

    @property
    def wire(self):
        return self.visit.client.outlet

    def look(self):
        for frame in self.wire.told[self.read :]:
            getattr(self, f"_{frame['type']}", lambda frame: None)(frame)
        self.read = len(self.wire.told)

    def _snapshot_required(self, frame):
        self.place = None

    def _snapshot(self, frame):
        self.is_silent = False
        self.place = Position(frame["epoch"], frame["offset"])
        self.state = {one["symbol"]: one["n"] for one in frame["data"]}
        # It may know more than its place says, and never less. Numbers only grow.
        for (epoch, key, offset), said in self.model.told.items():
            if (epoch, key) == (self.place.epoch, self.key) and offset <= self.place.offset:
                assert all(self.state[name] >= n for name, n in said.items())

    def _update(self, frame):
        assert self.place is not None, "an update came before its beginning"
        skipped = frame.get("skipped", 0)
        assert frame["offset"] == self.place.offset + 1 + skipped
        assert not skipped or TOPICS[self.key].is_state
        merged = {}
        for offset in range(self.place.offset + 1, frame["offset"] + 1):
            merged.update(self.model.told[self.place.epoch, self.key, offset])
        said = {one["symbol"]: one["n"] for one in frame["data"]}
        assert said == merged
        self.state.update(said)
        self.place = Position(self.place.epoch, frame["offset"])
        self.is_silent = False

    def _recovered(self, frame):
        assert self.place == Position(frame["epoch"], frame["offset"])

    def _heartbeat(self, frame):
        for offset in frame["offsets"].values():
            assert self.place is not None
            assert offset == self.place.offset

    def _stale(self, frame):
        assert not self.is_silent, "one silence was told twice"
        assert self.place is not None
        assert frame["offset"] == self.place.offset
        assert frame["silent"] >= SILENT_AFTER
        self.is_silent = True

    def knows_of_silence(self):
        """Say whether a silence was told where there is one; who never heard anything here may
        have been told of one that began when it came."""
        last = self.model.hub.last_told(self.key)
        is_silent = last is not None and now_ms() - last[0] > SILENT_AFTER * 1000
        return self.is_silent == is_silent or last is None

    def is_up_to_date(self):
        newest = Position(self.model.source.epoch, self.model.newest(self.key))
        return self.place == newest


class Feed(RuleBasedStateMachine):
    @initialize(rooms=st.tuples(*[st.integers(0, 8)] * len(TOPICS)))
    def begin(self, rooms):
        self.runner = asyncio.Runner()
        self.clock = time_machine.travel("2026-05-04T12:00:00Z", tick=False)
        self.time = self.clock.start()
        self.source = Source("epoch-0")
        self.told: dict[tuple[str, str, int], dict[str, int]] = {}
        self.truth: dict[str, dict[str, int]] = {key: {} for key in TOPICS}
        self.count = 0
        self.readers: list[Reader] = []
        self.turns = count()
        self.patches: list[Any] = [
            patch.object(visit_module, "SNAPSHOTS", self),
            patch.object(visit_module, "in_thread", self.in_thread),
            patch.object(visit_module, "topic_of", TOPICS.__getitem__),
            patch.object(visit_module, "heard_all", self.heard_all),
        ]
        for one in self.patches:
            one.start()
        self.hub = Hub()
        self.patch_hub()
        self.run(lambda: self.hub.hear(self.source.beginning()))
        for key, room in zip(TOPICS, rooms, strict=True):
            self.connect(key, room)

    def teardown(self):
        if not hasattr(self, "runner"):
            return
        try:
            self.everybody_reads_all()
        finally:
            for one in self.patches:
                one.stop()
            self.hub_patch.stop()
            self.clock.stop()
            self.runner.close()

    def patch_hub(self):
        self.hub_patch = patch.object(visit_module, "HUB", self.hub)
        self.hub_patch.start()

    async def of(self, topic, position):
        # A reading takes a moment, in which more may happen, before or after it saw the store.
        found = dict(self.truth[topic.key])
        for reader in self.present:
            self.have_a_beat(reader.visit.client)
        await asyncio.sleep(0)
        if self.count % 3 == 0:
            self.hear(self.entry(SYMBOLS))
        elif self.count % 5 == 0:
            # What is being read is of no use any more.
            self.entry(SYMBOLS)
            self.hub.hear(self.source.beginning(0))
        if self.count % 2:
            found = self.truth[topic.key]
        return {k: orjson.dumps({"symbol": k, "n": n}).decode() for k, n in found.items()}

    async def in_thread(self, work):
        return work()

    async def heard_all(self):
        """This hub has always begun."""

    def run(self, work):
        async def all_of_it():
            found = work()
            if asyncio.iscoroutine(found):
                await found
            # Each snapshot that was begun takes its turn, also one that nobody waits for any more.
            jobs = sum(len(reader.visit._jobs) for reader in self.present)
            for _ in range(20 + 5 * jobs):
                await asyncio.sleep(0)

        self.runner.run(all_of_it())

    @property
    def present(self):
        return [reader for reader in self.readers if reader.visit is not None]

    def newest(self, key):
        return self.source.offsets.get(key, 0)

    def entry(self, symbols, topic="prices"):
        self.count += 1
        names = ["BTC/USDT:1m"] if topic == "candles" else symbols
        said = {name: self.count for name in names}
        texts = {k: orjson.dumps({"symbol": k, "n": n}).decode() for k, n in said.items()}
        entry = self.source.entry(topic, **texts)
        for key, offset in entry.offsets.items():
            own = said if key == topic else {key[len(topic) + 1 :]: self.count}
            self.told[entry.epoch, key, offset] = own
            if key in self.truth:
                self.truth[key].update(own)
        return entry

    def hear(self, heard):
        try:
            self.hub.hear(heard)
        except NewEpoch:
            self.hub.hear(self.source.beginning())

    @rule(
        symbols=st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True),
        topic=st.sampled_from(["prices", "candles"]),
        times=st.integers(1, 4),
    )
    def publish(self, symbols, topic, times):
        def work():
            for _ in range(times):
                self.hear(self.entry(symbols, topic))

        self.run(work)

    @rule(key=st.sampled_from(sorted(TOPICS)), room=st.integers(0, 4))
    def connect(self, key, room):
        reader = Reader(self, key)
        self.readers.append(reader)
        self.come(reader, room)

    def come(self, reader, room):
        # Half of them stand behind a server that takes no frames.
        wire = Wire(room, is_direct=next(self.turns) % 2 == 0)
        reader.visit, reader.read, reader.is_silent = Visit(wire, NOBODY), 0, False
        self.hub.enter(reader.visit.client)
        visit = reader.visit
        # Who takes nothing waits for its snapshot, and the others go on.
        self.run(lambda: visit.do(visit.subscribe(Wanted(reader.key, since=reader.place))))

    @precondition(lambda self: self.present)
    @rule(data=st.data())
    def drop(self, data):
        reader = data.draw(st.sampled_from(self.present))
        reader.look()
        self.run(reader.visit.leave)
        reader.visit = None

    @precondition(lambda self: len(self.present) < len(self.readers))
    @rule(data=st.data(), room=st.integers(0, 6))
    def come_back(self, data, room):
        away = [reader for reader in self.readers if reader.visit is None]
        self.come(data.draw(st.sampled_from(away)), room)

    @precondition(lambda self: self.present)
    @rule(data=st.data(), room=st.integers(0, 8))
    def read(self, data, room):
        reader = data.draw(st.sampled_from(self.present))
        self.run(lambda: reader.wire.read(room))

    @rule(seconds=st.sampled_from([1, 20, 40, 200]))
    def let_time_pass(self, seconds):
        self.time.shift(seconds)
        self.run(self.hub.tick)

    @precondition(lambda self: self.present)
    @rule(data=st.data())
    def beat(self, data):
        client = data.draw(st.sampled_from(self.present)).visit.client
        self.run(lambda: self.have_a_beat(client))

    def have_a_beat(self, client):
        client.beat_at = time.monotonic()
        client.tick(client.beat_at)

    @rule(lost=st.integers(1, 4), kept=st.integers(0, 6), more=st.integers(0, 2))
    def lose_some_on_the_way(self, lost, kept, more):
        def work():
            for number in range(lost):
                self.entry([SYMBOLS[number % 3]], "candles" if number == 2 else "prices")
            self.hub.hear(self.source.beginning(kept))
            # At once, while nobody has read the snapshot yet.
            for _ in range(more):
                self.hub.hear(self.entry(SYMBOLS))

        self.run(work)

    @rule(kept=st.integers(0, 8))
    def restart_the_process(self, kept):
        for reader in self.present:
            reader.look()
        self.hub_patch.stop()
        self.hub = Hub()
        self.patch_hub()
        self.run(lambda: self.hub.hear(self.source.beginning(kept)))
        for reader in self.present:
            self.come(reader, 3)

    @rule(symbols=st.lists(st.sampled_from(SYMBOLS), min_size=1, unique=True))
    def restart_the_source(self, symbols):
        self.source = Source(f"epoch-{self.count + 1}")
        self.run(lambda: self.hear(self.entry(symbols)))

    @invariant()
    def every_view_is_true(self):
        for reader in self.present if hasattr(self, "readers") else ():
            reader.look()

    @precondition(lambda self: self.present)
    @rule()
    def whoever_reads_all_is_up_to_date(self):
        self.everybody_reads_all()

    def everybody_reads_all(self):
        for reader in self.present:
            self.run(reader.wire.read)
            reader.look()
            assert reader.wire.closing is None
            assert reader.is_up_to_date(), (reader.place, self.newest(reader.key))
            assert reader.state == self.truth[reader.key]
        self.run(self.hub.tick)
        for reader in self.present:
            reader.look()
            assert reader.knows_of_silence(), reader.key


Feed.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=30)
TestFeed = Feed.TestCase
