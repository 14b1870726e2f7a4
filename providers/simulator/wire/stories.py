"""What the simulated press writes: as many stories as time passes, true to the market."""

import math
from collections.abc import Iterator
from typing import NamedTuple

from providers.simulator.assets import ASSETS, Asset
from providers.simulator.market import DAY
from providers.simulator.noise import words
from providers.simulator.venue import View

_FLAT = 0.5

_RISING = (
    "{name} climbs {percent}% in a day as buyers return",
    "{name} rallies {percent}%: what lifts {symbol} now",
    "Traders cheer as {symbol} gains {percent}% and volume swells",
    "{symbol} breaks higher, up {percent}% since yesterday",
)
_FALLING = (
    "{name} slides {percent}% as sellers take over",
    "{symbol} drops {percent}% in a day, and long positions are liquidated",
    "Fear returns to {name}: {symbol} loses {percent}%",
    "{name} under pressure after a fall of {percent}%",
)
_RESTING = (
    "{name} holds steady while traders wait for a signal",
    "{symbol} moves sideways in a quiet session",
    "Little change for {name} as volume dries up",
)
_INCIDENTS = (
    "Delayed {name} ({symbol}) withdrawals",
    "{name} ({symbol}) deposits are degraded",
    "Scheduled maintenance of {name} ({symbol}) funding",
)
_RELEASES = ("Version {major}.{minor}.{patch}", "v{major}.{minor}.{patch}")


class Story(NamedTuple):
    """One item of one publisher; `number` counts up for ever."""

    number: int
    at: int
    asset: Asset
    title: str
    summary: str


def latest(view: View, publisher: str, count: int, pace: int) -> Iterator[Story]:
    """Yield the last stories of a publisher, newest first: one every `pace` seconds."""
    newest = view.second // pace
    for number in range(newest, newest - count, -1):
        story = _story(view, publisher, number, pace)
        # The last one may still be being written.
        if story.at <= view.second:
            yield story


def _story(view: View, publisher: str, number: int, pace: int) -> Story:
    pick, which, late, patch = words(f"{view.market.seed}/{publisher}/{number}", 4)
    # Larger assets are written about more.
    asset = ASSETS[len(ASSETS) * pick**2 // 65536**2]
    at = number * pace + late * (pace // 2) // 65536
    percent = _change(view, asset, at)
    templates = _templates(publisher, percent)
    words_in = {
        "name": asset.name,
        "symbol": asset.symbol,
        "percent": f"{abs(percent):.1f}",
        "major": 1 + number // 64,
        "minor": number % 64,
        "patch": patch % 4,
    }
    title = templates[which % len(templates)].format(**words_in)
    return Story(number, at, asset, title, f"{title}. This market is simulated, and so is this.")


def _templates(publisher: str, percent: float) -> tuple[str, ...]:
    if publisher.endswith("-status"):
        return _INCIDENTS
    if publisher.endswith("-releases"):
        return _RELEASES
    if abs(percent) < _FLAT:
        return _RESTING
    return _RISING if percent > 0 else _FALLING


def _change(view: View, asset: Asset, at: int) -> float:
    # On the hour, which costs no ticks.
    hour = min(at, view.second) // 3600 * 3600
    now, before = (view.market.log_price(asset.symbol, one) for one in (hour, hour - DAY))
    return 100 * (math.exp(now - before) - 1)
