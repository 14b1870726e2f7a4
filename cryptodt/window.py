"""The last minutes of every topic: exactly what somebody missed, or why that cannot be said."""

from collections import deque
from collections.abc import Mapping, Sequence

from cryptodt.common.broadcast import Position
from cryptodt.frames import Told

# Why nobody can be told what was missed.
EPOCH, AHEAD, EXPIRED = "epoch", "ahead", "expired"
LOST, MANY = "lost", "many"
# Whatever is told, a process keeps no more than this; what falls out has expired.
MOST_BYTES = 96 * 1024 * 1024
# When a topic was last told, and when that happened.
Last = tuple[int, int | None]


class Window:
    """What was told of each topic lately. An offset that is left out empties the topic's part:
    what is handed out is whole, or nothing."""

    def __init__(self, seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self.seconds = seconds
        self.most_bytes = most_bytes
        self.epoch = ""
        self.bytes = 0
        self._newest: dict[str, int] = {}
        # However long ago.
        self._last: dict[str, Last] = {}
        self._kept: dict[str, deque[Told]] = {}
        # All that is kept, the oldest first; a topic that was emptied is still in here.
        self._order: deque[tuple[str, Told]] = deque()

    def newest(self, key: str) -> int:
        return self._newest.get(key, 0)

    def begin(self, epoch: str, newest: Mapping[str, int]) -> None:
        """Start with a new epoch, in which so much was told before."""
        self.epoch = epoch
        self.bytes = 0
        self._newest = dict(newest)
        self._last = {}
        self._kept = {}
        self._order = deque()

    def add(self, key: str, told: Told) -> bool:
        """Keep a message. Say whether it follows the one before it; raises for a known one."""
        newest = self.newest(key)
        if told.offset <= newest:
            raise Known
        follows = told.offset == newest + 1
        if not follows:
            self._empty(key)
        self._newest[key] = told.offset
        self._last[key] = (told.told_ms, told.at_ms)
        self._kept.setdefault(key, deque()).append(told)
        self._order.append((key, told))
        self.bytes += told.size
        while self.bytes > self.most_bytes:
            self._drop_oldest()
        return follows

    def lose(self, key: str, newest: int, last: Last | None = None) -> None:
        """Go on behind messages that were told and not heard, or cannot be told again; of those,
        when the last one was told and happened may be known."""
        self._empty(key)
        self._last.pop(key, None)
        if last is not None:
            self._last[key] = last
        self._newest[key] = newest

    def missed(self, key: str, since: Position) -> Sequence[Told] | str:
        """Return every message after a position, or the reason why that is not possible."""
        newest = self.newest(key)
        if since.epoch != self.epoch:
            return EPOCH
        if since.offset > newest:
            return AHEAD
        if since.offset == newest:
            return ()
        kept = self._kept.get(key)
        if not kept or kept[0].offset > since.offset + 1:
            return EXPIRED
        behind = since.offset + 1 - kept[0].offset
        return list(kept)[behind:]

    def last_told(self, key: str) -> Last | None:
        """Return when a topic was told last, and when that had happened."""
        return self._last.get(key)

    def trim(self, now_ms: int) -> None:
        oldest = now_ms - int(self.seconds * 1000)
        while self._order and self._order[0][1].told_ms < oldest:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        key, told = self._order.popleft()
        kept = self._kept.get(key)
        if kept and kept[0] is told:
            kept.popleft()
            self.bytes -= told.size
            if not kept:
                del self._kept[key]

    def _empty(self, key: str) -> None:
        for told in self._kept.pop(key, ()):
            self.bytes -= told.size


class Known(Exception):
    """A message that was heard before."""
