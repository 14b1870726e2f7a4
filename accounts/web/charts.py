"""The bars of the usage page, as the numbers that an SVG needs. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from accounts.reports import Used

WIDTH, HEIGHT = 900, 120
# What a bar leaves free next to it.
GAP = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """A day: what was answered, and on top of it what a limit refused."""

    day: date
    used: Used
    x: int
    width: int
    y: int
    height: int
    limited_y: int
    limited_height: int


@dataclass(frozen=True, slots=True)
class Chart:
    width: int
    height: int
    most: int
    bars: list[Bar]


def chart(days: Sequence[tuple[date, Used]]) -> Chart:
    most = max((used.calls + used.limited for _, used in days), default=0)
    step = WIDTH // max(1, len(days))
    bars = [
        _bar(day, used, place * step, step - GAP, most) for place, (day, used) in enumerate(days)
    ]
    return Chart(WIDTH, HEIGHT, most, bars)


def share(count: int, most: int) -> int:
    """Return a length of 100 at most; whatever there is can be seen."""
    return max(1, round(count * 100 / most)) if count and most else 0


def _bar(day: date, used: Used, x: int, width: int, most: int) -> Bar:
    height, limited = _height(used.calls, most), _height(used.limited, most)
    # Two that are rounded up must not stand out of the picture.
    limited = min(limited, HEIGHT - height)
    return Bar(
        day=day,
        used=used,
        x=x,
        width=width,
        y=HEIGHT - height,
        height=height,
        limited_y=HEIGHT - height - limited,
        limited_height=limited,
    )


def _height(count: int, most: int) -> int:
    return max(2, count * HEIGHT // most) if count and most else 0
