"""Whether a candidate is what it says: asked for real, read by the adapter of its format, and
held against what is known."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cryptodt.common.money import percent_apart, spell
from providers import added, agreed
from providers.adapter import Tap
from providers.exceptions import BadPayload, OverBudget, ProviderError
from providers.parse import storable
from providers.scout import Page, Scout, row_at
from providers.selectors import iso
from providers.types import Answer, Headline, Instrument, Quote

logger = logging.getLogger(__name__)

# A feed in which nothing has happened for so long is asleep.
ASLEEP = timedelta(days=30)
# Every venue has its own few basis points; more than this is another market, or none.
TOLERANCE = Decimal(2)
PROOF = Instrument("BTC")
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Somebody who might become a provider, and who told of them."""

    format: str
    address: str
    name: str
    found_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of asking; `reason` is empty when all is well."""

    address: str
    reason: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


def judge(found: Found, slug: str, scout: Scout, now: datetime) -> Verdict | None:
    """Return what is to be thought of a candidate; nothing if that cannot be told today."""
    asked = {"asked": found.address, "askedAt": iso(now.timestamp())}
    try:
        if found.format == "rss":
            page = scout.read(slug, found.address)
            return _judged_feed(slug, page, asked, now)
        return _judged_exchange(found, slug, scout, asked)
    except OverBudget:
        return None
    except ProviderError as error:
        reason = str(error)
    except Exception as error:
        # Whatever strangers send may be read wrongly, and must not end the search.
        logger.info("The candidate %s could not be read", slug, exc_info=True)
        reason = f"could not be read ({type(error).__name__})"
    reason = storable(reason)[:LONGEST_REASON]
    return Verdict(address=found.address, reason=reason, evidence=asked)


def _judged_feed(slug: str, page: Page, asked: Mapping[str, Any], now: datetime) -> Verdict:
    tap = Tap(get=lambda *_: Answer(page.text, {}), key="", now=lambda: now)
    evidence: dict[str, Any] = {**asked, "latencyMs": page.milliseconds}
    try:
        headlines: list[Headline] = row_at(slug, page.address).adapter.headlines(tap)
    except BadPayload as error:
        reason = storable(str(error))[:LONGEST_REASON]
        return Verdict(address=page.address, reason=reason, evidence=evidence)
    dates = [one.published_at for one in headlines if one.published_at is not None]
    newest = max(dates, default=None)
    evidence |= {
        "headlines": len(headlines),
        "dated": len(dates),
        "newest": newest and iso(newest.timestamp()),
    }
    reason = ""
    if newest is None:
        reason = "has no headline that says when it was written"
    elif now - newest > ASLEEP:
        reason = f"has written nothing for {(now - newest).days} days"
    return Verdict(address=page.address, reason=reason, evidence=evidence)


def _judged_exchange(
    found: Found, slug: str, scout: Scout, asked: Mapping[str, Any]
) -> Verdict | None:
    known = agreed.price_of(PROOF.symbol)
    row = added.row_for(slug, found.name, found.format, found.address)
    if known is None or row is None:
        # Nothing to hold its price against.
        return None
    started = time.monotonic()
    quotes: list[Quote] = row.adapter.quotes([PROOF], scout.tap_for(row))
    if not quotes:
        raise BadPayload(f"says no price of {PROOF.symbol}")
    quote = quotes[0]
    apart = percent_apart(quote.price, known).quantize(Decimal("0.001"))
    evidence = {
        **asked,
        "latencyMs": round((time.monotonic() - started) * 1000),
        "price": spell(quote.price),
        "currency": quote.currency,
        "observedAt": iso(quote.observed_at.timestamp()),
        "agreed": spell(known),
        "deviationPercent": spell(apart),
    }
    reason = ""
    if apart > TOLERANCE:
        reason = f"its {PROOF.symbol} is {spell(apart)} % from what the others say"
    return Verdict(address=found.address, reason=reason, evidence=evidence)
