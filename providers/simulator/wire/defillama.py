"""DefiLlama: what is locked where, made of the assets that are locked."""

import math
from functools import lru_cache
from typing import Any, NamedTuple

from providers.simulator.market import DAY, Market
from providers.simulator.noise import uniform, words
from providers.simulator.venue import View
from providers.simulator.wire.answer import Answer, Query

# The chart begins here, and what is locked grows to today's amount over these days.
_FIRST_DAY = 18628
_GROWN = 1500
_WEEK = 7 * DAY


class Place(NamedTuple):
    """A protocol: who it is, and how much of which asset it holds."""

    slug: str
    name: str
    symbol: str
    category: str
    chains: tuple[str, ...]
    holds: str
    amount: float
    # What a year in it pays, in percent.
    pays: float


# fmt: off
PLACES = (
    Place("lido", "Lido", "LDO", "Liquid Staking", ("Ethereum",), "ETH", 8.9e6, 2.7),
    Place("aave-v3", "Aave V3", "AAVE", "Lending", ("Ethereum", "Arbitrum", "Base"), "ETH",
          6.1e6, 2.1),
    Place("eigenlayer", "EigenLayer", "EIGEN", "Restaking", ("Ethereum",), "ETH", 3.4e6, 1.4),
    Place("ether.fi-stake", "ether.fi Stake", "ETHFI", "Liquid Restaking", ("Ethereum",), "ETH",
          2.3e6, 2.9),
    Place("sky-lending", "Sky Lending", "SKY", "CDP", ("Ethereum",), "USDC", 5.8e9, 4.5),
    Place("ethena-usde", "Ethena USDe", "ENA", "Basis Trading", ("Ethereum",), "USDT", 7.4e9, 5.6),
    Place("uniswap-v3", "Uniswap V3", "UNI", "Dexs", ("Ethereum", "Base", "Polygon"), "ETH",
          7.5e5, 8.3),
    Place("curve-dex", "Curve DEX", "CRV", "Dexs", ("Ethereum", "Arbitrum"), "USDC", 1.9e9, 3.2),
    Place("morpho-blue", "Morpho Blue", "MORPHO", "Lending", ("Ethereum", "Base"), "USDC", 5.1e9,
          5.1),
    Place("jito-liquid-staking", "Jito Liquid Staking", "JTO", "Liquid Staking", ("Solana",),
          "SOL", 1.5e7, 6.8),
    Place("kamino-lend", "Kamino Lend", "KMNO", "Lending", ("Solana",), "SOL", 1.2e7, 4.4),
    Place("raydium-amm", "Raydium AMM", "RAY", "Dexs", ("Solana",), "SOL", 9.1e6, 14.2),
    Place("pancakeswap-amm", "PancakeSwap AMM", "CAKE", "Dexs", ("BSC",), "BNB", 2.4e6, 6.1),
    Place("venus-core-pool", "Venus Core Pool", "XVS", "Lending", ("BSC",), "BNB", 1.9e6, 1.8),
    Place("justlend", "JustLend", "JST", "Lending", ("Tron",), "TRX", 1.3e10, 5.0),
    Place("suilend", "Suilend", "SEND", "Lending", ("Sui",), "SUI", 3.1e8, 3.9),
    Place("benqi-lending", "BENQI Lending", "QI", "Lending", ("Avalanche",), "AVAX", 2.6e7, 2.2),
    Place("babylon-protocol", "Babylon Protocol", "BABY", "Restaking", ("Bitcoin",), "BTC",
          5.6e4, 0.4),
)
# fmt: on


def answer(view: View, path: str, query: Query) -> Answer:
    if path == "/protocols":
        rows = [_protocol(view, number, place) for number, place in enumerate(PLACES, 1)]
        return Answer(200, sorted(rows, key=lambda row: -row["tvl"]))
    if path == "/v2/historicalChainTvl":
        last = view.second // DAY
        tvls = _history(view.market, last)
        days = range(last - len(tvls) + 1, last + 1)
        points = [{"date": day * DAY, "tvl": tvl} for day, tvl in zip(days, tvls, strict=True)]
        return Answer(200, points)
    if path == "/pools":
        return Answer(200, {"status": "success", "data": [_pool(view, one) for one in PLACES]})
    return Answer(404, {"message": "Not found"})


def _tvl(view: View, place: Place, at: float) -> float:
    return place.amount * view.usd(place.holds, at)


def _change(view: View, place: Place, seconds: int) -> float:
    now, before = (_tvl(view, place, view.until - back) for back in (0, seconds))
    return 100 * (now / before - 1)


def _protocol(view: View, number: int, place: Place) -> dict[str, Any]:
    tvl = _tvl(view, place, view.until)
    share = 1 / len(place.chains)
    return {
        "id": str(number),
        "name": place.name,
        "address": None,
        "symbol": place.symbol,
        "url": f"https://{place.slug}.example/",
        "description": f"{place.name}, as simulated.\r\n",
        "chain": place.chains[0] if len(place.chains) == 1 else "Multi-Chain",
        "logo": f"https://icons.llama.fi/{place.slug}.png",
        "audits": "2",
        "gecko_id": None,
        "cmcId": None,
        "category": place.category,
        "chains": list(place.chains),
        "module": f"{place.slug}/index.js",
        "slug": place.slug,
        "tvl": tvl,
        "chainTvls": {chain: tvl * share for chain in place.chains},
        "change_1h": _change(view, place, 3600),
        "change_1d": _change(view, place, DAY),
        "change_7d": _change(view, place, _WEEK),
        "mcap": tvl * (0.02 + 0.2 * uniform(f"{view.market.seed}/{place.slug}/worth")),
    }


@lru_cache(64)
def _history(market: Market, last: int) -> tuple[float, ...]:
    return tuple(_locked(market, day) for day in range(_FIRST_DAY, last + 1))


def _locked(market: Market, day: int) -> float:
    """Return what all places hold at midnight; the day's opening costs no ticks."""
    grown = min(1.0, (day - _FIRST_DAY + 30) / _GROWN)
    held = {place.holds: 0.0 for place in PLACES}
    for place in PLACES:
        held[place.holds] += place.amount
    opens = {symbol: math.exp(market.day_open(symbol, day * DAY)) for symbol in held}
    return grown * sum(amount * opens[symbol] for symbol, amount in held.items())


def _pool(view: View, place: Place) -> dict[str, Any]:
    key = f"{view.market.seed}/{place.slug}"
    swing = uniform(f"{key}/{view.second // 3600}") - 0.5
    base, reward = place.pays * (1 + 0.2 * swing), None
    if place.category in ("Dexs", "Lending"):
        reward = place.pays * 0.1 * uniform(f"{key}/reward")
    blocks = [f"{word:04x}" for word in words(f"{key}/pool", 8)]
    pool = "".join(blocks[:2]) + "-" + "-".join(blocks[2:5]) + "-" + "".join(blocks[5:])
    return {
        "chain": place.chains[0],
        "project": place.slug,
        "symbol": place.holds,
        "tvlUsd": int(_tvl(view, place, view.until) * 0.8),
        "apyBase": round(base, 5),
        "apyReward": None if reward is None else round(reward, 5),
        "apy": round(base + (reward or 0), 5),
        "rewardTokens": None if reward is None else [place.symbol],
        "pool": pool,
        "apyPct1D": round(swing / 10, 5),
        "stablecoin": place.holds in ("USDC", "USDT"),
        "ilRisk": "yes" if place.category == "Dexs" else "no",
        "exposure": "multi" if place.category == "Dexs" else "single",
        "poolMeta": None,
        "apyMean30d": place.pays,
        "outlier": False,
    }
