"""A snapshot is built once, read warm, and never older than its version."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.cache import cache

from cryptodt.common import snapshot
from cryptodt.common.snapshot import Item

OLD, NEW = {"BTC": Item(b'{"price":1')}, {"BTC": Item(b'{"price":2')}


def never():
    raise AssertionError("a warm snapshot was built again")


def test_what_is_published_is_read_without_being_built():
    snapshot.publish("prices", NEW)
    assert snapshot.read("prices", never).items == NEW


def test_a_cold_snapshot_is_built_and_then_warm():
    assert snapshot.read("prices", lambda: OLD).items == OLD
    assert snapshot.read("prices", never).items == OLD


def test_an_empty_snapshot_is_warm_too():
    snapshot.publish("prices", {})
    assert snapshot.read("prices", never).items == {}


def test_many_readers_of_a_cold_snapshot_build_it_once():
    built, barrier = [], threading.Barrier(8)

    def build():
        built.append(1)
        time.sleep(0.02)
        return OLD

    def read(_):
        barrier.wait()
        return snapshot.read("prices", build).version

    with ThreadPoolExecutor(8) as pool:
        versions = set(pool.map(read, range(8)))
    assert len(built) == 1
    assert len(versions) == 1


def test_a_build_that_fails_is_tried_again():
    with pytest.raises(AssertionError):
        snapshot.read("prices", never)
    assert snapshot.read("prices", lambda: OLD).items == OLD


def test_a_copy_in_memory_gives_way_to_what_another_process_published():
    mine = snapshot.publish("prices", OLD)
    assert snapshot.read("prices", never).version == mine.version
    held = dict(snapshot._held)
    theirs = snapshot.publish("prices", NEW)
    # As if the other process had published, and this one remembered the old snapshot.
    snapshot._held.clear()
    snapshot._held.update(held)
    assert snapshot.read("prices", never) == theirs


def test_the_version_grows_even_when_the_clock_goes_back():
    first = snapshot.publish("prices", OLD)
    with time_machine.travel(0, tick=False):
        second = snapshot.publish("prices", NEW)
    assert second.version > first.version


def test_a_cache_that_lost_everything_is_built_from_the_store():
    snapshot.publish("prices", OLD)
    cache.delete_many(["snapshot:prices:version", "snapshot:prices:items"])
    assert snapshot.read("prices", lambda: NEW).items == NEW


def test_a_version_whose_items_were_lost_is_built_again():
    snapshot.publish("prices", OLD)
    cache.delete("snapshot:prices:items")
    snapshot._held.clear()
    assert snapshot.read("prices", lambda: NEW).items == NEW


def test_topics_are_apart():
    snapshot.publish("prices", OLD)
    snapshot.publish("assets", NEW)
    assert snapshot.read("prices", never).items == OLD
