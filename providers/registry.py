"""The rows: every provider, what it offers, and what it may be asked."""

from dataclasses import dataclass

from django.conf import settings

from providers.adapter import Quotes
from providers.adapters.ccxt_exchange import CcxtExchange
from providers.adapters.coingecko import CoinGecko


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One provider. `every` is how often its data is worth asking for, `budget` what it allows."""

    slug: str
    name: str
    adapter: Quotes
    origin: str
    every: float
    budget: int
    # A live feed whose prices all stand still for this long is not live.
    frozen_after: float

    @property
    def url(self) -> str:
        """Where it is asked: an operator's address for it, or for all, or its own."""
        if self.slug in settings.PROVIDER_URLS:
            return str(settings.PROVIDER_URLS[self.slug]).rstrip("/")
        if settings.PROVIDERS_BASE_URL:
            return f"{settings.PROVIDERS_BASE_URL.rstrip('/')}/{self.slug}"
        return self.origin

    @property
    def is_redirected(self) -> bool:
        """Say whether an operator set the address; only such a one may be on this machine."""
        return self.url != self.origin

    @property
    def key(self) -> str:
        return str(settings.PROVIDER_KEYS.get(self.slug, ""))


ROWS: tuple[Row, ...] = (
    Row(
        slug="coingecko",
        name="CoinGecko",
        adapter=CoinGecko(),
        origin="https://api.coingecko.com",
        # Its public answers are cached for a minute, and keyless callers share 5 to 15 a minute.
        every=30,
        budget=5,
        frozen_after=300,
    ),
    Row(
        slug="binance",
        name="Binance",
        adapter=CcxtExchange("binance"),
        origin="https://api.binance.com",
        every=0,
        budget=60,
        frozen_after=60,
    ),
    Row(
        slug="kraken",
        name="Kraken",
        adapter=CcxtExchange("kraken", states_time=False),
        origin="https://api.kraken.com",
        every=0,
        budget=40,
        frozen_after=60,
    ),
)
BY_SLUG = {row.slug: row for row in ROWS}
