"""What the market room does on schedule. Only here is the tap opened."""

from market.tasks import figures, quotes

__all__ = ["figures", "quotes"]
