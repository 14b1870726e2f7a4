"""How topics stand now: read once for all who ask at the same place within the same second."""

import asyncio
import time

from cryptodt.common.broadcast import Position
from cryptodt.door import in_thread
from cryptodt.topics import Items, Topic

BELIEVED = 1.0

_Key = tuple[str, Position]


class Snapshots:
    """Used on the event loop. What was read after a place holds all that was told before it."""

    def __init__(self) -> None:
        self._reading: dict[_Key, tuple[asyncio.Future[Items], float]] = {}

    def has(self, topic: Topic, position: Position) -> bool:
        """Say whether this is being read, or was a moment ago."""
        held = self._reading.get((topic.key, position))
        return held is not None and held[1] >= time.monotonic() - BELIEVED

    async def of(self, topic: Topic, position: Position) -> Items:
        key, now = (topic.key, position), time.monotonic()
        loop = asyncio.get_running_loop()
        held = self._reading.get(key)
        if held is None or held[1] < now - BELIEVED or held[0].get_loop() is not loop:
            self._forget_before(now - BELIEVED)
            reading = loop.create_task(in_thread(topic.load))
            self._reading.pop(key, None)
            held = self._reading[key] = (reading, now)
        try:
            # Whoever leaves does not take it away from the others.
            return await asyncio.shield(held[0])
        except Exception:
            self._reading.pop(key, None)
            raise

    def _forget_before(self, moment: float) -> None:
        """Drop what nobody would be shown any more; what is oldest stands first."""
        while self._reading:
            first = next(iter(self._reading))
            if self._reading[first][1] >= moment:
                return
            del self._reading[first]


SNAPSHOTS = Snapshots()
