"""Whether candles are what was asked for. Pure: it knows no clock, no store, no provider.

An upstream may answer about another pair or another interval, from another time, or with prices
that nobody else has seen. Whatever is refused has a name, and the next provider is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from market.intervals import INTERVALS, MINUTE, is_open_time, open_of
from providers.types import Candle, CandleAsk

# Clocks differ a little; a candle from further ahead is from a broken one.
LEAD = 30
# Venues differ by some hundredths of a percent. A price that was agreed on while a candle was
# open lies between its low and its high, give or take this share.
TOLERANCE = Decimal("0.02")
# When nobody saw one meanwhile, the nearest in time may be further off: by a jump, and by what
# the market moves in a minute.
JUMP, JUMP_PER_MINUTE = Decimal("0.05"), Decimal("0.01")
# So many candles in step with a longer interval are no accident.
PATTERN = 3


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the providers agreed on at a moment, in the candles' currency."""

    at: int
    price: Decimal


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why candles are left out, by the pump's name for it and in plain words."""

    reason: str
    said: str


def refusal(
    candles: Sequence[Candle], ask: CandleAsk, sightings: Sequence[Sighting], *, now: datetime
) -> Doubt | None:
    """Return why the candles cannot be believed, or None when nothing speaks against them."""
    return (
        _mixed_up(candles, ask)
        or _misplaced(candles, ask.interval, now.timestamp())
        or _of_another_interval(candles, ask.interval)
        or _contradicted(candles, ask, sightings)
    )


def weakness(candles: Sequence[Candle], ask: CandleAsk, *, now: datetime) -> Doubt | None:
    """Return why another provider may know better. A thin market can look like this as well."""
    in_order = sorted(candles, key=lambda candle: candle.opened_at)
    step = INTERVALS[ask.interval]
    behind = open_of(ask.interval, int(now.timestamp())) - opened(in_order[-1])
    if behind > step:
        return Doubt("stale", f"its newest candle opened {behind // step} candles ago")
    newest = in_order[-2:]
    if len(newest) > 1 and all(not one.volume and one.low == one.high for one in newest):
        return Doubt("frozen", "its newest candles stand still")
    return None


def proven(candles: Sequence[Candle], ask: CandleAsk, *, now: datetime) -> list[Candle]:
    """Return the candles, those of them as open after which nobody traded up to now.

    A feed that stands still goes on with candles that its clock makes. Neither they nor the word
    of such a feed prove that the last one with trades in it was whole; the next trade does.
    """
    in_order = sorted(candles, key=lambda candle: candle.opened_at)
    newest, step = opened(in_order[-1]), INTERVALS[ask.interval]
    last = max((opened(one) for one in in_order if one.volume), default=opened(in_order[0]))
    if last == newest or open_of(ask.interval, int(now.timestamp())) - newest > step:
        return in_order
    return [replace(one, is_closed=False) if opened(one) >= last else one for one in in_order]


def opened(candle: Candle) -> int:
    return int(candle.opened_at.timestamp())


def _mixed_up(candles: Sequence[Candle], ask: CandleAsk) -> Doubt | None:
    wanted = (ask.symbol, ask.currency, ask.interval)
    for candle in candles:
        named = (candle.symbol, candle.currency, candle.interval)
        if named != wanted:
            return Doubt("bad_payload", f"answered about {' '.join(named)}")
    if len({candle.source for candle in candles}) > 1:
        return Doubt("bad_payload", "answered with candles of several sources")
    if len({candle.opened_at for candle in candles}) < len(candles):
        return Doubt("bad_payload", "answered with two candles of one time")
    return None


def _misplaced(candles: Sequence[Candle], interval: str, now: float) -> Doubt | None:
    for candle in candles:
        second = opened(candle)
        spelled = candle.opened_at.isoformat()
        if candle.opened_at.microsecond or not is_open_time(interval, second):
            return Doubt("bad_payload", f"no candle of {interval} opens at {spelled}")
        if second > now + LEAD:
            return Doubt("from_the_future", f"a candle opens in the future, at {spelled}")
        if candle.is_closed and second + INTERVALS[interval] > now + LEAD:
            return Doubt("from_the_future", f"calls a candle complete before it ends: {spelled}")
    return None


def _of_another_interval(candles: Sequence[Candle], interval: str) -> Doubt | None:
    """Candles of an hour stand in the grid of minutes too, but never one beside the other."""
    times = sorted(opened(candle) for candle in candles)
    if len(times) < PATTERN:
        return None
    narrowest = min(after - before for before, after in pairwise(times))
    for other, step in reversed(list(INTERVALS.items())):
        if INTERVALS[interval] < step <= narrowest and all(
            is_open_time(other, second) for second in times
        ):
            return Doubt("bad_payload", f"its candles are those of {other}")
    return None


def _contradicted(
    candles: Sequence[Candle], ask: CandleAsk, sightings: Sequence[Sighting]
) -> Doubt | None:
    at = {opened(candle): candle for candle in candles}
    pairs = [
        (candle, sighting, TOLERANCE)
        for sighting in sightings
        if (candle := at.get(open_of(ask.interval, sighting.at))) is not None
    ]
    for candle, sighting, allowed in pairs or _nearest(at, sightings):
        least, most = candle.low * (1 - allowed), candle.high * (1 + allowed)
        if not least <= sighting.price <= most:
            spelled = candle.opened_at.isoformat()
            return Doubt(
                "outlier", f"its candle of {spelled} is far from what the others paid then"
            )
    return None


def _nearest(
    at: Mapping[int, Candle], sightings: Sequence[Sighting]
) -> list[tuple[Candle, Sighting, Decimal]]:
    """Return who saw a price last before or first after the candles, and what it may have moved."""
    apart = [(abs(second - one.at), second, one.at, one) for second in at for one in sightings]
    if not apart:
        return []
    distance, second, _, sighting = min(apart, key=lambda found: found[:3])
    return [(at[second], sighting, JUMP + JUMP_PER_MINUTE * (distance // MINUTE))]
