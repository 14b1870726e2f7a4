"""One client: told at once while it reads; then the latest of a state, and every event or an end."""

import asyncio

import pytest
import time_machine

from cryptodt import client as client_module
from cryptodt.closing import TOO_SLOW
from cryptodt.common.broadcast import Position
from cryptodt.tests.feed import Source, Wire, a_client, a_hub, a_topic, subscribed


@pytest.fixture(autouse=True, params=[True, False], ids=["frames", "messages"])
def _way(request, monkeypatch):
    """As behind our own server, and behind any other."""
    monkeypatch.setattr(Wire, "is_direct", request.param)


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def hub(source):
    return a_hub(source)


def test_of_a_state_a_slow_client_gets_the_latest_of_each_item_and_how_many_were_skipped(
    hub, source
):
    wire = Wire(room=1)
    subscribed(hub, a_client(hub, wire))
    for number in range(4):
        hub.hear(source.entry(BTC=f'{{"n":{number}}}', **({"ETH": '"e"'} if number == 2 else {})))
    assert [one["offset"] for one in wire.told] == [1]
    wire.read()
    last = wire.told[-1]
    assert (last["offset"], last["skipped"]) == (4, 2)
    assert last["data"] == [{"n": 3}, "e"]


def test_a_slow_client_is_told_of_a_silence_behind_the_news_from_before_it(hub, source):
    wire = Wire(room=1)
    with time_machine.travel("2026-05-04T12:00:00Z", tick=False) as clock:
        subscribed(hub, a_client(hub, wire), a_topic(silent_after=5))
        hub.hear(source.entry(BTC="{}"))
        hub.hear(source.entry(BTC="{}"))
        clock.shift(6)
        hub.tick()
        wire.read()
    assert [one["type"] for one in wire.told] == ["update", "update", "stale"]
    assert [one["offset"] for one in wire.told] == [1, 2, 2]


def test_what_waited_alone_was_not_skipped(hub, source):
    wire = Wire(room=1)
    subscribed(hub, a_client(hub, wire))
    hub.hear(source.entry(BTC="{}"))
    hub.hear(source.entry(BTC="{}"))
    wire.read()
    assert [one.get("skipped", 0) for one in wire.told] == [0, 0]


def test_of_events_a_slow_client_gets_every_one(hub, source):
    wire = Wire(room=1)
    subscribed(hub, a_client(hub, wire), a_topic("candles:BTC/USDT:1m", is_state=False))
    for number in range(20):
        hub.hear(source.entry("candles", **{"BTC/USDT:1m": f"[{number}]"}))
    wire.read(3)
    wire.read()
    assert [one["data"] for one in wire.told] == [[number] for number in range(20)]
    assert {one["topic"] for one in wire.told} == {"candles:BTCUSDT:1m"}


def test_events_that_nobody_takes_end_the_connection_and_not_the_memory(hub, source):
    wire = Wire(room=0)
    client = a_client(hub, wire)
    subscribed(hub, client, a_topic("candles:BTC/USDT:1m", is_state=False))
    for _ in range(client_module.MOST_OWED + 1):
        hub.hear(source.entry("candles", **{"BTC/USDT:1m": "[]"}))
    assert wire.closing == TOO_SLOW


def test_a_client_that_takes_nothing_for_long_is_told_that_it_is_too_slow(hub, source):
    wire = Wire(room=1)
    client = a_client(hub, wire)
    subscribed(hub, client)
    hub.hear(source.entry(BTC="{}"))
    client.tick(client.moved_at + client_module.SEND_SECONDS - 1)
    assert wire.closing is None
    client.tick(client.moved_at + client_module.SEND_SECONDS + 1)
    assert wire.closing == TOO_SLOW


def test_a_slow_client_does_not_hold_up_the_others(hub, source):
    slow, fast = Wire(room=0), Wire()
    subscribed(hub, a_client(hub, slow))
    subscribed(hub, a_client(hub, fast))
    for _ in range(50):
        hub.hear(source.entry(BTC="{}"))
    assert [one["offset"] for one in fast.told] == list(range(1, 51))


async def test_a_throttled_state_is_told_that_often_and_its_last_word_always(hub, source):
    wire = Wire()
    subscribed(hub, a_client(hub, wire), throttle=0.05)
    for _ in range(5):
        hub.hear(source.entry(BTC="{}"))
    assert [one["offset"] for one in wire.told] == [1]
    async with asyncio.timeout(2):
        while len(wire.told) < 2:
            await asyncio.sleep(0.005)
    assert (wire.told[1]["offset"], wire.told[1]["skipped"]) == (5, 3)


def test_what_comes_while_a_snapshot_is_read_follows_it(hub, source):
    wire = Wire()
    client = a_client(hub, wire)
    one = subscribed(hub, client)
    client.hold(one)
    one.waits = False
    hub.hear(source.entry(BTC="{}"))
    assert wire.told == []
    client.say(b'{"type":"snapshot"}')
    client.release(one)
    assert [told["type"] for told in wire.told] == ["snapshot", "update"]


def test_what_is_in_the_snapshot_already_is_not_told_again(hub, source):
    wire = Wire()
    client = a_client(hub, wire)
    one = subscribed(hub, client)
    client.hold(one)
    one.waits = False
    hub.hear(source.entry(BTC="{}"))
    hub.hear(source.entry(BTC="{}"))
    one.offset = 1
    client.release(one)
    assert [told["offset"] for told in wire.told] == [2]


def test_what_was_missed_comes_whole_before_anything_new_even_to_a_slow_client(hub, source):
    for _ in range(client_module.MOST_OWED + 100):
        hub.hear(source.entry(BTC="{}"))
    wire = Wire(room=1)
    client = a_client(hub, wire)
    one = subscribed(hub, client)
    client.hold(one)
    missed = hub.missed("prices", Position("one", 0))
    client.recover(missed, one, b'{"type":"recovered"}')
    client.release(one)
    hub.hear(source.entry(BTC="{}"))
    wire.read()
    assert wire.closing is None
    kinds = [told["type"] for told in wire.told]
    assert kinds[-2:] == ["recovered", "update"]
    assert [told["offset"] for told in wire.told_of("update")] == list(range(1, len(kinds)))


def test_who_becomes_slow_in_the_middle_of_a_round_is_told_once_and_others_as_ever(hub, source):
    wires = [Wire(), Wire(room=2), Wire()]
    told = [subscribed(hub, a_client(hub, wire)) for wire in wires]
    for _ in range(4):
        hub.hear(source.entry(BTC="{}"))
    assert [[one["offset"] for one in wire.told] for wire in wires] == [
        [1, 2, 3, 4],
        [1, 2],
        [1, 2, 3, 4],
    ]
    assert [one.offset for one in told] == [4, 2, 4]
    wires[1].read()
    hub.hear(source.entry(BTC="{}"))
    assert [(one["offset"], one.get("skipped")) for one in wires[1].told[2:]] == [
        (4, 1),
        (5, None),
    ]
    assert [one.offset for one in told] == [5, 5, 5]


def test_a_connection_that_fails_is_nobody_elses_matter(hub, source, caplog):
    class Broken(Wire):
        def take(self, frame):
            raise RuntimeError("the handler is closed")

    subscribed(hub, a_client(hub, Broken()))
    wires = [Wire(), Wire(is_direct=False)]
    for wire in wires:
        subscribed(hub, a_client(hub, wire))
    hub.hear(source.entry(BTC="{}"))
    assert [[one["offset"] for one in wire.told] for wire in wires] == [[1], [1]]
    assert "A client could not be told" in caplog.text


def test_where_a_client_stands_is_what_it_was_told_under_a_new_count(hub, source):
    renewed: list[tuple[object, str]] = []
    client = a_client(hub, renewed=renewed)
    one = subscribed(hub, client)
    for _ in range(5):
        hub.hear(source.entry(BTC="{}"))
    other = Source("two")
    hub.hear(other.beginning())
    assert [reason for _, reason in renewed] == ["epoch"]
    client.hold(one)
    one.offset = 0
    client.release(one)
    assert one.offset == 0
    hub.hear(other.entry(BTC="{}"))
    assert one.offset == 1
