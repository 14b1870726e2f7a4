"""The aggregators: each gathers many markets into one price per asset."""

from providers.adapters.coincap import CoinCap
from providers.adapters.coingecko import CoinGecko
from providers.adapters.coinlore import CoinLore
from providers.adapters.coinmarketcap import CoinMarketCap
from providers.adapters.coinmetrics import CoinMetrics
from providers.adapters.coinpaprika import CoinPaprika
from providers.adapters.cryptocompare import CryptoCompare
from providers.row import Row

ROWS: tuple[Row, ...] = (
    Row(
        slug="coingecko",
        name="CoinGecko",
        kind="aggregator",
        adapter=CoinGecko(),
        origin="https://api.coingecko.com",
        needs_key="optional",
        is_default=True,
        # Its public answers are cached for a minute, and keyless callers share 5 to 15 a minute.
        every=30,
        budget=5,
        order=10,
    ),
    Row(
        slug="coingecko-pro",
        name="CoinGecko Pro",
        kind="aggregator",
        adapter=CoinGecko("coingecko-pro", "x-cg-pro-api-key"),
        origin="https://pro-api.coingecko.com",
        needs_key="required",
        # The smallest paid plan allows 100,000 answers in a month: 138 in an hour.
        every=60,
        budget=60,
        order=5,
    ),
    Row(
        slug="coinpaprika",
        name="CoinPaprika",
        kind="aggregator",
        adapter=CoinPaprika(),
        origin="https://api.coinpaprika.com",
        is_default=True,
        # 20,000 answers in a month are free: one in 134 seconds.
        every=180,
        budget=5,
        frozen_after=1200,
        order=20,
    ),
    Row(
        slug="coinlore",
        name="CoinLore",
        kind="aggregator",
        adapter=CoinLore(),
        origin="https://api.coinlore.net",
        is_default=True,
        # It asks for no more than one a second, and its prices change every few minutes.
        every=60,
        budget=10,
        frozen_after=1200,
        order=30,
    ),
    Row(
        slug="coincap",
        name="CoinCap",
        kind="aggregator",
        adapter=CoinCap(),
        origin="https://rest.coincap.io",
        needs_key="required",
        # A free key's credits, some 2,500 in a month, last for one answer in half an hour.
        every=1800,
        budget=10,
        frozen_after=7200,
        order=40,
    ),
    Row(
        slug="coinmarketcap",
        name="CoinMarketCap",
        kind="aggregator",
        adapter=CoinMarketCap(),
        origin="https://pro-api.coinmarketcap.com",
        needs_key="required",
        # A free key's 10,000 credits last for one answer in 260 seconds.
        every=300,
        budget=10,
        frozen_after=3600,
        order=15,
    ),
    Row(
        slug="cryptocompare",
        name="CoinDesk Data",
        kind="aggregator",
        adapter=CryptoCompare(),
        origin="https://data-api.coindesk.com",
        # Without a paid key it answers nobody.
        needs_key="required",
        every=30,
        budget=20,
        order=25,
    ),
    Row(
        slug="coinmetrics",
        name="Coin Metrics",
        kind="aggregator",
        adapter=CoinMetrics(),
        origin="https://community-api.coinmetrics.io",
        # The community may ask ten times in six seconds.
        budget=20,
        order=50,
    ),
)
