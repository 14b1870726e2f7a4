"""The currencies CoinGecko quotes in, and what a dollar is in each."""

from providers.simulator.venue import View

# Ordinary money moves too little to matter here.
_MONEY = {
    "usd": 1.0,
    "eur": 0.87,
    "gbp": 0.76,
    "jpy": 154.6,
    "chf": 0.81,
    "cad": 1.4,
    "aud": 1.55,
    "inr": 88.9,
}
_ASSETS = {"btc": "BTC", "eth": "ETH"}

CURRENCIES = (*_ASSETS, *_MONEY)


def rate(view: View, currency: str, at: float) -> float:
    if currency in _MONEY:
        return _MONEY[currency]
    symbol = _ASSETS[currency]
    # Dividing one wrong price by another would hide that both are wrong.
    return view.factor_of(symbol) / view.usd(symbol, at)
