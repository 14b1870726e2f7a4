"""The rows: every provider that the code knows, and what an operator may add without code."""

from providers.adapters.ccxt_exchange import CcxtExchange
from providers.adapters.coingecko import CoinGecko
from providers.row import Row

ROWS: tuple[Row, ...] = (
    Row(
        slug="coingecko",
        name="CoinGecko",
        kind="aggregator",
        adapter=CoinGecko(),
        origin="https://api.coingecko.com",
        # Its public answers are cached for a minute, and keyless callers share 5 to 15 a minute.
        every=30,
        budget=5,
        is_default=True,
        needs_key="optional",
    ),
    Row(
        slug="binance",
        name="Binance",
        kind="exchange",
        adapter=CcxtExchange("binance"),
        origin="https://api.binance.com",
        budget=60,
        frozen_after=60,
        is_default=True,
    ),
    Row(
        slug="kraken",
        name="Kraken",
        kind="exchange",
        adapter=CcxtExchange("kraken", states_time=False),
        origin="https://api.kraken.com",
        budget=40,
        frozen_after=60,
        is_default=True,
    ),
)
BY_SLUG = {row.slug: row for row in ROWS}


def added_row(slug: str, name: str, kind: str, address: str) -> Row | None:
    return None
