"""What money costs: our own price where we have one, else a rate that upstreams agree on."""

from decimal import Decimal

import orjson
from django.conf import settings

from cryptodt.common.errors import InvalidRequest
from cryptodt.common.snapshot import Item, Snapshot
from market import snapshot
from market.conversion import DOLLAR, DOLLARS, FIAT_AGE, OTHER_AGE, Conversion
from market.models import Rate
from market.resolver import ALIASES
from market.selectors.assets import index

LONGEST = 20


def rates() -> Snapshot:
    return snapshot.warm_rates(stored_rates)


def stored_rates() -> dict[str, Item]:
    return {row.currency: snapshot.rate_item(row) for row in Rate.objects.order_by("currency")}


def conversion_to(typed: str, prices: Snapshot) -> Conversion:
    """Return what converts dollars into a currency, or refuse with those that can be had."""
    code = typed.strip().upper() if len(typed) <= LONGEST else ""
    code = ALIASES.get(code, code)
    if code == DOLLAR:
        return DOLLARS
    held = rates().items
    rate = _rate(held[code]) if code in held else None
    # A namesake of a state's currency is none of our assets.
    is_fiat = rate is not None and rate.fresh_seconds == FIAT_AGE
    # What several assets are called is the name of none.
    is_own = not is_fiat and index().meanings(code.lower()) == (code,)
    own = price_of(code, prices) if is_own else None
    found = own or rate
    if found is None:
        accepted = sorted({DOLLAR, *held, *(index().settled & prices.items.keys())})
        raise InvalidRequest(
            "A price can be told in any currency or asset that has a rate here.",
            details={"currency": typed.strip()[:LONGEST], "accepted": accepted},
        )
    return found


def _rate(item: Item) -> Conversion:
    currency, _, kind, usd, source = orjson.loads(item.head)
    fresh = FIAT_AGE if kind == "fiat" else OTHER_AGE
    return Conversion(currency, Decimal(usd), tuple(source.split("+")), item.observed_ms, fresh)


def price_of(symbol: str, prices: Snapshot) -> Conversion | None:
    """Return what one unit of an asset costs by our own price."""
    item = prices.items.get(symbol)
    if item is None:
        return None
    shape = orjson.loads(item.head + b"}")
    return Conversion(
        symbol,
        Decimal(shape["priceExact"]),
        item.sources,
        item.observed_ms,
        settings.CACHE_TTL_PRICES,
    )
