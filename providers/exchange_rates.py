"""Reading what currencies cost in US dollars, from lists in dollars or in anything else."""

import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any, Literal, cast

from providers.exceptions import BadPayload
from providers.parse import known, storable
from providers.parts import Fields, part, sound, text
from providers.types import Rate

CURRENCY = re.compile(r"[A-Z0-9]{2,20}")
KINDS = ("fiat", "crypto", "commodity")
LONGEST_NAME = 100
# More than any rate is known to.
DIGITS = 18


def per_bitcoin(rows: Fields, at: datetime, *, source: str) -> list[Rate]:
    """Return the rates in a list that says how much of each currency one bitcoin is worth."""
    if known(part(rows, "btc"), "value") != 1:
        raise BadPayload("its rates are not those of one bitcoin")
    dollars = known(part(rows, "usd"), "value")
    if dollars is None:
        raise BadPayload("its rates say nothing of the dollar")

    def read(pair: tuple[str, Any]) -> Rate:
        code, row = pair
        value = _worth(row, "value")
        with localcontext(prec=DIGITS):
            usd = dollars / value
        return _rate(row, code, text(row, "name"), usd, at, source)

    return sound(list(rows.items()), read, lambda one: one.currency)


def in_dollars(rows: Sequence[Any], at: datetime, *, source: str) -> list[Rate]:
    """Return the rates in a list that says what one unit of each currency costs."""

    def read(row: Any) -> Rate:
        usd = _worth(row, "rateUsd")
        name = text(row, "id").replace("-", " ").title()
        return _rate(row, text(row, "symbol"), name, usd, at, source)

    return sound(rows, read, lambda one: one.currency)


def _worth(row: Any, name: str) -> Decimal:
    value = known(row, name) if isinstance(row, dict) else None
    if value is None:
        raise BadPayload(f"a rate has no {name}")
    return value


def _rate(row: Fields, code: str, name: str, usd: Decimal, at: datetime, source: str) -> Rate:
    currency, kind = code.upper(), row.get("type")
    if not CURRENCY.fullmatch(currency):
        raise BadPayload(f"{currency[:60]!r} is no currency")
    if kind not in KINDS:
        raise BadPayload(f"{currency} is of the kind {str(kind)[:60]!r}")
    return Rate(
        currency=currency,
        name=storable(name)[:LONGEST_NAME] or currency,
        kind=cast(Literal["fiat", "crypto", "commodity"], kind),
        usd=usd,
        observed_at=at,
        source=source,
    )
