"""What somebody listens to stays collected: what its first snapshot asked for is asked for again."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence

from cryptodt.common.errors import Refusal, Unavailable
from cryptodt.door import in_thread
from cryptodt.topics import Topic

logger = logging.getLogger(__name__)

# What is wanted is written down every five minutes at most, and collected for fifteen more.
KEEP_SECONDS = 240.0
LOOK_SECONDS = 1.0
RETRY_SECONDS = 15.0


class Keeper:
    """Asks for each topic when somebody begins to listen, however that came, and then on."""

    def __init__(self, topics: Callable[[], Iterable[Topic]]) -> None:
        self._topics = topics
        # When each topic is asked for again.
        self._due: dict[str, float] = {}

    async def keep_for_ever(self) -> None:
        while True:
            try:
                await self.keep(time.monotonic())
            except Exception:
                logger.exception("What is listened to could not be asked for")
            await asyncio.sleep(LOOK_SECONDS)

    async def keep(self, now: float) -> None:
        """Ask for what is due now, and forget what nobody listens to any more."""
        wanted = {one.key: one for one in self._topics() if one.keep is not None}
        self._due = {key: self._due.get(key, now) for key in wanted}
        due = [key for key, at in self._due.items() if at <= now]
        if not due:
            return
        try:
            await in_thread(lambda: _ask_for([wanted[key] for key in due]))
            again = now + KEEP_SECONDS
        except Unavailable:
            again = now + RETRY_SECONDS
        self._due |= dict.fromkeys(due, again)


def _ask_for(topics: Sequence[Topic]) -> None:
    for topic in topics:
        try:
            if topic.keep is not None:
                topic.keep()
        except Refusal as refusal:
            # What there was when it was subscribed to may be gone.
            logger.info("%s is not asked for any more: %s", topic.name, refusal.message)
