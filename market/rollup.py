"""Candles of a longer interval out of those of a shorter one. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from cryptodt.common.money import PRECISION, spell
from market.intervals import INTERVALS

# Each interval is made of the next shorter one.
PARTS: Mapping[str, str] = {
    "5m": "1m",
    "15m": "5m",
    "1h": "15m",
    "4h": "1h",
    "1d": "4h",
    "1w": "1d",
}


@dataclass(frozen=True, slots=True)
class Whole:
    """A complete candle, and who says so."""

    opened_at: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    source: str


def roll_up(parts: Sequence[Whole], interval: str, opened_at: int) -> Whole | None:
    """Return the candle that the parts make, or None where one is missing or another's.

    What is missing is not guessed, and one source's trades are not another's.
    """
    step = INTERVALS[PARTS[interval]]
    wanted = range(opened_at, opened_at + INTERVALS[interval], step)
    held = {part.opened_at: part for part in parts}
    if any(second not in held for second in wanted):
        return None
    chosen = [held[second] for second in wanted]
    if len({part.source for part in chosen}) > 1:
        return None
    with localcontext() as context:
        context.prec = PRECISION
        volume = sum((part.volume for part in chosen), Decimal(0))
    return Whole(
        opened_at=opened_at,
        open=chosen[0].open,
        high=max(part.high for part in chosen),
        low=min(part.low for part in chosen),
        close=chosen[-1].close,
        volume=volume,
        source=chosen[0].source,
    )


def difference(candle: Whole, rolled_up: Whole) -> str:
    """Say where a candle is not what its parts make, or nothing where it is."""
    names = ("open", "high", "low", "close", "volume")
    said = [
        f"{name} {spell(getattr(candle, name))} instead of {spell(getattr(rolled_up, name))}"
        for name in names
        if getattr(candle, name) != getattr(rolled_up, name)
    ]
    return ", ".join(said)
