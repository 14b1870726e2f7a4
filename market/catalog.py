"""The assets that are known from the start, with the names that upstreams have for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listing:
    symbol: str
    name: str
    coingecko: str


LISTINGS = (
    Listing("BTC", "Bitcoin", "bitcoin"),
    Listing("ETH", "Ethereum", "ethereum"),
    Listing("SOL", "Solana", "solana"),
    Listing("XRP", "XRP", "ripple"),
    Listing("BNB", "BNB", "binancecoin"),
    Listing("ADA", "Cardano", "cardano"),
    Listing("DOT", "Polkadot", "polkadot"),
    Listing("LINK", "Chainlink", "chainlink"),
    Listing("LTC", "Litecoin", "litecoin"),
    Listing("BCH", "Bitcoin Cash", "bitcoin-cash"),
    Listing("POL", "Polygon", "polygon-ecosystem-token"),
    Listing("AVAX", "Avalanche", "avalanche-2"),
    Listing("XLM", "Stellar", "stellar"),
    Listing("TRX", "TRON", "tron"),
    Listing("DOGE", "Dogecoin", "dogecoin"),
    Listing("USDT", "Tether", "tether"),
    Listing("USDC", "USD Coin", "usd-coin"),
)
BY_SYMBOL = {listing.symbol: listing for listing in LISTINGS}

# Exchanges quote in these; their own price in dollars is what converts such a quote.
STABLE = ("USDT", "USDC")
