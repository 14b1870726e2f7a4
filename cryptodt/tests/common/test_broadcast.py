"""Broadcast: everybody who listens hears it in one order and under one number."""

import asyncio
import contextlib
import threading

import orjson
import pytest

from cryptodt.common import broadcast
from cryptodt.common.broadcast import Beginning, Entry, Position


def message(*names, topic="prices", **items):
    told = {**dict.fromkeys(names, "{}"), **items}
    return orjson.dumps({"topic": topic, "timestamp": 1, "items": told})


@contextlib.asynccontextmanager
async def listening():
    """A listener that has begun to listen, what it began with, and what it heard since."""
    heard: list[object] = []

    async def listen():
        async for one in broadcast.listen():
            heard.append(one)

    task = asyncio.create_task(listen())
    try:
        await until(lambda: heard)
        yield heard
    finally:
        # More than once, as the hub does: a client of Redis may swallow the first.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.1)


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def entry(stream):
    one = await anext(stream)
    assert isinstance(one, Entry)
    return one


async def publish(told):
    await asyncio.to_thread(broadcast.publish, told)


async def test_every_listener_hears_every_message_in_order():
    async with listening() as one, listening() as other:
        for number in range(20):
            await publish(message(BTC=str(number)))
        await until(lambda: len(one) == len(other) == 21)
        assert one[1:] == other[1:]
        assert [entry.items["BTC"] for entry in one[1:]] == [str(n) for n in range(20)]


async def test_a_message_from_another_thread_wakes_the_loop():
    async with listening() as heard:
        thread = threading.Thread(target=broadcast.publish, args=(message("from afar"),))
        thread.start()
        await until(lambda: len(heard) == 2)
        thread.join()


async def test_a_topic_and_each_of_its_items_count_for_themselves():
    before = broadcast.position("prices").offset, broadcast.position("prices:BTC").offset
    async with listening() as heard:
        await publish(message("BTC", "ETH"))
        await publish(message("ETH"))
        await publish(message("BTC"))
        await until(lambda: len(heard) == 4)
    assert [one.offsets["prices"] - before[0] for one in heard[1:]] == [1, 2, 3]
    named = [one.offsets.get("prices:BTC") for one in heard[1:]]
    assert named == [before[1] + 1, None, before[1] + 2]
    assert broadcast.position("prices:BTC") == Position(heard[0].epoch, before[1] + 2)


async def test_who_begins_to_listen_hears_first_what_is_kept():
    await publish(message(BTC="1"))
    await publish(message(BTC="2"))
    async with listening() as heard:
        beginning = heard[0]
        assert isinstance(beginning, Beginning)
        assert [one.items["BTC"] for one in beginning.entries[-2:]] == ["1", "2"]
        assert beginning.entries[-1].offsets["prices:BTC"] == beginning.offsets["prices:BTC"]


async def test_only_the_last_minutes_are_kept_and_the_count_goes_on(settings):
    settings.LIVE_WINDOW = 0.05
    await publish(message(BTC="1"))
    offset = broadcast.position("prices").offset
    await asyncio.sleep(0.1)
    async with listening() as heard:
        assert heard[0].entries == ()
        assert heard[0].offsets["prices"] == offset


async def test_no_more_is_kept_than_fits_and_the_newest_stays(monkeypatch):
    monkeypatch.setattr(broadcast, "MOST_KEPT_BYTES", 1_000_000)
    for number in range(40):
        await publish(message(BTC=f"{number:0100000}"))
    async with listening() as heard:
        kept = heard[0].entries
    assert 500_000 < sum(len(one.items["BTC"]) for one in kept) <= 1_000_000
    assert kept[-1].items["BTC"].endswith("39")
    assert kept[-1].offsets["prices"] == heard[0].offsets["prices"]


async def test_a_topic_that_was_never_told_stands_at_its_beginning():
    assert broadcast.position("prices:NEVER").offset == 0


async def test_who_stopped_listening_is_forgotten():
    before = set(broadcast.LOG.listeners)
    async with listening():
        pass
    assert broadcast.LOG.listeners == before


async def test_a_listener_that_does_not_keep_up_must_begin_anew(settings, monkeypatch):
    settings.REDIS_URL = ""
    monkeypatch.setattr(broadcast, "BACKLOG", 2)
    stream = broadcast.listen()
    await anext(stream)
    for number in range(5):
        await publish(message(BTC=str(number)))
    await asyncio.sleep(0)
    assert [(await entry(stream)).items["BTC"] for _ in range(2)] == ["0", "1"]
    with pytest.raises(broadcast.Lagging):
        await anext(stream)


@pytest.mark.parametrize("told", [b"", b"\x00\xff", b"[]", b"{}", b'{"topic":"prices"}'])
def test_nonsense_is_not_told(told):
    before = broadcast.position("prices")
    with pytest.raises((ValueError, LookupError, TypeError)):
        broadcast.publish(told)
    assert broadcast.position("prices") == before


async def test_a_large_message_arrives_as_it_was_sent():
    async with listening() as heard:
        await publish(message(BTC="x" * 200_000))
        await until(lambda: len(heard) == 2)
        assert heard[1].items == {"BTC": "x" * 200_000}


def test_a_listener_whose_loop_has_closed_harms_nobody(settings):
    settings.REDIS_URL = ""

    async def leave():
        broadcast.LOG.listeners.add(broadcast._Listener())

    asyncio.run(leave())
    assert broadcast.LOG.listeners
    broadcast.publish(message("anybody?"))
    assert not broadcast.LOG.listeners


def test_another_run_of_redis_is_another_epoch(settings):
    if not settings.REDIS_URL:
        pytest.skip("this is about Redis")
    import redis  # noqa: PLC0415

    broadcast.publish(message("BTC"))
    before = broadcast.position("prices")
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.hset(broadcast._keys()[0], "run", "another")
    after = broadcast.position("prices")
    assert (before.offset, after.offset) == (1, 0)
    assert after.epoch != before.epoch
