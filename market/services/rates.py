"""Recording what currencies cost."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction

from market import snapshot
from market.conversion import DOLLAR, agreed_rate
from market.models import Rate
from market.selectors import rates as selectors
from providers import types

# A rate from longer ago says nothing about who is right today.
LAST_AGE = timedelta(days=1)
# Clocks differ a little; a rate from further ahead is from a broken one.
MAX_LEAD = timedelta(minutes=5)
LONGEST_CODE = Rate._meta.get_field("currency").max_length or 0


def record_rates(told: Mapping[str, Sequence[types.Rate]], *, now: datetime) -> tuple[str, ...]:
    """Store the rate of every currency on which the sources agree; the others stay as they are."""
    held = {row.currency: row for row in Rate.objects.all()}
    said: dict[str, list[types.Rate]] = {}
    for rate in (rate for rates in told.values() for rate in rates):
        if _is_usable(rate, now):
            said.setdefault(rate.currency, []).append(rate)
    rows = []
    for currency, rates in said.items():
        last = held.get(currency)
        is_known = last is not None and now - last.observed_at <= LAST_AGE
        found = agreed_rate(rates, last.usd if last is not None and is_known else None)
        if found is not None and (last is None or found[0].observed_at > last.observed_at):
            rows.append(_row(*found))
    if rows:
        with transaction.atomic():
            Rate.objects.bulk_create(
                rows,
                update_conflicts=True,
                unique_fields=["currency"],
                update_fields=["name", "kind", "usd", "source", "observed_at"],
            )
            transaction.on_commit(_show, robust=True)
    return tuple(row.currency for row in rows)


def _is_usable(rate: types.Rate, now: datetime) -> bool:
    # A dollar costs a dollar, whatever anybody says.
    return (
        rate.usd > 0
        and rate.currency != DOLLAR
        and 0 < len(rate.currency) <= LONGEST_CODE
        and rate.observed_at - now <= MAX_LEAD
    )


def _row(rate: types.Rate, sources: Sequence[str]) -> Rate:
    return Rate(
        currency=rate.currency,
        name=rate.name[:100],
        kind=rate.kind,
        usd=rate.usd,
        source="+".join(sources)[:64],
        observed_at=rate.observed_at,
    )


def _show() -> None:
    snapshot.publish_rates(selectors.stored_rates())
