"""The currencies CoinGecko quotes in, and what a dollar is in each."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from providers.simulator.venue import View


class Money(NamedTuple):
    """How much of it a dollar buys: ordinary money moves too little to matter here."""

    name: str
    unit: str
    per_dollar: float
    kind: str = "fiat"


_MONEY = {
    "usd": Money("US Dollar", "$", 1.0),
    "aud": Money("Australian Dollar", "A$", 1.55),
    "brl": Money("Brazil Real", "R$", 5.34),
    "cad": Money("Canadian Dollar", "CA$", 1.4),
    "chf": Money("Swiss Franc", "Fr.", 0.81),
    "cny": Money("Chinese Yuan", "¥", 7.11),
    "czk": Money("Czech Koruna", "Kč", 21.02),
    "eur": Money("Euro", "€", 0.87),
    "gbp": Money("British Pound Sterling", "£", 0.76),
    "hkd": Money("Hong Kong Dollar", "HK$", 7.78),
    "idr": Money("Indonesian Rupiah", "Rp", 16690.0),
    "inr": Money("Indian Rupee", "₹", 88.9),
    "jpy": Money("Japanese Yen", "¥", 154.6),
    "krw": Money("South Korean Won", "₩", 1466.0),
    "mxn": Money("Mexican Peso", "MX$", 18.4),
    "nok": Money("Norwegian Krone", "kr", 10.15),
    "pln": Money("Polish Zloty", "zł", 3.68),
    "sek": Money("Swedish Krona", "kr", 9.55),
    "sgd": Money("Singapore Dollar", "S$", 1.3),
    "try": Money("Turkish Lira", "₺", 42.4),
    "vnd": Money("Vietnamese đồng", "₫", 26335.0),
    "xag": Money("Silver - Troy Ounce", "XAG", 0.02, "commodity"),
    "xau": Money("Gold - Troy Ounce", "XAU", 0.00024578, "commodity"),
}
_ASSETS = {"btc": "BTC", "eth": "ETH"}
_NAMES = {"btc": "Bitcoin", "eth": "Ether"}
# Parts of a bitcoin that are spoken of as if they were currencies.
_PARTS = {"bits": ("Bits", "μBTC", 1e6), "sats": ("Satoshi", "sats", 1e8)}

CURRENCIES = (*_ASSETS, *_MONEY)


def rate(view: View, currency: str, at: float) -> float:
    if currency in _MONEY:
        return _MONEY[currency].per_dollar
    symbol = _ASSETS[currency]
    # Dividing one wrong price by another would hide that both are wrong.
    return view.factor_of(symbol) / view.usd(symbol, at)


def dollars(view: View, at: float) -> Iterator[tuple[str, str, str | None, str, float]]:
    """Yield code, name, unit and kind of each currency, and what one unit costs in dollars."""
    for code, symbol in _ASSETS.items():
        yield code, _NAMES[code], code.upper(), "crypto", view.usd(symbol, at)
    for code, money in _MONEY.items():
        yield code, money.name, money.unit, money.kind, 1 / money.per_dollar


def exchange_rates(view: View) -> dict[str, Any]:
    """Return what one bitcoin is worth in each currency, as CoinGecko tells it."""
    bitcoin = view.usd("BTC", view.until)
    rates = {
        code: {"name": name, "unit": unit, "value": round(bitcoin / usd, 3), "type": kind}
        for code, name, unit, kind, usd in dollars(view, view.until)
    }
    for code, (name, unit, value) in _PARTS.items():
        rates[code] = {"name": name, "unit": unit, "value": value, "type": "crypto"}
    return {"rates": rates}
