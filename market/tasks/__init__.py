"""What the market room does on schedule. Only here is the tap opened."""

from market.tasks import candles, figures, quotes, repair, rollups

__all__ = ["candles", "figures", "quotes", "repair", "rollups"]
