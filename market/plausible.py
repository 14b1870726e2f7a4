"""Whether figures of the whole market can be meant. Pure: each is held against what is known.

Nobody agrees on these figures as they do on prices, so an answer that cannot be right is refused
by name, and the next provider is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import TypeVar

from providers.types import GlobalFigures, Protocol, TvlPoint

Key = TypeVar("Key")

# Hundreds of times what there is; more is a mistaken unit.
MOST_DOLLARS = Decimal(10**15)
ONE, WHOLE = Decimal(1), Decimal(100)
# A clock that runs ahead of ours by more tells of no time.
LEAD = timedelta(seconds=30)
# What is known holds new figures to it for so long.
MEMORY = timedelta(days=1)
MOST_ASSETS = 10**7
PERCENT = (Decimal(-100), Decimal(10**6))
# Further from what is known, in either direction, a total was not measured but mistaken.
TOTAL_LEAP = Decimal("1.5")
LOCKED_LEAP = Decimal(3)
# One protocol may be drained or launched; tenfold overnight is a unit.
PROTOCOL_LEAP = Decimal(10)
SPIKE = Decimal(5)
# A list with less than this share of what it had is half an answer.
HALF = Decimal("0.5")
# DefiLlama itself counts neither as DeFi: one holds its customers' coins, the other is a ledger.
NOT_DEFI = frozenset({"CEX", "Chain"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTotals:
    """What new totals are held against: the last ones, and what Bitcoin alone is worth."""

    total_market_cap: Decimal | None = None
    observed_at: datetime | None = None
    btc_market_cap: Decimal | None = None


def problem_of_totals(
    found: GlobalFigures, known: KnownTotals, *, now: datetime, current: timedelta
) -> str:
    """Say why totals cannot be taken, or nothing when they can."""
    if found.observed_at - now > LEAD:
        return "is from the future"
    if now - found.observed_at > current:
        return "is too old to be current"
    if not 0 < found.total_market_cap <= MOST_DOLLARS:
        return "has a market cap that cannot be"
    if _is_far_from_last(found, known, now):
        return "has a market cap far from the last one"
    if _misfits_bitcoin(found, known):
        return "has a market cap that does not fit what Bitcoin is worth"
    return ""


def _is_far_from_last(found: GlobalFigures, known: KnownTotals, now: datetime) -> bool:
    return (
        known.total_market_cap is not None
        and known.observed_at is not None
        and now - known.observed_at <= MEMORY
        and _apart(found.total_market_cap, known.total_market_cap) > TOTAL_LEAP
    )


def _misfits_bitcoin(found: GlobalFigures, known: KnownTotals) -> bool:
    """Hold the total against Bitcoin's own worth: that comes from whoever agrees on its price, so
    the same mistake seldom bends both."""
    share = _percent(found.btc_dominance)
    if share is None or not known.btc_market_cap:
        return False
    return _apart(found.total_market_cap * share / WHOLE, known.btc_market_cap) > TOTAL_LEAP


def plausible_totals(found: GlobalFigures) -> GlobalFigures:
    """Return the totals without the single figures that cannot be meant."""
    btc, eth = _percent(found.btc_dominance), _percent(found.eth_dominance)
    if btc is not None and eth is not None and btc + eth > WHOLE:
        btc = eth = None
    active = found.active_assets
    return replace(
        found,
        total_volume_24h=_dollars(found.total_volume_24h),
        btc_dominance=btc,
        eth_dominance=eth,
        market_cap_change_24h=_change(found.market_cap_change_24h),
        active_assets=active if active is not None and active <= MOST_ASSETS else None,
    )


def plausible_protocols(found: Sequence[Protocol], known: Mapping[str, Decimal]) -> list[Protocol]:
    """Return what counts as DeFi and can be meant, the largest first."""
    kept = [
        replace(
            one,
            change_1d=_change(one.change_1d),
            change_7d=_change(one.change_7d),
            market_cap=_dollars(one.market_cap),
        )
        for one in found
        if one.category not in NOT_DEFI
        and 0 < one.tvl <= MOST_DOLLARS
        and not (one.slug in known and one.tvl > known[one.slug] * PROTOCOL_LEAP)
    ]
    return sorted(kept, key=lambda one: (-one.tvl, one.slug))


def problem_of_protocols(found: Sequence[Protocol], known: Mapping[str, Decimal]) -> str:
    """Say why a list cannot replace the known one, or nothing when it can."""
    if not found:
        return "names no protocol"
    told = {one.slug: one.tvl for one in found}
    if len(told) < len(known) * HALF:
        return "names less than half of the protocols it had"
    return _leap({slug: told[slug] for slug in told.keys() & known.keys()}, known)


def plausible_days(found: Sequence[TvlPoint], *, now: datetime) -> dict[date, TvlPoint]:
    """Return one point for each day that can be meant; the last word on a day counts."""
    today = now.astimezone(UTC).date()
    days = {one.at.astimezone(UTC).date(): one for one in sorted(found, key=lambda one: one.at)}
    kept = {day: one for day, one in days.items() if day <= today and 0 < one.tvl <= MOST_DOLLARS}
    order = list(kept)
    for before, day, after in zip(order, order[1:], order[2:], strict=False):
        if _stands_out(days[day].tvl, days[before].tvl, days[after].tvl):
            del kept[day]
    # The newest has no day after it; the first grew from nothing, and leaps from no past.
    last = list(kept)[-2:]
    if len(last) > 1 and _stands_out(days[last[1]].tvl, days[last[0]].tvl):
        del kept[last[1]]
    return kept


def problem_of_days(found: Mapping[date, TvlPoint], known: Mapping[date, Decimal]) -> str:
    if not found:
        return "tells of no day"
    return _leap({day: found[day].tvl for day in found.keys() & known.keys()}, known)


def _stands_out(value: Decimal, *beside: Decimal) -> bool:
    """Say whether a day stands far above or far below the days beside it."""
    return all(value > other * SPIKE for other in beside) or all(
        value * SPIKE < other for other in beside
    )


def _leap(told: Mapping[Key, Decimal], known: Mapping[Key, Decimal]) -> str:
    if told and _apart(median(told[key] / known[key] for key in told), ONE) > LOCKED_LEAP:
        return "is far from what was known as a whole"
    return ""


def plausible_rank(rank: int | None) -> int | None:
    return rank if rank is not None and 1 <= rank <= MOST_ASSETS else None


def _dollars(amount: Decimal | None) -> Decimal | None:
    return amount if amount is not None and 0 <= amount <= MOST_DOLLARS else None


def _change(percent: Decimal | None) -> Decimal | None:
    least, most = PERCENT
    return percent if percent is not None and least <= percent <= most else None


def _percent(share: Decimal | None) -> Decimal | None:
    return share if share is not None and 0 < share <= WHOLE else None


def _apart(one: Decimal, other: Decimal) -> Decimal:
    """Return how many times the larger is the smaller; both are above zero."""
    return max(one, other) / min(one, other)
