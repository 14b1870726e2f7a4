"""What the pump does by itself, and what an operator asks of it: sums, probes, discovery."""

import logging
from typing import Any

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from cryptodt.common.single import single
from providers import candidates, discovery, gateway, selectors, services
from providers.adapter import STREAM
from providers.types import CandleAsk, Instrument

logger = logging.getLogger(__name__)

# One small question for each capability; everybody who offers it knows bitcoin.
BITCOIN = Instrument(
    "BTC",
    {
        "coingecko": "bitcoin",
        "coincap": "bitcoin",
        "coinpaprika": "btc-bitcoin",
        "coinlore": "90",
        "coinmarketcap": "1",
        "coinmetrics": "btc",
        "cryptocompare": "BTC",
    },
)
QUESTIONS: dict[str, tuple[Any, ...]] = {
    "quotes": ([BITCOIN],),
    "candles": (CandleAsk("BTC", "USDT", "1h", limit=2),),
    "order_book": ("BTC", "USDT", 5),
    "listing": (10,),
    "details": (BITCOIN,),
    "history": (BITCOIN, 1),
    "fear_greed": (1,),
}


@shared_task
def roll_up_calls() -> None:
    """Keep the sums of calls for 90 days; doing it twice writes the same."""
    with single("roll_up_calls", seconds=300) as is_mine:
        if is_mine:
            services.roll_up_calls(now=timezone.now())


@shared_task
def probe_provider(slug: str) -> None:
    """Ask a provider one question of each kind that it answers."""
    for capability in selectors.capabilities_of(slug):
        if capability == STREAM:
            # Its socket is open, or being opened; nothing is asked on it.
            continue
        problem = gateway.probe(slug, capability, QUESTIONS.get(capability, ()))
        logger.info("Probed %s for %s: %s", slug, capability, problem or "good")


@shared_task
def discover_daily() -> None:
    """Look for providers that nobody has told us of."""
    if settings.ENABLE_AUTO_DISCOVERY:
        run_discovery("")


@shared_task
def run_discovery(ticket: str) -> None:
    """Look now, unless somebody does already; the ticket tells who waits for it how it went."""
    with single(candidates.RUNNING, seconds=candidates.RUN_LOCK) as is_mine:
        number = discovery.run().pk if is_mine else None
    if ticket:
        cache.set(candidates.ticket_key(ticket), number or candidates.SKIPPED, timeout=300)
