"""The dashboard: asks the rooms what they know and shows it, with or without a script."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView

from cryptodt.global_market import GlobalMarket
from cryptodt.spelling import age_text, compact, direction, percent, price_digits
from market.selectors import prices
from market.selectors.prices import PriceRow
from providers import selectors as provider_selectors
from providers.selectors import ProviderState

# Older than this, a price is marked as old; static/js/format.js holds the same number.
OLD_AFTER_SECONDS = 30


def site(request: HttpRequest) -> dict[str, Any]:
    """Give every page what the frame around it shows."""
    return {"simulated": settings.SIMULATED, "version": settings.VERSION}


@never_cache
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    rows = prices.price_board()
    providers = provider_selectors.provider_states()
    names = provider_selectors.provider_names()
    context = {
        "rows": [BoardRow.of(row, names) for row in rows],
        "blank": BoardRow.blank(),
        "has_prices": any(row.price is not None for row in rows),
        "summary": summarize(rows),
        "providers": providers,
        "online": online_count(providers),
        "whole": GlobalMarket.now(names),
        "server_time": int(timezone.now().timestamp() * 1000),
    }
    return render(request, "dashboard.html", context)


def with_policy(view: Callable[..., HttpResponse], **changes: str) -> Callable[..., HttpResponse]:
    """Serve a page under the usual content policy, changed where that page cannot do with it."""
    changed = {name.replace("_", "-"): value for name, value in changes.items()}
    directives = {**settings.CONTENT_SECURITY_POLICY, **changed}
    text = "; ".join(f"{name} {value}" for name, value in directives.items())

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Content-Security-Policy"] = text
        return response

    return answer


docs = SpectacularSwaggerSplitView.as_view()
# Redoc writes its styles at run time, and searches in a worker made from a blob.
redoc = with_policy(
    SpectacularRedocView.as_view(),
    style_src="'self' 'unsafe-inline'",
    worker_src="blob:",
)


@dataclass(frozen=True)
class BoardRow:
    """A row of the market table, spelled for people; the price itself stays as it is."""

    row: PriceRow
    digits: SafeString
    change: str
    direction: str
    volume: str
    market_cap: str
    sources: list[str]
    age: str
    is_old: bool

    @classmethod
    def of(cls, row: PriceRow, names: Mapping[str, str]) -> "BoardRow":
        return cls(
            row=row,
            digits=price_digits(row.price),
            change=percent(row.change_24h),
            direction=direction(row.change_24h),
            volume=compact(row.volume_24h),
            market_cap=compact(row.market_cap),
            sources=[names.get(slug, slug) for slug in row.source.split("+") if slug],
            age=age_text(row.age, is_old=is_old(row)),
            is_old=is_old(row),
        )

    @classmethod
    def blank(cls) -> "BoardRow":
        """Return the row that the page's script copies for an asset it did not start with."""
        return cls.of(PriceRow("", "", None, None, None, None, "", None, None, stale=False), {})


def is_old(row: PriceRow) -> bool:
    return row.price is not None and (row.stale or (row.age or 0) > OLD_AFTER_SECONDS)


def summarize(rows: list[PriceRow]) -> dict[str, Any]:
    """Sum up the table, and say over how many assets each sum goes."""
    changes = [direction(row.change_24h) for row in rows if row.change_24h is not None]
    ages = [row.age for row in rows if row.age is not None]
    return {
        "assets": len(rows),
        "priced": sum(row.price is not None for row in rows),
        "cap": total(row.market_cap for row in rows),
        "volume": total(row.volume_24h for row in rows),
        "up": changes.count("up"),
        "down": changes.count("down"),
        "has_changes": bool(changes),
        "moved": changes.count("up") + changes.count("down"),
        "oldest": age_text(max(ages), is_old=max(ages) > OLD_AFTER_SECONDS) if ages else "",
    }


def total(amounts: Iterable[str | None]) -> dict[str, Any]:
    known = [Decimal(amount) for amount in amounts if amount is not None]
    return {"sum": compact(str(sum(known)) if known else None), "count": len(known)}


def online_count(providers: list[ProviderState]) -> int:
    return sum(provider.status == "online" for provider in providers)
