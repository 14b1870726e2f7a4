"""Real recorded answers of exchanges, wherever their folder lies beside the project."""

import json
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from providers import ccxt_bridge
from providers.adapter import Tap
from providers.adapters.ccxt_exchange import CcxtExchange
from providers.exceptions import (
    BadPayload,
    Blocked,
    NotOffered,
    ProviderError,
    RateLimited,
    Unreachable,
)
from providers.rows.exchanges import STATES_TIME
from providers.tests.adapters.ccxt_venues import BY_ID
from providers.tests.conftest import BTC, ETH, NOW
from providers.tests.listener import answer, refused
from providers.tests.test_recordings import RECORDINGS, exact, names, recorded
from providers.types import Answer, CandleAsk, Instrument

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings here")

LTC, XRP, SOL, DOGE = (Instrument(symbol) for symbol in ("LTC", "XRP", "SOL", "DOGE"))


def knowing(exchange_id, pair, market_id):
    """Return an exchange that lists one pair, without having been asked for it."""
    base, quote = pair.split("/")
    market = ccxt_bridge.Market(
        id=market_id, symbol=pair, base=base, quote=quote, type="spot", spot=True, active=True
    )
    adapter = CcxtExchange(exchange_id, states_time=STATES_TIME.get(exchange_id))
    exchange = ccxt_bridge._bare(exchange_id)
    exchange.markets, exchange.markets_by_id = {pair: market}, {market_id: [market]}
    adapter._listed, adapter._listed_at = exchange, NOW
    return adapter


def always(text):
    """Return a tap that answers everything with one text."""
    return Tap(get=lambda *_, **__: Answer(text, {}), key="", now=lambda: NOW)


def candles(exchange_id, pair, market_id, name, interval="1d"):
    base, quote = pair.split("/")
    ask = CandleAsk(base, quote, interval, limit=5000)
    return knowing(exchange_id, pair, market_id).candles(ask, always(recorded(name)))


def book(exchange_id, pair, market_id, name, depth=100000):
    base, quote = pair.split("/")
    adapter = knowing(exchange_id, pair, market_id)
    return adapter.order_book(base, quote, depth, always(recorded(name)))


def check(bars, rows, columns):
    """Hold candles against the rows they came from, oldest first."""
    rows = sorted(rows, key=lambda row: int(row[0]))
    assert len(bars) == len(rows)
    for bar, row in zip(bars, rows, strict=True):
        told = [Decimal(str(row[column])) for column in columns]
        assert [bar.open, bar.high, bar.low, bar.close, bar.volume] == told
    assert [bar.is_closed for bar in bars] == [True] * (len(bars) - 1) + [False]


@pytest.mark.parametrize("name", names("binance/klines_*.json"))
def test_every_recorded_candle_of_binance_is_exact(name):
    interval = next(part for part in ("1h", "1m", "5m", "1d") if f"_{part}_" in f"{name}_1h_")
    bars = candles("binance", "BTC/USDT", "BTCUSDT", name, interval)
    rows = exact(recorded(name))
    check(bars, rows, (1, 2, 3, 4, 5))
    assert int(bars[0].opened_at.timestamp() * 1000) == rows[0][0]


def test_recorded_candles_of_kraken_are_exact():
    name = "kraken/ohlc_xbtusdt_1m_2025-11.json"
    bars = candles("kraken", "BTC/USDT", "XBTUSDT", name, "1m")
    check(bars, exact(recorded(name))["result"]["XBTUSDT"], (1, 2, 3, 4, 6))
    assert all(b.opened_at - a.opened_at >= timedelta(minutes=1) for a, b in pairwise(bars))


@pytest.mark.parametrize(
    ("name", "interval"),
    [("candles_btcusd_1d_2020-10", "1d"), ("candles_btcusd_1m_2018-02", "1m")],
)
def test_recorded_candles_of_coinbase_keep_even_their_dust(name, interval):
    name = f"coinbase_exchange/{name}.json"
    bars = candles("coinbaseexchange", "BTC/USD", "BTC-USD", name, interval)
    check(bars, exact(recorded(name)), (3, 2, 1, 4, 5))


def test_recorded_candles_of_bitstamp_are_exact():
    name = "bitstamp/ohlc_btcusd_1m_2019.json"
    bars = candles("bitstamp", "BTC/USD", "btcusd", name, "1m")
    rows = json.loads(recorded(name))["data"]["ohlc"]
    order = ("timestamp", "open", "high", "low", "close", "volume")
    check(bars, [[row[column] for column in order] for row in rows], (1, 2, 3, 4, 5))


@pytest.mark.parametrize(
    ("exchange_id", "pair", "market_id", "name", "place"),
    [
        ("binance", "BTC/USDC", "BTCUSDC", "binance/depth_btcusdc_2019-08", ()),
        ("binance", "NKN/USDT", "NKNUSDT", "binance/depth_nknusdt_2021-10", ()),
        ("kraken", "BCH/EUR", "BCHEUR", "kraken/depth_bcheur_2019", ("result", "BCHEUR")),
        ("coinbaseexchange", "BTC/USD", "BTC-USD", "coinbase_exchange/book_l2_btcusd_2019", ()),
        (
            "coinbaseexchange",
            "ETH/USDT",
            "ETH-USDT",
            "coinbase_exchange/book_l2_ethusdt_2022-06",
            (),
        ),
        ("okx", "BTC/USDT", "BTC-USDT", "okx/v5_books_2026-02", ("data", 0)),
        ("bybit", "BTC/USDT", "BTCUSDT", "bybit/v5_orderbook_2026-02", ("result",)),
        ("kucoin", "KCS/BTC", "KCS-BTC", "kucoin/orderbook_kcsbtc_2019-02", ("data",)),
        ("bitstamp", "SGB/EUR", "sgbeur", "bitstamp/orderbook_sgbeur_2022-01", ()),
    ],
)
def test_a_recorded_book_is_exact(exchange_id, pair, market_id, name, place):
    found = book(exchange_id, pair, market_id, f"{name}.json")
    told = exact(recorded(f"{name}.json"))
    for step in place:
        told = told[step]
    for side, short in (("bids", "b"), ("asks", "a")):
        rows = told.get(side) or told[short]
        pairs = {(Decimal(row[0]), Decimal(row[1])) for row in rows}
        assert {(one.price, one.amount) for one in getattr(found, side)} == pairs
    assert found.bids[0].price < found.asks[0].price


def test_a_recorded_book_of_bitfinex_has_its_sides_by_sign():
    name = "bitfinex/book_p2_2019-11.json"
    found = book("bitfinex", "BTC/USD", "tBTCUSD", name)
    rows = exact(recorded(name))
    for side, sign in (("bids", 1), ("asks", -1)):
        told = {(row[0], abs(row[2])) for row in rows if row[2] * sign > 0}
        assert {(one.price, one.amount) for one in getattr(found, side)} == told


def listed(exchange_id, listing, tickers):
    place = BY_ID[exchange_id]
    return place.upstream(listing=listing, tickers=tickers)


def quotes(exchange_id, listing, tickers, instruments):
    upstream = listed(exchange_id, listing, tickers)
    found = BY_ID[exchange_id].adapter().quotes(instruments, upstream.tap)
    return {quote.symbol: quote for quote in found}


def test_all_recorded_tickers_of_okx_are_exact():
    tickers = recorded("okx/v5_tickers_spot_all_2026-02.json")
    rows = {row["instId"]: row for row in json.loads(tickers)["data"]}
    listing = json.loads(recorded("okx/v5_instruments_spot_2022-05.json"))
    bases = {row["baseCcy"] for row in listing["data"]}
    asked = [Instrument(base) for base in sorted(bases)]
    found = quotes("okx", json.dumps(listing), tickers, asked)
    assert len(found) > 100
    for symbol, quote in found.items():
        row = rows[f"{symbol}-{quote.currency}"]
        assert quote.price == Decimal(row["last"])
        assert int(quote.observed_at.timestamp() * 1000) == int(row["ts"])
        assert quote.change_24h is None


def test_all_recorded_tickers_of_bybit_are_exact():
    tickers = recorded("bybit/v5_tickers_spot_all_2026-02.json")
    rows = {row["symbol"]: row for row in json.loads(tickers)["result"]["list"]}
    listing = json.loads(BY_ID["bybit"].text("listing"))
    like = listing["result"]["list"][0]
    bases = [symbol.removesuffix("USDT") for symbol in rows if symbol.endswith("USDT")]
    listing["result"]["list"] = [
        {**like, "symbol": f"{base}USDT", "baseCoin": base} for base in bases
    ]
    asked = [Instrument(base) for base in bases]
    found = quotes("bybit", json.dumps(listing), tickers, asked)
    assert len(found) > 100
    for symbol, quote in found.items():
        row = rows[f"{symbol}USDT"]
        assert quote.price == Decimal(row["lastPrice"])
        assert quote.change_24h == 100 * Decimal(row["price24hPcnt"])
        assert quote.observed_at == NOW


def test_recorded_tickers_of_gate_are_exact():
    listing = recorded("gate/v4_currency_pairs_2021-04.json")
    for name in ("v4_spot_tickers_trim_2023", "spot_tickers_btc_usdt_2023-01"):
        tickers = recorded(f"gate/{name}.json")
        found = quotes("gate", listing, tickers, (BTC, ETH))
        for row in json.loads(tickers):
            quote = found[row["currency_pair"].partition("_")[0]]
            assert str(quote.price) == row["last"]
            assert str(quote.change_24h) == row["change_percentage"]


@pytest.mark.parametrize("listing", ["symbols_2019-02", "symbols_2021-04"])
def test_recorded_tickers_of_kucoin_are_exact_and_as_old_as_they_say(listing):
    listing = recorded(f"kucoin/{listing}.json")
    tickers = json.loads(recorded("kucoin/alltickers_2019-02.json"))
    rows = {row["symbol"]: row for row in tickers["data"]["ticker"]}
    found = quotes("kucoin", listing, json.dumps(tickers), (BTC, ETH, LTC))
    assert set(found) == {"BTC", "ETH", "LTC"}
    for symbol, quote in found.items():
        row = rows[f"{symbol}-{quote.currency}"]
        assert str(quote.price) == row["last"]
        assert quote.change_24h == 100 * Decimal(row["changeRate"])
        assert int(quote.observed_at.timestamp() * 1000) == tickers["data"]["time"]
    del tickers["data"]["time"]
    with pytest.raises(BadPayload, match="time"):
        quotes("kucoin", listing, json.dumps(tickers), (BTC, ETH, LTC))


@pytest.mark.parametrize("year", ["2021-04", "2022-09"])
def test_recorded_listings_of_coinbase_say_what_trades(year):
    place = BY_ID["coinbaseexchange"]
    listing = recorded(f"coinbase_exchange/products_{year}.json")
    found = quotes(place.id, listing, place.text("tickers"), (BTC, ETH, DOGE))
    assert {quote.currency for quote in found.values()} == {"USD"}
    known = ccxt_bridge.listed(place.id, "spot", listed(place.id, listing, "{}").tap)
    for row in json.loads(listing):
        assert known.markets_by_id[row["id"]][0]["active"] is (row["status"] == "online")


def test_a_listing_that_does_not_say_what_trades_offers_nothing():
    place = BY_ID["coinbaseexchange"]
    listing = json.loads(recorded("coinbase_exchange/products_2017.json"))
    for row in listing:
        row.pop("status", None)
    with pytest.raises(NotOffered):
        quotes(place.id, json.dumps(listing), place.text("tickers"), (BTC,))


@pytest.mark.parametrize(
    ("exchange_id", "name", "kind"),
    [
        ("bitfinex", "bitfinex/error_429_ratelimit", RateLimited),
        ("bitfinex", "bitfinex/error_maintenance", Unreachable),
        ("kucoin", "kucoin/error_429", RateLimited),
        ("gate", "gate/error_400_invalid_pair", NotOffered),
        ("kraken", "kraken/error_service_unavailable", Unreachable),
        ("kraken", "kraken/error_too_many_requests", RateLimited),
        ("coinbaseexchange", "coinbase_exchange/error_429", BadPayload),
        ("binance", "binance/error_451_restricted_location", BadPayload),
        ("bybit", "bybit/error_403_cloudfront_geo", BadPayload),
    ],
)
def test_a_recorded_error_inside_a_good_answer_is_a_named_error(exchange_id, name, kind):
    text = recorded(f"{name}.json")
    place = BY_ID[exchange_id]
    for method, question in (
        ("quotes", ((BTC,),)),
        ("candles", (CandleAsk("BTC", place.currency, "1h"),)),
        ("order_book", ("BTC", place.currency, 20)),
    ):
        adapter = knowing(exchange_id, f"BTC/{place.currency}", place.pair)
        with pytest.raises(ProviderError) as caught:
            getattr(adapter, method)(*question, always(text))
        assert type(caught.value) is kind, method


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("bitfinex/error_429_ratelimit", 429, RateLimited),
        ("bitfinex/error_maintenance", 503, Unreachable),
        ("coinbase_exchange/error_400_granularity", 400, BadPayload),
        ("coinbase_exchange/error_401_invalid_key", 401, Blocked),
        ("coinbase_exchange/error_429", 429, RateLimited),
        ("gate/error_400_invalid_pair", 400, BadPayload),
        ("kucoin/error_429", 429, RateLimited),
    ],
)
@pytest.mark.usefixtures("live_market")
def test_a_recorded_error_over_the_wire_has_its_name(listen, name, status, kind):
    refused(listen(answer(status, recorded(f"{name}.json").encode())).url, kind)


@pytest.mark.parametrize(
    ("exchange_id", "name"),
    [
        ("bitfinex", "bitfinex/conf_pairs_exchange_2021-04"),
        ("bitfinex", "bitfinex/tickers_deriv_2020-01"),
        ("bitfinex", "bitfinex/status_deriv_2020-01"),
        ("bybit", "bybit/v5_instruments_info_option_2026-02"),
        ("bybit", "bybit/v2_tickers_2019-11"),
        ("okx", "okx/v3_tickers_2020-03"),
        ("gate", "gate/v2_pairs_2017"),
        ("gate", "gate/v4_futures_contract_ethusd_2019-10"),
        ("coinbaseexchange", "coinbase_exchange/advanced_trade_ticker_2026-04"),
        ("coinbaseexchange", "coinbase_exchange/product_ethusdt_2022-06"),
        ("gemini", "gemini/v1_pubticker_btcusd_2026-09"),
    ],
)
@pytest.mark.parametrize("method", ["quotes", "candles", "order_book"])
def test_another_answer_is_not_taken_for_the_one_asked_for(exchange_id, name, method):
    question = {
        "quotes": ((BTC,),),
        "candles": (CandleAsk("BTC", "USD", "1h"),),
        "order_book": ("BTC", "USD", 20),
    }[method]
    adapter = knowing(exchange_id, "BTC/USD", "BTCUSD")
    try:
        found = getattr(adapter, method)(*question, always(recorded(f"{name}.json")))
    except ProviderError:
        return
    assert found == []
