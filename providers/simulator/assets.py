"""The assets of the simulated market: what each is called and how it behaves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asset:
    symbol: str
    name: str
    gecko_id: str
    gecko_number: int
    # The level the walk keeps returning to, in USD, and its daily volatility as a fraction.
    price: float
    volatility: float
    supply: float
    max_supply: float | None
    # What the whole world trades in a day, in USD.
    turnover: float
    # Decimals of the smallest amount that is traded.
    lot_decimals: int

    @property
    def is_stable(self) -> bool:
        return self.symbol in STABLE


STABLE = frozenset({"USDT", "USDC"})

M, B = 1e6, 1e9

# fmt: off
ASSETS = (
    Asset("BTC", "Bitcoin", "bitcoin", 1, 71400.0, 0.026, 20.01 * M, 21 * M, 31 * B, 5),
    Asset("ETH", "Ethereum", "ethereum", 279, 2630.0, 0.034, 120.7 * M, None, 17 * B, 4),
    Asset("USDT", "Tether", "tether", 325, 0.9996, 0.00012, 186 * B, None, 68 * B, 2),
    Asset("XRP", "XRP", "ripple", 44, 1.83, 0.038, 60.4 * B, 100 * B, 3.4 * B, 1),
    Asset("BNB", "BNB", "binancecoin", 825, 744.0, 0.025, 137.3 * M, 200 * M, 1.4 * B, 3),
    Asset("SOL", "Solana", "solana", 4128, 117.0, 0.042, 566 * M, None, 4.6 * B, 3),
    Asset("USDC", "USDC", "usd-coin", 6319, 1.0001, 0.0001, 74 * B, None, 9 * B, 2),
    Asset("TRX", "TRON", "tron", 1094, 0.294, 0.018, 94.7 * B, None, 0.7 * B, 1),
    Asset("DOGE", "Dogecoin", "dogecoin", 5, 0.131, 0.048, 151 * B, None, 1.3 * B, 0),
    Asset("ADA", "Cardano", "cardano", 975, 0.412, 0.042, 35.8 * B, 45 * B, 0.7 * B, 1),
    Asset("BCH", "Bitcoin Cash", "bitcoin-cash", 780, 487.0, 0.034, 19.9 * M, 21 * M, 0.3 * B, 3),
    Asset("LINK", "Chainlink", "chainlink", 877, 13.4, 0.043, 697 * M, 1 * B, 0.5 * B, 2),
    Asset("XLM", "Stellar", "stellar", 100, 0.243, 0.042, 32.2 * B, 50 * B, 0.2 * B, 0),
    Asset("LTC", "Litecoin", "litecoin", 2, 86.5, 0.034, 76.5 * M, 84 * M, 0.4 * B, 3),
    Asset("AVAX", "Avalanche", "avalanche-2", 12559, 14.7, 0.045, 427 * M, 720 * M, 0.3 * B, 2),
    Asset("DOT", "Polkadot", "polkadot", 12171, 2.24, 0.044, 1.64 * B, 2.1 * B, 0.2 * B, 2),
    Asset("POL", "POL (ex-MATIC)", "polygon-ecosystem-token", 32440, 0.137, 0.046, 10.5 * B, None,
          0.09 * B, 1),
    Asset("SHIB", "Shiba Inu", "shiba-inu", 11939, 8.6e-06, 0.046, 589524 * B, None, 0.15 * B, 0),
    Asset("XMR", "Monero", "monero", 69, 338.0, 0.034, 18.4 * M, None, 0.12 * B, 3),
    Asset("SUI", "Sui", "sui", 26375, 1.62, 0.051, 3.6 * B, 10 * B, 0.8 * B, 1),
    Asset("TON", "Toncoin", "the-open-network", 17980, 1.71, 0.036, 2.45 * B, None, 0.1 * B, 2),
    Asset("HBAR", "Hedera", "hedera-hashgraph", 3688, 0.134, 0.046, 42.5 * B, 50 * B, 0.2 * B, 0),
    Asset("UNI", "Uniswap", "uniswap", 12504, 6.15, 0.048, 630 * M, 1 * B, 0.3 * B, 2),
    Asset("AAVE", "Aave", "aave", 12645, 176.0, 0.047, 15.2 * M, 16 * M, 0.3 * B, 3),
    Asset("NEAR", "NEAR Protocol", "near", 10365, 1.78, 0.049, 1.27 * B, None, 0.2 * B, 1),
    Asset("PEPE", "Pepe", "pepe", 29850, 4.9e-06, 0.058, 420690 * B, 420690 * B, 0.4 * B, 0),
    Asset("APT", "Aptos", "aptos", 26455, 2.07, 0.047, 740 * M, None, 0.12 * B, 2),
    Asset("ETC", "Ethereum Classic", "ethereum-classic", 453, 13.2, 0.037, 154 * M, 210.7 * M,
          0.08 * B, 2),
    Asset("ICP", "Internet Computer", "internet-computer", 14495, 3.4, 0.047, 545 * M, None,
          0.07 * B, 2),
    Asset("ATOM", "Cosmos Hub", "cosmos", 1481, 2.36, 0.042, 480 * M, None, 0.07 * B, 2),
    Asset("FIL", "Filecoin", "filecoin", 12817, 1.49, 0.046, 720 * M, 1.96 * B, 0.12 * B, 2),
    Asset("ARB", "Arbitrum", "arbitrum", 16547, 0.206, 0.049, 5.7 * B, 10 * B, 0.12 * B, 1),
    Asset("OP", "Optimism", "optimism", 25244, 0.317, 0.051, 1.9 * B, 4.29 * B, 0.1 * B, 2),
    Asset("ALGO", "Algorand", "algorand", 4380, 0.138, 0.042, 8.8 * B, 10 * B, 0.05 * B, 0),
    Asset("VET", "VeChain", "vechain", 1167, 0.0124, 0.043, 85.9 * B, 86.7 * B, 0.03 * B, 0),
    Asset("INJ", "Injective", "injective-protocol", 12882, 4.9, 0.05, 100 * M, None, 0.08 * B, 2),
    Asset("XTZ", "Tezos", "tezos", 976, 0.52, 0.041, 1.06 * B, None, 0.03 * B, 1),
    Asset("ZEC", "Zcash", "zcash", 486, 372.0, 0.062, 16.4 * M, 21 * M, 0.6 * B, 3),
    Asset("GRT", "The Graph", "the-graph", 13397, 0.041, 0.047, 10.6 * B, None, 0.02 * B, 0),
    Asset("CRO", "Cronos", "crypto-com-chain", 7310, 0.103, 0.039, 37.1 * B, 100 * B, 0.02 * B, 0),
    Asset("OKB", "OKB", "okb", 4463, 109.0, 0.036, 21 * M, 21 * M, 0.06 * B, 3),
)
# fmt: on

BY_SYMBOL = {asset.symbol: asset for asset in ASSETS}
BY_GECKO_ID = {asset.gecko_id: asset for asset in ASSETS}
