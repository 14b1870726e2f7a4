"""Clients written for the real exchanges read the simulated ones."""

import ccxt
import pytest

from providers.simulator.wire.binance import PAIRS
from providers.simulator.wire.kraken_names import LISTINGS


def moved(urls, old, new):
    if isinstance(urls, dict):
        return {key: moved(value, old, new) for key, value in urls.items()}
    return urls.replace(old, new) if isinstance(urls, str) else urls


@pytest.fixture
def binance(live):
    exchange = ccxt.binance(
        {
            "enableRateLimit": False,
            "options": {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False},
        }
    )
    exchange.urls["api"] = moved(
        exchange.urls["api"], "https://api.binance.com", f"{live.url}/binance"
    )
    return exchange


@pytest.fixture
def kraken(live):
    exchange = ccxt.kraken({"enableRateLimit": False})
    exchange.urls["api"] = moved(
        exchange.urls["api"], "https://api.kraken.com", f"{live.url}/kraken"
    )
    return exchange


def test_ccxt_loads_the_markets_of_binance(binance):
    markets = binance.load_markets()
    assert len(markets) == len(PAIRS)
    assert markets["BTC/USDT"]["precision"]["price"] == 0.01
    assert markets["BTC/USDT"]["active"]


def test_ccxt_loads_the_markets_of_kraken(kraken):
    markets = kraken.load_markets()
    assert len(markets) == len(LISTINGS)
    assert markets["BTC/USD"]["id"] == "XXBTZUSD"
    assert markets["DOGE/USD"]["id"] == "XDGUSD"


@pytest.mark.parametrize(("name", "quote"), [("binance", "USDT"), ("kraken", "USD")])
def test_ccxt_reads_tickers_candles_and_books(request, live, name, quote):
    exchange = request.getfixturevalue(name)
    symbol = f"ETH/{quote}"
    common = float(live.market.price("ETH", live.clock()))

    tickers = exchange.fetch_tickers([symbol, f"DOGE/{quote}"])
    assert tickers[symbol]["last"] == pytest.approx(common, rel=0.005)
    ticker = exchange.fetch_ticker(symbol)
    assert ticker["bid"] < ticker["ask"]
    assert ticker["low"] <= ticker["last"] <= ticker["high"]
    assert ticker["baseVolume"] > 0

    candles = exchange.fetch_ohlcv(symbol, "1h", limit=24)
    assert len(candles) == 24
    assert all(low <= min(o, c) <= max(o, c) <= high for _, o, high, low, c, _ in candles)
    assert candles[-1][4] == pytest.approx(common, rel=0.005)
    since = candles[-5][0]
    assert exchange.fetch_ohlcv(symbol, "1h", since=since, limit=3)[0][0] == since

    book = exchange.fetch_order_book(symbol, limit=20)
    assert len(book["bids"]) == len(book["asks"]) == 20
    assert book["bids"][0][0] < book["asks"][0][0]
    assert abs(exchange.fetch_time() / 1000 - live.clock()) < 5


def test_ccxt_understands_the_refusals(live, binance, kraken):
    with pytest.raises(ccxt.ExchangeError, match="Unknown asset pair"):
        kraken.public_get_ticker({"pair": "NOPE"})
    with pytest.raises(ccxt.BadSymbol):
        binance.public_get_ticker_price({"symbol": "NOPEUSDT"})
    live.fault("binance", "rate_limited")
    with pytest.raises(ccxt.DDoSProtection):
        binance.public_get_ping()
    live.fault("binance", "banned")
    with pytest.raises(ccxt.DDoSProtection):
        binance.public_get_ping()
    live.fault("kraken", "error_body")
    with pytest.raises(ccxt.ExchangeNotAvailable):
        kraken.public_get_time()
