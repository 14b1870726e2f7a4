"""When the candles of a series are worth asking for. Pure arithmetic on seconds."""

from market.intervals import INTERVALS, MINUTE, open_of

# An open candle that somebody looks at is seen anew this often: well inside the five minutes for
# which an answer counts as fresh.
REFRESH = 4 * MINUTE
# The schedule ticks once a minute, give or take; a moment too early is not a minute too late.
SLACK = MINUTE // 2


def due_since(interval: str, tried_at: float, now: float, *, is_watched: bool) -> float | None:
    """Return since when a series waits: for a candle that opened since the last try, or for a
    new look at the open one. None when it does not."""
    if tried_at > now:
        # The clock was set back since.
        return now
    opened = open_of(interval, int(now))
    since = [float(opened)] if opened > tried_at else []
    if is_watched and now - tried_at >= refresh_of(interval) - SLACK:
        since.append(min(now, tried_at + refresh_of(interval)))
    return min(since, default=None)


def lateness(interval: str, since: float, now: float) -> float:
    """Return how many of its own periods a series waits; whoever waits longest is asked first."""
    return (now - since) / refresh_of(interval)


def refresh_of(interval: str) -> int:
    return max(MINUTE, min(INTERVALS[interval], REFRESH))


def missed(interval: str, newest: int, now: float) -> int:
    """Return how many candles after the newest closed one must have closed since."""
    return max(0, (open_of(interval, int(now)) - newest) // INTERVALS[interval] - 1)
