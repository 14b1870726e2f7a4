"""What the market room does on schedule. Only here is the tap opened."""

from market.tasks import (
    assets,
    candles,
    figures,
    points,
    quotes,
    rates,
    repair,
    rollups,
    streams,
)

__all__ = [
    "assets",
    "candles",
    "figures",
    "points",
    "quotes",
    "rates",
    "repair",
    "rollups",
    "streams",
]
