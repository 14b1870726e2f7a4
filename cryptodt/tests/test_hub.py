"""The hub: each gets what it wants, and a broken broadcast is listened to again."""

import asyncio
import contextlib

import orjson
import pytest

from cryptodt import hub
from cryptodt.common import broadcast


class Client:
    def __init__(self):
        self.got = []

    def offer(self, items):
        self.got.append(dict(items))


@pytest.fixture
def central():
    return hub.Hub()


def message(**items):
    return orjson.dumps({"topic": "prices", "items": items})


def test_each_gets_what_it_asked_for_and_nothing_else(central):
    one, other = Client(), Client()
    central.join(one, ["BTC"])
    central.join(other, ["ETH", "SOL"])
    central.deliver(message(BTC="1", ETH="2"))
    assert (one.got, other.got) == ([{"BTC": "1"}], [{"ETH": "2"}])


def test_joining_again_adds_to_what_is_wanted(central):
    one = Client()
    central.join(one, ["BTC"])
    central.join(one, ["ETH"])
    assert central.wanted_by(one) == {"BTC", "ETH"}


def test_parting_from_some_keeps_the_rest(central):
    one = Client()
    central.join(one, ["BTC", "ETH"])
    central.part(one, ["BTC", "NEVER"])
    central.deliver(message(BTC="1", ETH="2"))
    assert one.got == [{"ETH": "2"}]


@pytest.mark.parametrize("symbols", [None, ["BTC"]])
def test_who_parted_from_everything_is_not_kept(central, symbols):
    one = Client()
    central.join(one, ["BTC"])
    central.part(one, symbols)
    central.part(one)
    central.deliver(message(BTC="1"))
    assert one.got == []
    assert central._wanted == {}


def test_a_message_for_nobody_is_no_event(central):
    one = Client()
    central.join(one, ["BTC"])
    central.deliver(message(ETH="2"))
    assert one.got == []


@contextlib.asynccontextmanager
async def running(central):
    central.start()
    yield
    central._listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await central._listening


async def delivered(client, text):
    """Publish until it arrives: on Redis a subscription takes a moment."""
    async with asyncio.timeout(5):
        while not client.got:
            await asyncio.to_thread(broadcast.publish, text)
            await asyncio.sleep(0.02)


async def test_a_published_message_reaches_a_subscriber(central):
    one = Client()
    central.join(one, ["BTC"])
    async with running(central):
        await delivered(one, message(BTC="1"))
    assert one.got[0] == {"BTC": "1"}


async def test_starting_twice_listens_once(central):
    async with running(central):
        first = central._listening
        central.start()
        assert central._listening is first


async def test_nonsense_on_the_broadcast_does_not_deafen_the_hub(central, monkeypatch, caplog):
    monkeypatch.setattr(hub, "RETRY_SECONDS", 0.01)
    one = Client()
    central.join(one, ["BTC"])
    async with running(central):
        await delivered(one, message(BTC="1"))
        one.got.clear()
        await asyncio.to_thread(broadcast.publish, b"not json")
        await delivered(one, message(BTC="2"))
    assert one.got[0] == {"BTC": "2"}
    assert "listening again" in caplog.text
