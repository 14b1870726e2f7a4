"""Clients written for six more real exchanges read the simulated ones, and are refused likewise."""

import ccxt
import pytest
import requests

from providers.simulator.wire import bitfinex, bybit, coinbaseexchange, gate, kucoin, okx
from providers.tests.simulator.conftest import NOW
from providers.tests.simulator.test_ccxt import moved

HOSTS = {
    "coinbaseexchange": ("https://api.exchange.coinbase.com", "USD", coinbaseexchange.PAIRS),
    "okx": ("https://www.okx.com", "USDT", okx.PAIRS),
    "bybit": ("https://api.bybit.com", "USDT", bybit.PAIRS),
    "kucoin": ("https://api.kucoin.com", "USDT", kucoin.PAIRS),
    "gate": ("https://api.gateio.ws", "USDT", gate.PAIRS),
    "bitfinex": ("https://api-pub.bitfinex.com", "USD", bitfinex.PAIRS),
}
NAMES = list(HOSTS)


def client(sim, name):
    host = HOSTS[name][0]
    options = {"fetchMarkets": {"types": ["spot"]}}
    exchange = getattr(ccxt, name)({"enableRateLimit": False, "options": options})
    exchange.has["fetchCurrencies"] = False
    exchange.urls["api"] = moved(exchange.urls["api"], "{hostname}", exchange.hostname or "")
    exchange.urls["api"] = moved(exchange.urls["api"], host, f"{sim.url}/{name}")
    return exchange


@pytest.mark.parametrize("name", NAMES)
def test_ccxt_reads_markets_tickers_candles_and_books(live, name):
    exchange = client(live, name)
    assert len(exchange.load_markets()) == len(HOSTS[name][2])
    symbol, other = (f"{base}/{HOSTS[name][1]}" for base in ("ETH", "DOGE"))
    assert exchange.markets[symbol]["active"]
    common = float(live.market.price("ETH", live.clock()))
    tickers = exchange.fetch_tickers([symbol, other])
    assert set(tickers) == {symbol, other}
    assert tickers[symbol]["last"] == pytest.approx(common, rel=0.005)
    candles = exchange.fetch_ohlcv(symbol, "1h", limit=24)[-24:]
    assert len(candles) == 24
    assert all(low <= min(o, c) <= max(o, c) <= high for _, o, high, low, c, _ in candles)
    assert candles[-1][4] == pytest.approx(common, rel=0.005)
    since = candles[-5][0]
    assert exchange.fetch_ohlcv(symbol, "1h", since=since, limit=3)[0][0] == since
    book = exchange.fetch_order_book(symbol, limit=100)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert len(book["bids"]) >= 100
    if exchange.has["fetchTime"]:
        assert abs(exchange.fetch_time() / 1000 - live.clock()) < 5


@pytest.mark.parametrize("name", [name for name in NAMES if name != "coinbaseexchange"])
def test_tickers_are_whole(live, name):
    exchange = client(live, name)
    exchange.load_markets()
    symbol = f"ETH/{HOSTS[name][1]}"
    ticker = exchange.fetch_tickers([symbol])[symbol]
    assert ticker["bid"] < ticker["ask"]
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert ticker["baseVolume"] > 0


@pytest.mark.parametrize(
    ("place", "status", "said"),
    [
        ("coinbaseexchange/products/NOPE-USD/ticker", 404, {"message": "NotFound"}),
        ("coinbaseexchange/nowhere", 404, {"message": "NotFound"}),
        (
            "coinbaseexchange/products/BTC-USD/candles?granularity=77",
            400,
            {"message": "Unsupported granularity"},
        ),
        (
            "coinbaseexchange/products/BTC-USD/candles?granularity=60&start=2025-11-01T00:00:00Z",
            400,
            {
                "message": "granularity too small for the requested time range. "
                "Count of aggregations requested exceeds 300"
            },
        ),
        ("okx/api/v5/market/ticker?instId=NOPE-USDT", 200, {"code": "51001"}),
        ("okx/api/v5/market/candles?instId=BTC-USDT&bar=7m", 400, {"code": "51000"}),
        ("okx/api/v5/market/ticker", 400, {"code": "50014"}),
        ("bybit/v5/market/kline?symbol=NOPE&interval=1", 200, {"retCode": 10001}),
        ("bybit/v5/market/kline?symbol=BTCUSDT&interval=7", 200, {"retCode": 10001}),
        ("bybit/v5/market/tickers?category=none", 200, {"retCode": 10001}),
        ("kucoin/api/v1/market/candles?symbol=NOPE&type=1min", 200, {"code": "900001"}),
        ("kucoin/api/v1/market/candles?symbol=BTC-USDT&type=7min", 200, {"code": "400100"}),
        (
            "gate/api/v4/spot/tickers?currency_pair=NOPE_USDT",
            400,
            {"label": "INVALID_CURRENCY_PAIR", "message": "Invalid currency pair NOPE_USDT"},
        ),
        (
            "gate/api/v4/spot/candlesticks?currency_pair=BTC_USDT&from=1763700000&limit=3",
            400,
            {"label": "INVALID_PARAM_VALUE"},
        ),
    ],
)
def test_each_refuses_as_the_real_one_does(sim, place, status, said):
    answer = requests.get(f"{sim.url}/{place}", timeout=5)
    assert answer.status_code == status
    assert said.items() <= answer.json().items()


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("ticker/tNOPE", ["error", 10020, "symbol: invalid"]),
        ("candles/trade:7m:tBTCUSD/hist", ["error", 10020, "timeframe: invalid"]),
        ("book/tBTCUSD/P0?len=7", ["error", 10020, "len: invalid"]),
    ],
)
def test_bitfinex_refuses_in_lists(sim, place, said):
    answer = requests.get(f"{sim.url}/bitfinex/v2/{place}", timeout=5)
    assert (answer.status_code, answer.json()) == (500, said)


def test_bitfinex_leaves_out_what_it_does_not_know(sim):
    url = f"{sim.url}/bitfinex/v2/tickers?symbols=tNOPE,tBTCUSD,tUSTUSD"
    assert [row[0] for row in requests.get(url, timeout=5).json()] == ["tBTCUSD", "tUSTUSD"]


def test_each_has_its_own_order_of_columns(sim):
    def first(place):
        return requests.get(f"{sim.url}/{place}", timeout=5).json()

    hour = int(NOW) // 3600 * 3600
    coinbase = first("coinbaseexchange/products/BTC-USD/candles?granularity=3600")[0]
    assert coinbase[0] == hour
    assert coinbase[1] <= min(coinbase[3:5]) <= max(coinbase[3:5]) <= coinbase[2]
    kucoin_row = first("kucoin/api/v1/market/candles?symbol=BTC-USDT&type=1hour")["data"][0]
    opened, _, close, high, low = map(float, kucoin_row[:5])
    assert (opened, low <= close <= high) == (hour, True)
    gate_rows = first("gate/api/v4/spot/candlesticks?currency_pair=BTC_USDT&interval=1h&limit=2")
    assert [row[7] for row in gate_rows] == ["true", "false"]
    assert float(gate_rows[1][4]) <= float(gate_rows[1][5]) <= float(gate_rows[1][3])
    okx_rows = first("okx/api/v5/market/candles?instId=BTC-USDT&bar=1H&limit=2")["data"]
    assert [row[8] for row in okx_rows] == ["0", "1"]
    assert okx_rows[0][0] == str(hour * 1000)


@pytest.mark.parametrize(
    ("name", "fault", "error"),
    [
        ("okx", "error_body", ccxt.OnMaintenance),
        ("okx", "rate_limited", ccxt.RateLimitExceeded),
        ("bybit", "error_body", ccxt.ExchangeError),
        ("bybit", "rate_limited", ccxt.RateLimitExceeded),
        ("kucoin", "rate_limited", ccxt.RateLimitExceeded),
        ("gate", "rate_limited", ccxt.RateLimitExceeded),
        ("bitfinex", "rate_limited", ccxt.RateLimitExceeded),
        ("bitfinex", "server_error", ccxt.OnMaintenance),
        ("coinbaseexchange", "rate_limited", ccxt.RateLimitExceeded),
    ],
)
def test_ccxt_understands_the_faults(live, name, fault, error):
    exchange = client(live, name)
    live.fault(name, fault)
    with pytest.raises(error):
        exchange.fetch_markets()
