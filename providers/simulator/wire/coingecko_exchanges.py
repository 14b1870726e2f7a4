"""CoinGecko's list of exchanges: the simulated venues, and some that are only heard of.

https://docs.coingecko.com/v3.0.1/reference/exchanges
"""

from typing import Any

from providers.simulator.venue import SHARES

# Names that CoinGecko has for them; ids are its own, too.
_KNOWN = {
    "binance": ("binance", "Binance", "https://www.binance.com/"),
    "kraken": ("kraken", "Kraken", "https://r.kraken.com/sim"),
    "coinbaseexchange": ("gdax", "Coinbase Exchange", "https://www.coinbase.com/"),
    "okx": ("okex", "OKX", "https://www.okx.com/"),
    "bybit": ("bybit_spot", "Bybit (Spot)", "https://www.bybit.com"),
    "kucoin": ("kucoin", "KuCoin", "https://www.kucoin.com/"),
    "gate": ("gate", "Gate.io", "https://gate.io/"),
    "bitfinex": ("bitfinex", "Bitfinex", "https://www.bitfinex.com"),
}
_HEARD_OF = (
    ("harborswap", "HarborSwap", "https://harborswap.example/"),
    ("meridian_x", "Meridian X", "https://meridian-x.example/trade"),
)
_BITCOINS = 2400


def rows(per_page: int, page: int) -> list[dict[str, Any]]:
    known = [(*_KNOWN[venue], share) for venue, share in SHARES.items()]
    heard_of = [(*one, 1) for one in _HEARD_OF]
    ranked = sorted([*known, *heard_of], key=lambda one: -one[3])
    lines = [_row(place, *one) for place, one in enumerate(ranked, 1)]
    return lines[per_page * (page - 1) : per_page * page]


def _row(place: int, gecko_id: str, name: str, url: str, share: int) -> dict[str, Any]:
    volume = round(share * _BITCOINS / 7, 8)
    return {
        "id": gecko_id,
        "name": name,
        "year_established": 2011 + place,
        "country": None,
        "description": "",
        "url": url,
        "image": f"https://coin-images.coingecko.com/markets/images/{place}/small/{gecko_id}.png",
        "has_trading_incentive": False,
        "trust_score": 10 if share > 1 else 4,
        "trust_score_rank": place,
        "trade_volume_24h_btc": volume,
        "trade_volume_24h_btc_normalized": volume,
    }
