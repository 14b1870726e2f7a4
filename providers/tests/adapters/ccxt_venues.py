"""The eight default exchanges as payloads: where each is asked for what, and its own words."""

from dataclasses import dataclass

from providers.adapters.ccxt_exchange import CcxtExchange
from providers.rows.exchanges import STATES_TIME
from providers.tests.conftest import Upstream, payload

# What the upstream calls it, where that came first.
NAMES = {
    ("binance", "listing"): "exchange_info",
    ("binance", "tickers"): "ticker",
    ("kraken", "listing"): "asset_pairs",
    ("kraken", "tickers"): "ticker",
}


@dataclass(frozen=True)
class Place:
    """One exchange of the tests: the paths it is asked at, and its pair of Bitcoin."""

    id: str
    currency: str
    pair: str
    listing: str
    tickers: str
    candles: str
    book: str

    def text(self, case):
        return payload("ccxt_exchange", f"{self.id}_{NAMES.get((self.id, case), case)}")

    def adapter(self):
        return CcxtExchange(self.id, states_time=STATES_TIME[self.id])

    def upstream(self, **changed):
        answers = {getattr(self, case): self.text(case) for case in CASES}
        answers["/api/v4/margin/currency_pairs"] = "[]"
        answers.update({getattr(self, case): text for case, text in changed.items()})
        return Upstream(answers)


CASES = ("listing", "tickers", "candles", "book")

# fmt: off
PLACES = (
    Place("binance", "USDT", "BTCUSDT", "/api/v3/exchangeInfo", "/api/v3/ticker/24hr",
          "/api/v3/klines", "/api/v3/depth"),
    Place("kraken", "USD", "XXBTZUSD", "/0/public/AssetPairs", "/0/public/Ticker",
          "/0/public/OHLC", "/0/public/Depth"),
    Place("coinbaseexchange", "USD", "BTC-USD", "/products", "/products/spark-lines",
          "/products/BTC-USD/candles", "/products/BTC-USD/book"),
    Place("okx", "USDT", "BTC-USDT", "/api/v5/public/instruments", "/api/v5/market/tickers",
          "/api/v5/market/candles", "/api/v5/market/books"),
    Place("bybit", "USDT", "BTCUSDT", "/v5/market/instruments-info", "/v5/market/tickers",
          "/v5/market/kline", "/v5/market/orderbook"),
    Place("kucoin", "USDT", "BTC-USDT", "/api/v2/symbols", "/api/v1/market/allTickers",
          "/api/v1/market/candles", "/api/v1/market/orderbook/level2_20"),
    Place("gate", "USDT", "BTC_USDT", "/api/v4/spot/currency_pairs", "/api/v4/spot/tickers",
          "/api/v4/spot/candlesticks", "/api/v4/spot/order_book"),
    Place("bitfinex", "USD", "tBTCUSD",
          "/v2/conf/pub:info:pair,pub:info:pair:futures,pub:list:pair:securities,"
          "pub:list:pair:margin", "/v2/tickers", "/v2/candles/trade:1h:tBTCUSD/hist",
          "/v2/book/tBTCUSD/P0"),
)
# fmt: on
BY_ID = {place.id: place for place in PLACES}
