"""Providers that say how the market feels."""

from providers.adapters.alternative_me import AlternativeMe
from providers.row import Row

ROWS: tuple[Row, ...] = (
    Row(
        slug="alternative-me",
        name="Alternative.me",
        kind="mood",
        adapter=AlternativeMe(),
        origin="https://api.alternative.me",
        # One reading a day; it allows 60 questions a minute.
        budget=6,
        every=1800,
        is_default=True,
    ),
)
