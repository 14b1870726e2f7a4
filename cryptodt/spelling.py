"""How values are spelled for people; static/js/format.js spells them the same way."""

from decimal import Decimal

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

UNKNOWN = "unknown"
SCALES = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"))
AGES = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
# Half of the last digit that is shown.
SHOWN = Decimal("0.005")


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


def age_text(age: int | None, *, is_old: bool) -> str:
    if age is None:
        return ""
    for seconds, unit in AGES:
        if age >= seconds:
            return f"{age // seconds} {unit} {'old' if is_old else 'ago'}"
    return "0 s old" if is_old else "now"
