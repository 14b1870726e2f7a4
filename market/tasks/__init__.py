"""What the market room does on schedule. Only here is the tap opened."""

from market.tasks import candles, quotes, repair, rollups

__all__ = ["candles", "quotes", "repair", "rollups"]
