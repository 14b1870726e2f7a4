"""A shelf for finished bytes: so many of them and no more; what nobody asks for goes first."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Thing = TypeVar("Thing")


class Shelf(Generic[Key, Thing]):
    """Holds things by their key, within a size in all. Used from any thread."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Key, tuple[Thing, int]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Key) -> Thing | None:
        with self._lock:
            held = self._held.get(key)
            if held is None:
                return None
            self._held.move_to_end(key)
            return held[0]

    def put(self, key: Key, thing: Thing, *, size: int) -> None:
        with self._lock:
            self._drop(key)
            self._held[key] = (thing, size)
            self._size += size
            while self._size > self._most:
                self._drop(next(iter(self._held)))

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self._size = 0

    def _drop(self, key: Key) -> None:
        _, size = self._held.pop(key, (None, 0))
        self._size -= size
