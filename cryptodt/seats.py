"""Who is connected to the feed: so many at once for each key and each address."""

from collections import Counter

from accounts.callers import Caller


class Seats:
    """Counts the connections of this process. All of it happens on the event loop."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        return self._taken.total()

    def take(self, caller: Caller) -> bool:
        most = caller.limits.sockets
        if most is not None and self._taken[caller.bucket] >= most:
            return False
        self._taken[caller.bucket] += 1
        return True

    def give_back(self, caller: Caller) -> None:
        self._taken[caller.bucket] -= 1
        if not self._taken[caller.bucket]:
            del self._taken[caller.bucket]


SEATS = Seats()
