"""What somebody listens to stays collected, for as long as somebody does."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import connections

from cryptodt import keeping
from cryptodt.common.errors import InvalidSymbol
from cryptodt.door import in_thread
from cryptodt.hub import Hub
from cryptodt.keeping import KEEP_SECONDS, RETRY_SECONDS, Keeper
from cryptodt.tests.feed import a_client, a_topic, subscribed
from cryptodt.topics import Topic, topic_of
from market.models import Asset, Series
from market.selectors.assets import stored_entries
from market.selectors.series import WATCHED, due_errands
from market.snapshot import publish_assets
from market.tests.quotes import NOW, given_assets


class Away(Exception):
    """What is raised while the store of wishes does not answer."""


class Wish:
    """A topic that counts how often it is asked for."""

    def __init__(self, key="candles:AAVE/USDT:1m", error=None):
        self.count = 0
        self.error = error
        self.topic = replace(a_topic(key), keep=self.keep)

    def keep(self):
        self.count += 1
        if self.error is not None:
            raise self.error


async def test_what_is_listened_to_is_asked_for_at_once_and_then_every_few_minutes():
    wish, plain = Wish(), a_topic("prices")
    keeper = Keeper(lambda: [wish.topic, plain])
    counts = []
    for now in (0, 1, KEEP_SECONDS - 1, KEEP_SECONDS, KEEP_SECONDS + 1, 2 * KEEP_SECONDS):
        await keeper.keep(now)
        counts.append(wish.count)
    assert counts == [1, 1, 1, 2, 2, 3]


async def test_what_nobody_listens_to_any_more_is_not_asked_for():
    wish = Wish()
    listened: list[Topic] = []
    keeper = Keeper(lambda: listened)
    listened.append(wish.topic)
    await keeper.keep(0)
    listened.clear()
    await keeper.keep(KEEP_SECONDS)
    assert wish.count == 1
    # Whoever comes back is heard at once.
    listened.append(wish.topic)
    await keeper.keep(KEEP_SECONDS + 1)
    assert wish.count == 2


async def test_one_that_is_gone_does_not_keep_the_others_from_being_asked_for():
    gone, wish = Wish("prices:GONE", InvalidSymbol("is no asset")), Wish()
    await Keeper(lambda: [gone.topic, wish.topic]).keep(0)
    assert wish.count == 1


async def test_what_could_not_be_asked_for_is_tried_again_soon(monkeypatch):
    monkeypatch.setattr("cryptodt.door.DOES_NOT_ANSWER", (Away,))
    wish = Wish(error=Away())
    keeper = Keeper(lambda: [wish.topic])
    counts = []
    for now in (0, 1, RETRY_SECONDS):
        await keeper.keep(now)
        counts.append(wish.count)
    assert counts == [1, 1, 2]


@pytest.mark.parametrize("error", [Away(), RuntimeError("odd")])
async def test_nothing_that_fails_ends_it(monkeypatch, error):
    monkeypatch.setattr("cryptodt.door.DOES_NOT_ANSWER", (Away,))
    monkeypatch.setattr(keeping, "LOOK_SECONDS", 0)
    monkeypatch.setattr(keeping, "RETRY_SECONDS", 0)
    wish, hub = Wish(error=error), Hub()
    await hub.ready()
    subscribed(hub, a_client(hub), wish.topic)
    async with asyncio.timeout(5):
        while wish.count < 3:
            await asyncio.sleep(0.01)
    await hub.stop()


# -- What it is for ------------------------------------------------------------------------


@pytest.fixture
def _aave(settings, monkeypatch):
    # The threads of a loop end with it.
    monkeypatch.setattr("cryptodt.door.close_old_connections", connections.close_all)
    settings.SUPPORTED_INTERVALS = ["1m"]
    given_assets(settings, "BTC")
    Asset.objects.create(symbol="AAVE", ticker="AAVE", name="Aave", is_listed=False)
    publish_assets(stored_entries())


def listen(topic, until):
    """Subscribe like one who comes back and needs no snapshot; end when something is so."""

    async def run():
        hub = Hub()
        await hub.ready()
        subscribed(hub, a_client(hub), topic)
        try:
            async with asyncio.timeout(5):
                while not await in_thread(until):
                    await asyncio.sleep(0.01)
        finally:
            await hub.stop()

    asyncio.run(run())


def later(seconds):
    """Go to a time at which what the cache knows of wishes has run out."""
    cache.delete_many(["wanted:AAVE:USDT:1m", "asked:AAVE"])
    return time_machine.travel(NOW + seconds, tick=False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_aave")
def test_candles_that_somebody_listens_to_stay_due():
    topic = topic_of("candles:AAVEUSDT:1m")
    with later(timedelta()):
        topic.load()
    series = Series.objects.get()
    with later(2 * WATCHED):
        now = NOW + 2 * WATCHED
        listen(topic, lambda: Series.objects.filter(asked_at=now).exists())
        assert [errand.series for errand in due_errands(now)] == [series]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_aave")
def test_the_price_of_what_somebody_listens_to_stays_asked_for():
    now = NOW + 2 * WATCHED
    with later(2 * WATCHED):
        listen(topic_of("prices:AAVE"), lambda: Asset.objects.filter(asked_at=now).exists())
    assert list(Asset.objects.filter(asked_at=now).values_list("symbol", flat=True)) == ["AAVE"]


def keep(*typed):
    for one in typed:
        asked = topic_of(one).keep
        assert asked is not None
        asked()


@pytest.mark.django_db
@pytest.mark.usefixtures("_aave")
def test_what_is_collected_for_everybody_is_not_asked_for(django_assert_num_queries):
    # What is shown of prices is built once.
    topic_of("prices:BTC")
    with django_assert_num_queries(0):
        keep("prices:BTC", "candles:BTCUSDT:1m")
    assert not Asset.objects.filter(asked_at__isnull=False).exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("_aave")
def test_asking_again_within_minutes_writes_nothing(django_assert_num_queries):
    keep("prices:AAVE", "candles:AAVEUSDT:1m")
    with django_assert_num_queries(0):
        keep("prices:AAVE", "candles:AAVEUSDT:1m")
