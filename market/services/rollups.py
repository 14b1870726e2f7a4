"""Checking candles against those that they should be made of."""

import logging
from datetime import UTC, datetime

from market.intervals import INTERVALS
from market.models import Series
from market.rollup import difference, roll_up
from market.selectors.rollups import Pair, closed_since, pairs, parts_of

logger = logging.getLogger(__name__)

# What closed since the last two checks, and at least the newest one.
LOOK_BACK = 2 * 3600
MOST = 24


def check_all(*, now: datetime) -> int:
    """Check what closed lately; return how many series do not add up."""
    return sum(bool(check(pair, now=now)) for pair in pairs())


def check(pair: Pair, *, now: datetime) -> str:
    """Compare complete candles with the roll-up of complete parts from the same source.

    Nothing is changed: which of the two is wrong is for the upstream to say, and for operators
    to know.
    """
    interval = pair.whole.interval
    since = int(now.timestamp()) - LOOK_BACK - 2 * INTERVALS[interval]
    said = ""
    for candle in closed_since(pair.whole, since, MOST):
        rolled_up = roll_up(parts_of(pair, candle.opened_at), interval, candle.opened_at)
        if rolled_up is None or rolled_up.source != candle.source:
            continue
        if told := difference(candle, rolled_up):
            moment = datetime.fromtimestamp(candle.opened_at, UTC).isoformat()
            said = f"{moment} from {candle.source}: {told}"
            logger.warning("%s is not what its parts make: %s", pair.whole, said)
            break
    most = Series._meta.get_field("mismatch").max_length
    if said != pair.whole.mismatch:
        Series.objects.filter(pk=pair.whole.pk).update(mismatch=said[:most])
    return said
