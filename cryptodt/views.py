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
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView

from market.selectors import prices
from market.selectors.prices import PriceRow
from providers import selectors as provider_selectors
from providers.selectors import ProviderState

# Older than this, a price is marked as old; static/js/format.js holds the same number.
OLD_AFTER_SECONDS = 30
UNKNOWN = "unknown"
SCALES = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"))
AGES = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def site(request: HttpRequest) -> dict[str, Any]:
    """Give every page what the frame around it shows."""
    return {"simulated": settings.SIMULATED, "version": settings.VERSION}


@never_cache
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    rows = prices.price_board()
    providers = provider_selectors.provider_states()
    names = {provider.slug: provider.name for provider in providers}
    context = {
        "rows": [BoardRow.of(row, names) for row in rows],
        "blank": BoardRow.blank(),
        "has_prices": any(row.price is not None for row in rows),
        "summary": summarize(rows),
        "providers": providers,
        "online": online_count(providers),
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


def price_digits(price: str | None) -> SafeString:
    """Wrap an exact price into groups of three digits without adding a character to it."""
    if price is None:
        return SafeString("")
    whole, point, fraction = price.partition(".")
    first = len(whole) % 3 or 3
    groups = [whole[:first], *(whole[i : i + 3] for i in range(first, len(whole), 3))]
    parts = [("digits", group) for group in groups]
    if point:
        # Below one, the digits after the point are the price, not its small change.
        parts.append(("fraction main" if whole == "0" else "fraction", point + fraction))
    return format_html_join("", '<span class="{}">{}</span>', parts)


def percent(change: str | None) -> str:
    if change is None:
        return UNKNOWN
    signs = {"up": "+", "down": "\N{MINUS SIGN}", "flat": ""}
    return f"{signs[direction(change)]}{abs(Decimal(change)):.2f}%"


# Half of the last digit that is shown.
SHOWN = Decimal("0.005")


def direction(change: str | None) -> str:
    """Name the way a price went, as far as the two digits that are shown can tell."""
    if change is None:
        return UNKNOWN
    value = Decimal(change)
    return "up" if value > SHOWN else "down" if value < -SHOWN else "flat"


def compact(amount: str | None) -> str:
    """Spell an amount of dollars in at most four digits and a letter."""
    if amount is None:
        return UNKNOWN
    value = Decimal(amount)
    for scale, letter in SCALES:
        if value >= scale:
            return f"${value / scale:.2f}{letter}"
    return f"${value:,.0f}"


def is_old(row: PriceRow) -> bool:
    return row.price is not None and (row.stale or (row.age or 0) > OLD_AFTER_SECONDS)


def age_text(age: int | None, *, is_old: bool) -> str:
    if age is None:
        return ""
    for seconds, unit in AGES:
        if age >= seconds:
            return f"{age // seconds} {unit} {'old' if is_old else 'ago'}"
    return "0 s old" if is_old else "now"


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
