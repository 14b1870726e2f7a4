"""Warm answers: the public bytes of what was last recorded, by topic and key.

A snapshot is written when data changes and read as it is. Its version tells readers whether the
copy in their own memory still holds, so a warm read costs one small look-up and no query.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.core.cache import cache


@dataclass(frozen=True, slots=True)
class Item:
    """One public object without its closing brace, when its value was observed, and by whom."""

    head: bytes
    observed_ms: int = 0
    sources: tuple[str, ...] = ()
    # What is added to the object for those who ask for all of it.
    detail: bytes = b""


@dataclass(frozen=True, slots=True)
class Snapshot:
    version: int = 0
    items: Mapping[str, Item] = field(default_factory=dict)


Build = Callable[[], Mapping[str, Item]]

_held: dict[str, Snapshot] = {}
_cold = threading.Lock()


def _keys(topic: str) -> tuple[str, str]:
    return f"snapshot:{topic}:version", f"snapshot:{topic}:items"


def publish(topic: str, items: Mapping[str, Item]) -> Snapshot:
    """Replace a topic's snapshot. A topic has one writer; its lock is the caller's business."""
    version_key, items_key = _keys(topic)
    held = cache.get(version_key) or 0
    # Nanoseconds grow across restarts, so an ETag from before one is never valid by accident.
    snapshot = Snapshot(max(time.time_ns(), held + 1), dict(items))
    # Items first: whoever sees the new version must find the items that belong to it.
    cache.set(items_key, snapshot, timeout=None)
    cache.set(version_key, snapshot.version, timeout=None)
    _held[topic] = snapshot
    return snapshot


def forget(topic: str) -> None:
    """Have the next reader build it from the store."""
    cache.delete(_keys(topic)[0])


def read(topic: str, build: Build) -> Snapshot:
    """Return the warm snapshot; when there is none, build it once while the others wait."""
    warm = _warm(topic)
    if warm is not None:
        return warm
    with _cold:
        return _warm(topic) or publish(topic, build())


def _warm(topic: str) -> Snapshot | None:
    version_key, items_key = _keys(topic)
    version = cache.get(version_key)
    if version is None:
        return None
    held = _held.get(topic)
    if held is not None and held.version == version:
        return held
    snapshot: Snapshot | None = cache.get(items_key)
    if snapshot is not None:
        _held[topic] = snapshot
    return snapshot
