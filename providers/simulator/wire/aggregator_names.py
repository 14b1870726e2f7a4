"""What the aggregators call the simulated assets, and what they tell of each."""

from dataclasses import dataclass
from decimal import Decimal

from providers.simulator.assets import BY_SYMBOL, Asset
from providers.simulator.coins import Coin
from providers.simulator.market import DAY, HOUR
from providers.simulator.venue import View
from providers.simulator.wire.coingecko_rows import (
    change_percentage,
    market_cap,
    turnover,
    updated_at,
)

# fmt: off
PAPRIKA = {
    "BTC": "btc-bitcoin", "ETH": "eth-ethereum", "USDT": "usdt-tether", "XRP": "xrp-xrp",
    "BNB": "bnb-binance-coin", "SOL": "sol-solana", "USDC": "usdc-usd-coin", "TRX": "trx-tron",
    "DOGE": "doge-dogecoin", "ADA": "ada-cardano", "BCH": "bch-bitcoin-cash",
    "LINK": "link-chainlink", "XLM": "xlm-stellar", "LTC": "ltc-litecoin",
    "AVAX": "avax-avalanche", "DOT": "dot-polkadot", "POL": "pol-polygon-ecosystem-token",
    "SHIB": "shib-shiba-inu", "XMR": "xmr-monero", "UNI": "uni-uniswap",
}
COINCAP = {
    "BTC": "bitcoin", "ETH": "ethereum", "USDT": "tether", "XRP": "xrp", "BNB": "binance-coin",
    "SOL": "solana", "USDC": "usd-coin", "TRX": "tron", "DOGE": "dogecoin", "ADA": "cardano",
    "BCH": "bitcoin-cash", "LINK": "chainlink", "XLM": "stellar", "LTC": "litecoin",
    "AVAX": "avalanche", "DOT": "polkadot", "SHIB": "shiba-inu", "XMR": "monero",
}
COINLORE = {
    "BTC": "90", "ETH": "80", "USDT": "518", "XRP": "58", "BNB": "2710", "SOL": "48543",
    "USDC": "33285", "TRX": "2713", "DOGE": "2", "ADA": "257", "BCH": "2321", "LINK": "2751",
    "XLM": "89", "LTC": "1", "AVAX": "44883", "DOT": "45219", "XMR": "28", "ETC": "118",
}
COINMARKETCAP = {
    "BTC": "1", "ETH": "1027", "USDT": "825", "XRP": "52", "BNB": "1839", "SOL": "5426",
    "USDC": "3408", "TRX": "1958", "DOGE": "74", "ADA": "2010", "BCH": "1831", "LINK": "1975",
    "XLM": "512", "LTC": "2", "AVAX": "5805", "DOT": "6636", "POL": "28321", "XMR": "328",
}
# Here an asset goes by its symbol.
CRYPTOCOMPARE = {symbol: symbol for symbol in PAPRIKA}
COINMETRICS = {
    symbol: symbol.lower() for symbol in PAPRIKA if symbol not in ("SOL", "AVAX", "POL", "SHIB")
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Told:
    """What an aggregator knows of one asset at the moment it last looked."""

    id: str
    asset: Asset | Coin
    rank: int
    at: float
    price: float
    volume: float
    cap: float
    change_1h: float
    change_24h: float
    change_7d: float
    # The price to the last digit, where there are more than a float holds.
    exact: Decimal | None = None

    @property
    def said(self) -> float | Decimal:
        return self.price if self.exact is None else self.exact


def told(view: View, names: dict[str, str]) -> list[Told]:
    """Return what there is to tell of all named assets, the largest first."""
    assets = [BY_SYMBOL[symbol] for symbol in names]
    assets.sort(key=lambda asset: -market_cap(view, asset, "usd", updated_at(view, asset)))
    return [
        of_asset(view, names[asset.symbol], asset, rank) for rank, asset in enumerate(assets, 1)
    ]


def of_asset(view: View, name: str, asset: Asset, rank: int) -> Told:
    at = updated_at(view, asset)
    return Told(
        id=name,
        asset=asset,
        rank=rank,
        at=at + view.lag,
        price=view.usd(asset.symbol, at),
        volume=turnover(view, asset, "usd", at),
        cap=market_cap(view, asset, "usd", at),
        change_1h=change_percentage(view, asset, "usd", HOUR),
        change_24h=change_percentage(view, asset, "usd", DAY),
        change_7d=change_percentage(view, asset, "usd", 7 * DAY),
    )


@dataclass(frozen=True, slots=True)
class Whole:
    """The market as a whole, in dollars; shares and change in percent."""

    count: int
    cap: float
    volume: float
    change_24h: float
    btc: float
    eth: float


def whole_market(view: View, names: dict[str, str]) -> Whole:
    assets = [BY_SYMBOL[symbol] for symbol in names]
    caps = {asset.symbol: market_cap(view, asset, "usd", view.until) for asset in assets}
    total = sum(caps.values())
    before = sum(market_cap(view, asset, "usd", view.until - DAY) for asset in assets)
    volume = sum(turnover(view, asset, "usd", view.until) for asset in assets)
    return Whole(
        count=len(assets),
        cap=total,
        volume=volume,
        change_24h=100 * (total / before - 1),
        btc=100 * caps["BTC"] / total,
        eth=100 * caps["ETH"] / total,
    )
