"""The assets that are known from the start, with the names that upstreams have for them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listing:
    """An asset, and its own name at each provider that has one for it."""

    symbol: str
    name: str
    ids: Mapping[str, str]


# An empty name is one that is not known for sure: a wrong one would be another asset's price.
# fmt: off
_COLUMNS = (
    "coingecko", "coinpaprika", "coincap", "coinlore", "coinmarketcap", "cryptocompare",
    "coinmetrics",
)
_TABLE = (
    ("BTC", "Bitcoin", "bitcoin", "btc-bitcoin", "bitcoin", "90", "1", "BTC", "btc"),
    ("ETH", "Ethereum", "ethereum", "eth-ethereum", "ethereum", "80", "1027", "ETH", "eth"),
    ("SOL", "Solana", "solana", "sol-solana", "solana", "48543", "5426", "SOL", ""),
    ("XRP", "XRP", "ripple", "xrp-xrp", "xrp", "58", "52", "XRP", "xrp"),
    ("BNB", "BNB", "binancecoin", "bnb-binance-coin", "binance-coin", "2710", "1839", "BNB",
     "bnb"),
    ("ADA", "Cardano", "cardano", "ada-cardano", "cardano", "257", "2010", "ADA", "ada"),
    ("DOT", "Polkadot", "polkadot", "dot-polkadot", "polkadot", "45219", "6636", "DOT", "dot"),
    ("LINK", "Chainlink", "chainlink", "link-chainlink", "chainlink", "2751", "1975", "LINK",
     "link"),
    ("LTC", "Litecoin", "litecoin", "ltc-litecoin", "litecoin", "1", "2", "LTC", "ltc"),
    ("BCH", "Bitcoin Cash", "bitcoin-cash", "bch-bitcoin-cash", "bitcoin-cash", "2321", "1831",
     "BCH", "bch"),
    ("POL", "Polygon", "polygon-ecosystem-token", "pol-polygon-ecosystem-token", "", "", "28321",
     "POL", ""),
    ("AVAX", "Avalanche", "avalanche-2", "avax-avalanche", "avalanche", "44883", "5805", "AVAX",
     ""),
    ("XLM", "Stellar", "stellar", "xlm-stellar", "stellar", "89", "512", "XLM", "xlm"),
    ("TRX", "TRON", "tron", "trx-tron", "tron", "2713", "1958", "TRX", "trx"),
    ("DOGE", "Dogecoin", "dogecoin", "doge-dogecoin", "dogecoin", "2", "74", "DOGE", "doge"),
    ("USDT", "Tether", "tether", "usdt-tether", "tether", "518", "825", "USDT", "usdt"),
    ("USDC", "USD Coin", "usd-coin", "usdc-usd-coin", "usd-coin", "33285", "3408", "USDC",
     "usdc"),
)
# fmt: on


def _listing(symbol: str, name: str, *names: str) -> Listing:
    ids = {column: one for column, one in zip(_COLUMNS, names, strict=True) if one}
    return Listing(symbol, name, ids)


LISTINGS = tuple(_listing(*row) for row in _TABLE)
BY_SYMBOL = {listing.symbol: listing for listing in LISTINGS}

# Exchanges quote in these; their own price in dollars is what converts such a quote.
STABLE = ("USDT", "USDC")
