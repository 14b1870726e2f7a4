"""The last minutes of every topic: exactly what somebody missed, or why that cannot be said."""

from collections import deque
from collections.abc import Mapping, Sequence

from cryptodt.common.broadcast import Position
from cryptodt.frames import Told

# Why nobody can be told what was missed.
EPOCH, AHEAD, EXPIRED = "epoch", "ahead", "expired"
LOST, MANY = "lost", "many"


class Window:
    """What was told of each topic lately. An offset that is left out empties the topic's part:
    what is handed out is whole, or nothing."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.epoch = ""
        self._newest: dict[str, int] = {}
        self._kept: dict[str, deque[Told]] = {}

    def newest(self, key: str) -> int:
        return self._newest.get(key, 0)

    def begin(self, epoch: str, newest: Mapping[str, int]) -> None:
        """Start with a new epoch, in which so much was told before."""
        self.epoch = epoch
        self._newest = dict(newest)
        self._kept = {}

    def add(self, key: str, told: Told) -> bool:
        """Keep a message. Say whether it follows the one before it; raises for a known one."""
        newest = self.newest(key)
        if told.offset <= newest:
            raise Known
        follows = told.offset == newest + 1
        kept = self._kept.setdefault(key, deque())
        if not follows:
            kept.clear()
        self._newest[key] = told.offset
        kept.append(told)
        return follows

    def lose(self, key: str, newest: int) -> None:
        """Go on behind messages that were told and not heard."""
        self._kept.pop(key, None)
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

    def last_told_ms(self, key: str) -> int | None:
        kept = self._kept.get(key)
        return kept[-1].told_ms if kept else None

    def trim(self, now_ms: int) -> None:
        oldest = now_ms - int(self.seconds * 1000)
        for key in list(self._kept):
            kept = self._kept[key]
            while kept and kept[0].told_ms < oldest:
                kept.popleft()
            if not kept:
                del self._kept[key]

    def __len__(self) -> int:
        return sum(map(len, self._kept.values()))


class Known(Exception):
    """A message that was heard before."""
