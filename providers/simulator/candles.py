"""When candles open: fixed steps, weeks from Monday, months from the first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile

from providers.simulator.market import DAY, HOUR, MINUTE, OPENED

_LONGEST_MONTH = 31 * DAY


@dataclass(frozen=True, slots=True)
class Grid:
    """The opening times of one kind of candle; no width means calendar months."""

    width: int
    # Seconds after the epoch, a Thursday, at which the first candle opens.
    offset: int = 0

    def floor(self, second: int) -> int:
        if self.width:
            return second - (second - self.offset) % self.width
        moment = datetime.fromtimestamp(second, UTC)
        return int(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp())

    def after(self, start: int) -> int:
        """Return the opening that follows the opening `start`."""
        return start + self.width if self.width else self.floor(start + _LONGEST_MONTH)

    def upward(self, start: int, end: int) -> Iterator[int]:
        """Yield openings from `start` to `end`, both included."""
        start = max(start, OPENED)
        opening = self.floor(start)
        if opening < start:
            opening = self.after(opening)
        while opening <= end:
            yield opening
            opening = self.after(opening)

    def latest(self, end: int, count: int) -> list[int]:
        """Return up to `count` openings until `end`, oldest first."""
        openings = [self.floor(end)]
        while len(openings) < count:
            openings.append(self.floor(openings[-1] - 1))
        return list(takewhile(lambda second: second >= OPENED, openings))[::-1]


_MONDAY = 4 * DAY

BINANCE = {
    "1s": Grid(1),
    "1m": Grid(MINUTE),
    "3m": Grid(3 * MINUTE),
    "5m": Grid(5 * MINUTE),
    "15m": Grid(15 * MINUTE),
    "30m": Grid(30 * MINUTE),
    "1h": Grid(HOUR),
    "2h": Grid(2 * HOUR),
    "4h": Grid(4 * HOUR),
    "6h": Grid(6 * HOUR),
    "8h": Grid(8 * HOUR),
    "12h": Grid(12 * HOUR),
    "1d": Grid(DAY),
    "3d": Grid(3 * DAY),
    "1w": Grid(7 * DAY, _MONDAY),
    "1M": Grid(0),
}

# Kraken counts in minutes, and its weeks open on Thursday like the epoch.
KRAKEN = {
    str(minutes): Grid(minutes * MINUTE) for minutes in (1, 5, 15, 30, 60, 240, 1440, 10080, 21600)
}
