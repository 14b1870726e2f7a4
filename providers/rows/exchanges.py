"""Exchanges, all those that ccxt knows: spot where there is any, and candles and books with it.

What each offers is what ccxt can ask of it with plain GET requests and without a key.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from providers.adapters.ccxt_exchange import CcxtExchange
from providers.row import Row
from providers.stream import Stream
from providers.streams.binance import Binance
from providers.streams.bybit import Bybit
from providers.streams.coinbaseexchange import CoinbaseExchange
from providers.streams.kraken import Kraken
from providers.streams.okx import OKX

OFFERS = {"q": "quotes", "c": "candles", "b": "order_book"}


class Venue(NamedTuple):
    """`budget` is at most half of what the venue allows per minute, and at most 60.

    `access` is "swap" where only perpetuals trade: their prices are taken, but not their candles
    and books, which count in contracts. It is "key" where nothing answers a plain GET without one.
    """

    slug: str
    name: str
    host: str
    offers: str
    budget: int
    access: str = ""


# What ccxt offers and this adapter does not, and why.
LEFT_OUT: Mapping[str, Mapping[str, str]] = {
    "coinbaseexchange": {"q": "its list of all prices does not say how old they are"},
    "coinspot": {"b": "wants a key for it"},
    "luno": {"c": "wants a key for it"},
    "pacifica": {"c": "must be told where to begin"},
    "woo": {"q": "lists perpetuals only"},
    "zebpay": {"c": "must be told where to begin and end"},
}

# fmt: off
VENUES = tuple(Venue(*row) for row in (
    ("alpaca", "Alpaca", "data.alpaca.markets", "qcb", 60, "key"),
    ("apex", "Apex", "omni.apex.exchange", "q", 60, "swap"),
    ("aster", "Aster", "sapi.asterdex.com", "qcb", 60),
    ("backpack", "Backpack", "api.backpack.exchange", "qcb", 60),
    ("bequant", "Bequant", "api.bequant.io", "qcb", 60),
    ("bigone", "BigONE", "big.one", "qcb", 60),
    ("binance", "Binance", "api.binance.com", "qcb", 240),
    ("binancecoinm", "Binance COIN-M", "dapi.binance.com", "qcb", 60, "key"),
    ("binanceus", "Binance US", "api.binance.us", "qcb", 60),
    ("binanceusdm", "Binance USDS-M", "fapi.binance.com", "q", 60, "swap"),
    ("bingx", "BingX", "open-api.bingx.com", "qcb", 60),
    ("bit2c", "Bit2C", "bit2c.co.il", "b", 10),
    ("bitbank", "bitbank", "public.bitbank.cc", "cb", 60),
    ("bitbns", "Bitbns", "bitbns.com", "qb", 30),
    ("bitfinex", "Bitfinex", "api-pub.bitfinex.com", "qcb", 20),
    ("bitflyer", "bitFlyer", "api.bitflyer.com", "b", 30),
    ("bitget", "Bitget", "api.bitget.com", "qcb", 60),
    ("bithumb", "Bithumb", "api.bithumb.com", "qcb", 60),
    ("bitopro", "BitoPro", "api.bitopro.com", "qcb", 60),
    ("bitrue", "Bitrue", "www.bitrue.com", "qcb", 60),
    ("bitso", "Bitso", "bitso.com", "cb", 15),
    ("bitstamp", "Bitstamp", "www.bitstamp.net", "qcb", 60),
    ("bitteam", "BIT.TEAM", "history.bit.team", "qcb", 60),
    ("bittrade", "BitTrade", "api-cloud.bittrade.co.jp", "qcb", 60),
    ("bitvavo", "Bitvavo", "api.bitvavo.com", "qcb", 60),
    ("blockchaincom", "Blockchain.com", "api.blockchain.com", "qb", 60),
    ("blofin", "BloFin", "openapi.blofin.com", "q", 60, "swap"),
    ("btcbox", "BtcBox", "www.btcbox.co.jp", "qb", 30),
    ("btcmarkets", "BTC Markets", "api.btcmarkets.net", "cb", 30),
    ("btcturk", "BTCTurk", "api.btcturk.com", "qcb", 60),
    ("btse", "BTSE", "api.btse.com", "qcb", 60),
    ("bullish", "Bullish", "api.exchange.bullish.com", "cb", 60),
    ("bybit", "Bybit", "api.bybit.com", "qcb", 60),
    ("bybiteu", "Bybit EU", "api.bybit.eu", "qcb", 60),
    ("bybitid", "Bybit Indonesia", "api.bybit.id", "qcb", 60),
    ("bydfi", "BYDFi", "api.bydfi.com", "q", 60, "swap"),
    ("cex", "CEX.IO", "trade.cex.io", "qcb", 60, "key"),
    ("coinbase", "Coinbase Advanced", "api.coinbase.com", "qcb", 60),
    ("coinbaseexchange", "Coinbase Exchange", "api.exchange.coinbase.com", "cb", 60),
    ("coinbaseinternational", "Coinbase International", "drb.coinbase.com", "qcb", 60),
    ("coincheck", "Coincheck", "coincheck.com", "b", 20),
    ("coinmate", "CoinMate", "coinmate.io", "qb", 50),
    ("coinone", "CoinOne", "api.coinone.co.kr", "qb", 60),
    ("coinsph", "Coins.ph", "api.pro.coins.ph", "qcb", 60),
    ("coinspot", "CoinSpot", "www.coinspot.com.au", "q", 30),
    ("cryptocom", "Crypto.com", "api.crypto.com", "qcb", 60),
    ("cryptomus", "Cryptomus", "api.cryptomus.com", "qb", 60),
    ("deepcoin", "DeepCoin", "api.deepcoin.com", "qcb", 60),
    ("delta", "Delta Exchange", "api.delta.exchange", "qcb", 60),
    ("deribit", "Deribit", "www.deribit.com", "qcb", 60),
    ("derive", "Derive", "api.derive.xyz", "c", 60, "key"),
    ("digifinex", "DigiFinex", "openapi.digifinex.com", "qcb", 33),
    ("dydx", "dYdX", "indexer.dydx.trade", "cb", 60, "key"),
    ("extended", "Extended", "api.starknet.extended.exchange", "q", 50, "swap"),
    ("fmfwio", "FMFW.io", "api.fmfw.io", "qcb", 60),
    ("foxbit", "Foxbit", "api.foxbit.com.br", "qcb", 60),
    ("gate", "Gate", "api.gateio.ws", "qcb", 60),
    ("gateeu", "Gate EU", "api.gateeu.com", "qcb", 60),
    ("gemini", "Gemini", "api.gemini.com", "qcb", 60),
    ("grvt", "GRVT", "market-data.grvt.io", "cb", 60, "key"),
    ("hashkey", "HashKey Global", "api-glb.hashkey.com", "qcb", 60),
    ("hibachi", "Hibachi", "data-api.hibachi.xyz", "cb", 60, "key"),
    ("hitbtc", "HitBTC", "api.hitbtc.com", "qcb", 60),
    ("hollaex", "HollaEx", "api.hollaex.com", "qcb", 60),
    ("htx", "HTX", "api.huobi.pro", "qcb", 60),
    ("hyperliquid", "Hyperliquid", "api.hyperliquid.xyz", "qcb", 60, "key"),
    ("independentreserve", "Independent Reserve", "api.independentreserve.com", "b", 30),
    ("indodax", "INDODAX", "indodax.com", "qcb", 60),
    ("kraken", "Kraken", "api.kraken.com", "qcb", 30),
    ("krakenfutures", "Kraken Futures", "futures.kraken.com", "q", 50, "swap"),
    ("kucoin", "KuCoin", "api.kucoin.com", "qcb", 60),
    ("kucoinfutures", "KuCoin Futures", "api-futures.kucoin.com", "q", 60, "swap"),
    ("latoken", "Latoken", "api.latoken.com", "qb", 30),
    ("lbank", "LBank", "api.lbank.info", "qcb", 60),
    ("lighter", "Lighter", "mainnet.zklighter.elliot.ai", "qcb", 30),
    ("luno", "Luno", "api.luno.com", "qb", 60),
    ("mercado", "Mercado Bitcoin", "www.mercadobitcoin.net", "cb", 30),
    ("mexc", "MEXC Global", "api.mexc.com", "qcb", 60),
    ("modetrade", "Mode Trade", "api-evm.orderly.org", "q", 60, "swap"),
    ("mudrex", "Mudrex", "trade.mudrex.com", "qc", 60, "key"),
    ("myokx", "MyOKX (EEA)", "eea.okx.com", "qcb", 60),
    ("nado", "Nado", "gateway.prod.nado.xyz", "qcb", 60),
    ("ndax", "NDAX", "api.ndax.io:8443", "qcb", 30),
    ("okx", "OKX", "www.okx.com", "qcb", 60),
    ("okxus", "OKX (US)", "us.okx.com", "qcb", 60),
    ("onetrading", "One Trading", "api.onetrading.com", "qcb", 60),
    ("p2b", "p2b", "api.p2pb2b.com", "qcb", 60),
    ("pacifica", "Pacifica", "api.pacifica.fi", "qb", 50),
    ("paradex", "Paradex", "api.prod.paradex.trade", "q", 60, "swap"),
    ("paymium", "Paymium", "paymium.com", "b", 15),
    ("phemex", "Phemex", "api.phemex.com", "qcb", 60),
    ("poloniex", "Poloniex", "api.poloniex.com", "qcb", 60),
    ("polymarket", "Polymarket", "api.perpetuals.polymarket.com", "q", 60, "swap"),
    ("revolutx", "Revolut X", "revx.revolut.com", "qcb", 30),
    ("tokocrypto", "Tokocrypto", "www.tokocrypto.com", "qcb", 15),
    ("toobit", "Toobit", "api.toobit.com", "qcb", 60),
    ("upbit", "Upbit", "api.upbit.com", "qcb", 60),
    ("weex", "Weex", "api-spot.weex.com", "qcb", 60),
    ("whitebit", "WhiteBit", "whitebit.com", "qcb", 60),
    ("woo", "WOO X", "api.woox.io", "cb", 60),
    ("woofipro", "WOOFI PRO", "api-evm.orderly.org", "q", 60, "swap"),
    ("xt", "XT", "sapi.xt.com", "qcb", 60),
    ("zaif", "Zaif", "api.zaif.jp", "b", 60),
    ("zebpay", "Zebpay", "sapi.zebpay.com", "qb", 60),
))
# fmt: on

_SWIFT = {"every": 0, "frozen_after": 60}
_DEFAULT = {"every": 10, "frozen_after": 60}
_SLOW = {"every": 10, "frozen_after": 300}

# Asked by a fresh installation, in this order where an order counts.
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "binance": {
        **_SWIFT,
        "mirrors": (
            "https://api-gcp.binance.com",
            "https://api1.binance.com",
            "https://api2.binance.com",
            "https://api3.binance.com",
            "https://api4.binance.com",
            "https://data-api.binance.vision",
        ),
    },
    "kraken": _SWIFT,
    "coinbaseexchange": _DEFAULT,
    "okx": _DEFAULT,
    "bybit": {**_DEFAULT, "mirrors": ("https://api.bytick.com",)},
    "kucoin": _DEFAULT,
    "gate": _DEFAULT,
    "bitfinex": _SLOW,
}
# Whether a venue says when it saw a price; of the others nobody has looked.
STATES_TIME: Mapping[str, bool] = {
    "binance": True,
    "kraken": False,
    "coinbaseexchange": False,
    "okx": True,
    "bybit": False,
    "kucoin": True,
    "gate": False,
    "bitfinex": False,
}
# Who is heard over a socket as well.
STREAMS: Mapping[str, Stream] = {
    "binance": Binance(),
    "kraken": Kraken(),
    "coinbaseexchange": CoinbaseExchange(),
    "okx": OKX(),
    "bybit": Bybit(),
}
# Thin markets may stand still for long.
_OTHER = {"every": 30, "frozen_after": 1800}


def _row(venue: Venue, order: int) -> Row:
    adapter = CcxtExchange(
        venue.slug,
        states_time=STATES_TIME.get(venue.slug),
        market_type="swap" if venue.access == "swap" else "spot",
    )
    return Row(
        slug=venue.slug,
        name=venue.name,
        kind="exchange",
        adapter=adapter,
        origin=f"https://{venue.host}",
        budget=venue.budget,
        offers=tuple(OFFERS[letter] for letter in venue.offers),
        needs_key="required" if venue.access == "key" else "no",
        is_default=venue.slug in DEFAULTS,
        order=order,
        stream=STREAMS.get(venue.slug),
        **DEFAULTS.get(venue.slug, _OTHER),
    )


_FIRST = {slug: 10 * place for place, slug in enumerate(DEFAULTS, start=1)}

ROWS: tuple[Row, ...] = tuple(
    _row(venue, _FIRST.get(venue.slug, 100 + place)) for place, venue in enumerate(VENUES)
)
