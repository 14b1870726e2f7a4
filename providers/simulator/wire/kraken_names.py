"""Kraken's names: which assets it lists, and what it calls them and their pairs."""

from dataclasses import dataclass
from typing import Any

from providers.simulator.assets import BY_SYMBOL
from providers.simulator.venue import Pair, fixed

# Kraken's own short names, and the prefixed ones of the assets it listed first.
_RENAMED = {"BTC": "XBT", "DOGE": "XDG"}
_PREFIXED = {
    "BTC": "XXBT",
    "ETH": "XETH",
    "XRP": "XXRP",
    "LTC": "XLTC",
    "XLM": "XXLM",
    "ETC": "XETC",
    "XMR": "XXMR",
    "ZEC": "XZEC",
    "DOGE": "XXDG",
}
# A prefix on the asset does not always make one on the pair, nor the other way round.
_KEYS = {"DOGE": "XDGUSD", "USDT": "USDTZUSD"}

# fmt: off
_DECIMALS = {
    "BTC": 1, "ETH": 2, "XRP": 5, "BNB": 2, "SOL": 2, "USDT": 5, "USDC": 5, "TRX": 6, "DOGE": 7,
    "ADA": 6, "BCH": 2, "LINK": 5, "XLM": 6, "LTC": 2, "AVAX": 3, "DOT": 4, "POL": 6, "SHIB": 9,
    "XMR": 2, "SUI": 4, "TON": 4, "HBAR": 5, "UNI": 3, "AAVE": 2, "NEAR": 4, "PEPE": 9, "APT": 4,
    "ETC": 3, "ICP": 4, "ATOM": 4, "FIL": 4, "ARB": 5, "OP": 5, "ALGO": 5, "INJ": 3, "XTZ": 4,
    "ZEC": 2, "GRT": 6, "CRO": 5,
}
_FEES = [[0, 0.4], [10000, 0.35], [50000, 0.24], [100000, 0.22], [250000, 0.2], [500000, 0.18]]
_FEES_MAKER = [[0, 0.25], [10000, 0.2], [50000, 0.14], [100000, 0.12], [250000, 0.08], [500000, 0]]
# fmt: on


@dataclass(frozen=True, slots=True)
class Listing:
    pair: Pair
    key: str
    short: str
    asset: str

    @property
    def altname(self) -> str:
        return self.short + "USD"

    @property
    def wsname(self) -> str:
        return self.short + "/USD"

    @property
    def modern(self) -> str:
        return self.pair.base + "/USD"


def _listing(base: str, decimals: int) -> Listing:
    short = _RENAMED.get(base, base)
    prefixed = _PREFIXED.get(base)
    usual = f"{prefixed}ZUSD" if prefixed else f"{short}USD"
    pair = Pair("kraken", base, "USD", decimals)
    return Listing(pair, _KEYS.get(base, usual), short, prefixed or base)


LISTINGS = sorted((_listing(*row) for row in _DECIMALS.items()), key=lambda row: row.key)

_BY_NAME = {
    name: listing
    for listing in LISTINGS
    for name in (
        listing.key,
        listing.altname,
        listing.wsname,
        listing.modern,
        listing.modern.replace("/", ""),
    )
}


def find(name: str) -> Listing | None:
    return _BY_NAME.get(name)


def pair_info(listing: Listing) -> dict[str, Any]:
    pair = listing.pair
    smallest = max(1, round(5 / BY_SYMBOL[pair.base].price * 10**pair.lot_decimals))
    return {
        "altname": listing.altname,
        "wsname": listing.wsname,
        "aclass_base": "currency",
        "base": listing.asset,
        "aclass_quote": "currency",
        "quote": "ZUSD",
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": pair.decimals,
        "lot_decimals": 8,
        "lot_multiplier": 1,
        "leverage_buy": [2, 3],
        "leverage_sell": [2, 3],
        "fees": _FEES,
        "fees_maker": _FEES_MAKER,
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": fixed(smallest, pair.lot_decimals),
        "costmin": "0.5",
        "tick_size": fixed(1, pair.decimals),
        "status": "online",
        "long_position_limit": 1000,
        "short_position_limit": 1000,
    }


def asset_info() -> dict[str, dict[str, Any]]:
    names = {listing.asset: listing.short for listing in LISTINGS} | {"ZUSD": "USD"}
    return {
        name: {
            "aclass": "currency",
            "altname": names[name],
            "decimals": 4 if name == "ZUSD" else 10,
            "display_decimals": 2 if name == "ZUSD" else 5,
            "status": "enabled",
        }
        for name in sorted(names)
    }
