"""What the market room does on schedule. Only here is the tap opened."""

from market.tasks import assets, figures, points, quotes, rates

__all__ = ["assets", "figures", "points", "quotes", "rates"]
