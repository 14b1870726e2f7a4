"""The hub: each is told what it wants under one count, and what was lost is said to be lost."""

import asyncio
import time
from collections import Counter

import orjson
import pytest
import time_machine

from cryptodt import hub as hub_module
from cryptodt.client import Client
from cryptodt.closing import RESTARTING
from cryptodt.common import broadcast
from cryptodt.common.broadcast import Position
from cryptodt.frames import Plain
from cryptodt.hub import CLOCK, Hub, NewEpoch
from cryptodt.tests.feed import Source, Wire, a_client, a_hub, a_topic, subscribed
from cryptodt.topics import TEST


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


def missed(hub, since):
    found = hub.missed(TEST, since)
    assert not isinstance(found, str)
    return found


def offsets(wire):
    return [one["offset"] for one in wire.told_of("update")]


def test_each_is_told_what_it_asked_for_and_nothing_else(hub, source):
    one, other = a_client(hub), a_client(hub)
    subscribed(hub, one, a_topic("prices:BTC"))
    subscribed(hub, other, a_topic("prices"))
    hub.hear(source.entry(BTC='{"symbol":"BTC"}', ETH='{"symbol":"ETH"}'))
    hub.hear(source.entry(ETH='{"symbol":"ETH"}'))
    assert [told["data"] for told in one.outlet.told] == [[{"symbol": "BTC"}]]
    assert [len(told["data"]) for told in other.outlet.told] == [2, 1]


def test_what_is_priced_and_not_tracked_is_told_by_its_own_name_alone(hub, source):
    every, one = a_client(hub), a_client(hub)
    subscribed(hub, every)
    subscribed(hub, one, a_topic("prices:USDT"))
    tether = '{"symbol":"USDT","tracked":false}'
    hub.hear(source.entry(BTC='{"symbol":"BTC","tracked":true}', USDT=tether))
    hub.hear(source.entry(USDT=tether))
    data = [told["data"] for told in every.outlet.told_of("update")]
    # Nothing else happened, and that is counted, too.
    assert data == [[{"symbol": "BTC", "tracked": True}], []]
    assert offsets(every.outlet) == [1, 2]
    assert [len(told["data"]) for told in one.outlet.told] == [1, 1]


def test_where_too_much_changed_everybody_begins_anew_at_once_and_later(hub, source):
    renewed: list[str] = []
    client = Client(Wire(), lambda _, reason: renewed.append(reason), heartbeat=10.0)
    hub.enter(client)
    topic = a_topic("candles:BTC/USDT:1m", is_state=False)
    subscribed(hub, client, topic)
    hub.hear(source.entry("candles", **{"BTC/USDT:1m": "[]"}))
    before = hub.position(topic.key)
    hub.hear(source.entry("candles", **{"BTC/USDT:1m": broadcast.TOO_MUCH}))
    assert offsets(client.outlet) == [1]
    assert renewed == ["many"]
    # Who was not there learns nothing of it from what is kept.
    assert hub.missed(topic.key, before) == "expired"
    hub.hear(source.entry("candles", **{"BTC/USDT:1m": "[1]"}))
    assert offsets(client.outlet) == [1, 3]


def test_every_topic_counts_its_own_messages_without_a_gap(hub, source):
    client = a_client(hub)
    subscribed(hub, client, a_topic("prices:BTC"))
    for number in range(6):
        hub.hear(source.entry(**{"BTC" if number % 2 else "ETH": "{}"}))
    assert offsets(client.outlet) == [1, 2, 3]


def test_a_message_is_written_once_for_all_who_want_the_same(hub, source, monkeypatch):
    written = []
    update = Plain.update

    def counted(voice, told):
        written.append(told)
        return update(voice, told)

    monkeypatch.setattr(Plain, "update", counted)
    for _ in range(20):
        subscribed(hub, a_client(hub))
    subscribed(hub, a_client(hub), voice=Plain(("price",)))
    hub.hear(source.entry(BTC='{"symbol":"BTC","price":1.50,"name":"Bitcoin"}'))
    assert len(written) == 2


def test_only_the_fields_that_are_wanted_are_told_with_every_digit(hub, source):
    client = a_client(hub)
    subscribed(hub, client, voice=Plain(("price",)))
    hub.hear(source.entry(BTC='{"symbol":"BTC","price":1.50000000000000000001,"name":"Bitcoin"}'))
    assert b'"data":[{"symbol":"BTC","price":1.50000000000000000001}]' in client.outlet.frame


@pytest.mark.parametrize("since", range(6))
def test_who_comes_back_is_told_exactly_what_it_missed(hub, source, since):
    for number in range(5):
        hub.hear(source.entry(BTC=f'{{"n":{number}}}'))
    missed = hub.missed("prices", Position("one", since))
    assert [told.offset for told in missed] == list(range(since + 1, 6))


@pytest.mark.parametrize(
    ("epoch", "offset", "reason"),
    [("two", 3, "epoch"), ("one", 9, "ahead"), ("one", 0, "expired")],
)
def test_what_cannot_be_recovered_has_a_reason_and_never_a_part(source, epoch, offset, reason):
    for number in range(5):
        source.entry(BTC=str(number))
    hub = Hub()
    hub.hear(source.beginning(kept=3))
    assert hub.missed("prices", Position(epoch, offset)) == reason
    assert len(hub.missed("prices", Position("one", 2))) == 3


def test_what_is_older_than_the_window_is_not_recovered_in_part(hub, source, settings):
    now = time.time_ns() // 1_000_000
    hub.hear(source.entry(BTC="{}", told_ms=now - int(settings.LIVE_WINDOW * 1000) - 1000))
    hub.hear(source.entry(BTC="{}", told_ms=now))
    hub._window.trim(now)
    assert hub.missed("prices", Position("one", 0)) == "expired"
    assert len(hub.missed("prices", Position("one", 1))) == 1


def test_after_a_break_what_was_not_heard_is_told(hub, source):
    client = a_client(hub)
    subscribed(hub, client)
    hub.hear(source.entry(BTC="{}"))
    for _ in range(3):
        source.entry(BTC="{}")
    hub.hear(source.beginning())
    assert offsets(client.outlet) == [1, 2, 3, 4]


@pytest.mark.parametrize("kept", [0, 1])
def test_what_was_lost_on_the_way_here_is_said_to_be_lost(source, kept):
    lost: list[object] = []
    hub = a_hub(source)
    one = subscribed(hub, a_client(hub, renewed=lost))
    hub.hear(source.entry(BTC="{}"))
    for _ in range(3):
        source.entry(BTC="{}")
    hub.hear(source.beginning(kept))
    assert lost == [(one, "lost")]
    assert hub.position("prices") == Position("one", 4)
    assert hub.missed("prices", Position("one", 1)) == "expired"


def test_a_new_epoch_begins_everything_anew(hub, source):
    lost: list[object] = []
    one = subscribed(hub, a_client(hub, renewed=lost))
    hub.hear(source.entry(BTC="{}"))
    other = Source("two")
    with pytest.raises(NewEpoch):
        hub.hear(other.entry(BTC="{}"))
    hub.hear(other.beginning())
    assert lost == [(one, "epoch")]
    assert hub.position("prices") == Position("two", 1)


def test_who_left_is_told_nothing_and_not_kept(hub, source):
    client = a_client(hub)
    subscribed(hub, client)
    hub.leave(client)
    hub.hear(source.entry(BTC="{}"))
    assert client.outlet.told == []
    assert (hub.clients, hub._audiences) == ({}, {})


def test_news_is_known_to_watchers_before_subscribers(hub, source):
    client = a_client(hub)
    subscribed(hub, client)
    heard = []
    hub.watch(lambda topic: heard.append((topic, len(client.outlet.told))))
    hub.hear(source.entry(BTC="{}"))
    assert (heard, len(client.outlet.told)) == ([("prices", 0)], 1)


def test_the_test_stream_is_the_same_in_every_process():
    one, other = Hub(), Hub()
    with time_machine.travel("2026-05-04T12:00:00Z", tick=False) as clock:
        one.tick()
        client = a_client(one)
        subscribed(one, client, a_topic(TEST, is_state=False))
        clock.shift(3)
        one.tick()
        other.tick()
        assert offsets(client.outlet) == [
            one.position(TEST).offset - 2,
            one.position(TEST).offset - 1,
            one.position(TEST).offset,
        ]
        since = Position(CLOCK, one.position(TEST).offset - 60)
        found = [[told.items for told in missed(hub, since)] for hub in (one, other)]
    assert found[0] == found[1]
    assert len(found[0]) == 60


def test_who_hears_of_seconds_that_nobody_kept_begins_anew(hub, settings):
    renewed: list[tuple[object, str]] = []
    with time_machine.travel("2026-05-04T12:00:00Z", tick=False) as clock:
        hub.tick()
        client = a_client(hub, renewed=renewed)
        subscribed(hub, client, a_topic(TEST, is_state=False))
        clock.shift(settings.LIVE_WINDOW - 1)
        hub.tick()
        assert (renewed, len(client.outlet.told)) == ([], settings.LIVE_WINDOW - 1)
        clock.shift(settings.LIVE_WINDOW + 9)
        hub.tick()
    assert [reason for _, reason in renewed] == ["lost"]


def test_a_silent_source_is_told_once_and_its_next_word_ends_it(hub, source):
    client = a_client(hub)
    with time_machine.travel("2026-05-04T12:00:00Z", tick=False) as clock:
        subscribed(hub, client, a_topic(silent_after=30))
        hub.hear(source.entry(BTC="{}"))
        clock.shift(31)
        hub.tick()
        hub.tick()
        assert [one["silent"] for one in client.outlet.told_of("stale")] == [31]
        hub.hear(source.entry(BTC="{}"))
        hub.tick()
        assert len(client.outlet.told_of("stale")) == 1
        # The next silence is another one.
        clock.shift(31)
        hub.tick()
        assert len(client.outlet.told_of("stale")) == 2


def test_too_much_news_is_no_silence(hub, source):
    client = a_client(hub)
    with time_machine.travel("2026-05-04T12:00:00Z", tick=False) as clock:
        topic = a_topic("candles:BTC/USDT:1m", is_state=False, silent_after=30)
        subscribed(hub, client, topic)
        clock.shift(3600)
        hub.hear(source.entry(topic="candles", **{"BTC/USDT:1m": broadcast.TOO_MUCH}))
        hub.tick()
        assert client.outlet.told_of("stale") == []


def test_a_silence_after_everything_began_anew_is_told_too(hub, source):
    client, other = a_client(hub), Source("two")
    with time_machine.travel("2026-05-04T12:00:00Z", tick=False) as clock:
        subscribed(hub, client, a_topic(silent_after=30))
        hub.hear(source.entry(BTC="{}"))
        clock.shift(31)
        hub.tick()
        other.entry(BTC="{}")
        hub.hear(other.beginning())
        clock.shift(31)
        hub.tick()
    assert [one["silent"] for one in client.outlet.told_of("stale")] == [31, 31]


def test_a_heartbeat_says_how_far_each_topic_was_told(hub, source):
    client = a_client(hub)
    subscribed(hub, client)
    subscribed(hub, client, a_topic("prices:BTC"))
    hub.hear(source.entry(ETH="{}"))
    client.tick(client.beat_at)
    (beat,) = client.outlet.told_of("heartbeat")
    assert beat["offsets"] == {"prices": 1, "prices:BTC": 0}


def test_when_to_come_back_is_spread_over_all_the_time_there_is(hub):
    clients = [a_client(hub) for _ in range(400)]
    hub.farewell()
    notices = [client.outlet.told_of("shutdown") for client in clients]
    assert {len(told) for told in notices} == {1}
    waits = [told[0]["reconnect_in_ms"] for told in notices]
    assert min(waits) >= 500
    assert max(waits) <= 5000
    # In each half second about a ninth of them; as few as that comes in a million years.
    halves = Counter(wait // 500 for wait in waits)
    assert set(halves) >= set(range(1, 10))
    assert max(halves.values()) < 100
    assert {client.outlet.closing for client in clients} == {RESTARTING}


async def published(client, **items):
    """Publish until it arrives: on Redis it takes a moment."""
    told = orjson.dumps({"topic": "prices", "timestamp": 1, "items": items})
    count = len(client.outlet.told)
    await asyncio.to_thread(broadcast.publish, told)
    async with asyncio.timeout(5):
        while len(client.outlet.told) == count:
            await asyncio.sleep(0.01)


async def test_a_published_message_reaches_a_subscriber():
    hub = Hub()
    await hub.ready()
    client = a_client(hub)
    subscribed(hub, client)
    await published(client, BTC="{}")
    await hub.stop()
    assert client.outlet.told[0]["offset"] == broadcast.position("prices").offset


async def test_starting_twice_listens_once():
    hub = Hub()
    hub.start()
    first = hub._jobs
    hub.start()
    assert hub._jobs is first
    await hub.stop()


def broken(topic):
    raise ValueError(topic)


async def test_a_broken_broadcast_is_listened_to_again(monkeypatch, caplog):
    monkeypatch.setattr(hub_module, "RETRY_SECONDS", 0.01)
    hub = Hub()
    await hub.ready()
    client = a_client(hub)
    subscribed(hub, client)
    await published(client, BTC="{}")
    hub.watch(broken)
    told = orjson.dumps({"topic": "prices", "timestamp": 1, "items": {"BTC": "{}"}})
    await asyncio.to_thread(broadcast.publish, told)
    async with asyncio.timeout(5):
        while "listening again" not in caplog.text:
            await asyncio.sleep(0.01)
    hub._watchers.clear()
    async with asyncio.timeout(5):
        while len(client.outlet.told) < 2:
            await asyncio.sleep(0.01)
    await hub.stop()
    first, second = [one["offset"] for one in client.outlet.told_of("update")][:2]
    assert second == first + 1
