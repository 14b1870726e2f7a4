"""Broadcast: everybody who listens hears it, and nobody who left is kept."""

import asyncio
import contextlib
import threading

import pytest

from cryptodt.common import broadcast


@contextlib.asynccontextmanager
async def listening():
    """A listener that has begun to listen, and the list of what it heard."""
    heard: list[bytes] = []

    async def listen():
        async for message in broadcast.listen():
            heard.append(message)

    task = asyncio.create_task(listen())
    # On Redis a subscription takes a moment; a first message shows that it stands.
    for _ in range(200):
        await asyncio.to_thread(broadcast.publish, b"ready?")
        await asyncio.sleep(0.01)
        if heard:
            break
    await asyncio.sleep(0.02)
    heard.clear()
    yield heard
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_every_listener_hears_every_message_in_order():
    async with listening() as one, listening() as other:
        one.clear()
        for number in range(20):
            await asyncio.to_thread(broadcast.publish, b"%d" % number)
        await until(lambda: len(one) == len(other) == 20)
        assert one == other == [b"%d" % number for number in range(20)]


async def test_a_message_from_another_thread_wakes_the_loop():
    async with listening() as heard:
        thread = threading.Thread(target=broadcast.publish, args=(b"from afar",))
        thread.start()
        await until(lambda: heard == [b"from afar"])
        thread.join()


async def test_who_stopped_listening_is_forgotten():
    before = set(broadcast._listeners)
    async with listening():
        pass
    assert broadcast._listeners == before


async def test_a_listener_that_does_not_read_loses_the_oldest(settings, caplog):
    settings.REDIS_URL = ""
    listener = broadcast._Listener()
    for number in range(broadcast.BACKLOG + 3):
        listener.tell(b"%d" % number)
    await asyncio.sleep(0)
    kept = [listener.queue.get_nowait() for _ in range(listener.queue.qsize())]
    assert len(kept) == broadcast.BACKLOG
    assert (kept[0], kept[-1]) == (b"3", b"%d" % (broadcast.BACKLOG + 2))
    assert "lags" in caplog.text


@pytest.mark.parametrize("message", [b"", b"\x00\xff", b"x" * 200_000])
async def test_a_message_arrives_as_it_was_sent(message):
    async with listening() as heard:
        await asyncio.to_thread(broadcast.publish, message)
        await until(lambda: heard == [message])


def test_a_listener_whose_loop_has_closed_harms_nobody(settings):
    settings.REDIS_URL = ""

    async def leave():
        broadcast._listeners.add(broadcast._Listener())

    asyncio.run(leave())
    assert broadcast._listeners
    broadcast.publish(b"anybody?")
    assert not broadcast._listeners
