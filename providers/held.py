"""What each provider said last: the answer to a question, and what its stream told since."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.core.cache import cache

from providers.types import Quote

# Older answers are not handed up; consensus judges the age of what is younger.
HOLD = 600


@dataclass(frozen=True, slots=True)
class Held:
    """The last good answer of a provider, and since when its prices stand still."""

    quotes: tuple[Quote, ...]
    asked_at: float
    changed_at: float

    @property
    def prices(self) -> Mapping[str, Decimal]:
        return {quote.symbol: quote.price for quote in self.quotes}

    def stands_still(self, seconds: float) -> bool:
        return self.asked_at - self.changed_at >= seconds


def answered(slug: str) -> Held | None:
    held: Held | None = cache.get(_answered_key(slug))
    return held


def hold(slug: str, quotes: tuple[Quote, ...]) -> None:
    _keep(_answered_key(slug), answered(slug), quotes)


def streamed(slug: str) -> Held | None:
    held: Held | None = cache.get(_streamed_key(slug))
    return held


def hold_streamed(slug: str, quotes: Iterable[Quote]) -> None:
    """Keep the newest of each symbol beside what the stream told before."""
    before = streamed(slug)
    told = [*(before.quotes if before else ()), *quotes]
    _keep(_streamed_key(slug), before, tuple(newest_each(told)))


def forget_streamed(slug: str) -> None:
    cache.delete(_streamed_key(slug))


def newest_each(quotes: Sequence[Quote]) -> list[Quote]:
    """Return one quote for each provider and symbol; of two the one that was seen later."""
    found: dict[tuple[str, str], Quote] = {}
    for quote in quotes:
        key = quote.source, quote.symbol
        if key not in found or found[key].observed_at <= quote.observed_at:
            found[key] = quote
    return list(found.values())


def _keep(key: str, before: Held | None, quotes: tuple[Quote, ...]) -> None:
    now = time.time()
    held = Held(quotes, asked_at=now, changed_at=now)
    if before is not None and before.prices == held.prices:
        held = Held(quotes, asked_at=now, changed_at=before.changed_at)
    cache.set(key, held, timeout=HOLD)


def _answered_key(slug: str) -> str:
    return f"provider:{slug}:quotes"


def _streamed_key(slug: str) -> str:
    return f"provider:{slug}:streamed"
