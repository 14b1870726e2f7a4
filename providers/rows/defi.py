"""Providers of figures about DeFi."""

from providers.adapters.defillama import DefiLlama
from providers.row import Row

ROWS: tuple[Row, ...] = (
    Row(
        slug="defillama",
        name="DefiLlama",
        kind="defi",
        adapter=DefiLlama(),
        origin="https://api.llama.fi",
        # Its lists weigh ten megabytes each and change once an hour.
        budget=6,
        every=3600,
        is_default=True,
    ),
)
