"""Real recorded answers, wherever their folder lies beside the project."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from providers.adapters.ccxt_exchange import CcxtExchange
from providers.adapters.coingecko import CoinGecko
from providers.exceptions import (
    BadPayload,
    Blocked,
    NotOffered,
    ProviderError,
    RateLimited,
    Unreachable,
)
from providers.tests.conftest import BTC, ETH, Upstream
from providers.tests.listener import answer, refused
from providers.types import Instrument

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"
pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings here")

LTC, XRP, BNB = Instrument("LTC"), Instrument("XRP"), Instrument("BNB")


def recorded(name):
    return (RECORDINGS / name).read_text(encoding="utf-8")


def names(pattern):
    return sorted(path.relative_to(RECORDINGS).as_posix() for path in RECORDINGS.glob(pattern))


def exact(text):
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def coingecko(text, instruments):
    return CoinGecko().quotes(instruments, Upstream({"/api/v3/coins/markets": text}).tap)


def binance(ticker, instruments=(BTC, ETH), info=None):
    info = info or recorded("binance/exchangeinfo_2019-08.json")
    upstream = Upstream({"/api/v3/exchangeInfo": info, "/api/v3/ticker/24hr": ticker})
    quotes = CcxtExchange("binance").quotes(instruments, upstream.tap)
    return {quote.symbol: quote for quote in quotes}


def kraken(ticker, instruments=(BTC,), without=()):
    listing = json.loads(recorded("kraken/assetpairs_2021-04.json"))
    for pair in without:
        del listing["result"][pair]
    for pair in listing["result"].values():
        # The field is younger than the recording.
        pair["status"] = "online"
    upstream = Upstream({"/0/public/AssetPairs": json.dumps(listing), "/0/public/Ticker": ticker})
    quotes = CcxtExchange("kraken", states_time=False).quotes(instruments, upstream.tap)
    return {quote.symbol: quote for quote in quotes}


@pytest.mark.parametrize("name", names("coingecko/markets_*.json"))
def test_every_recorded_list_of_coingecko_becomes_its_exact_quotes(name):
    rows = exact(recorded(name))
    # Symbols repeat among thousands of assets; ids do not.
    instruments = [Instrument(row["id"].upper(), {"coingecko": row["id"]}) for row in rows]
    quotes = {quote.symbol: quote for quote in coingecko(recorded(name), instruments)}
    priced = [row for row in rows if row["current_price"]]
    assert len(quotes) == len(priced)
    for row in priced:
        quote = quotes[row["id"].upper()]
        assert quote.price == row["current_price"]
        assert quote.change_24h == row["price_change_percentage_24h"]
        assert quote.rank == row["market_cap_rank"]
        assert quote.volume_24h == row["total_volume"]
        assert quote.market_cap == (row["market_cap"] or None)
        assert quote.observed_at.isoformat()[:19] == row["last_updated"][:19]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("error_404_coin_2022-04", BadPayload),
        ("error_422_market_chart_missing_vs", BadPayload),
        ("error_422_missing_days", BadPayload),
        ("error_422_missing_ids", BadPayload),
        ("error_429_rate_limit", RateLimited),
        ("error_500_ohlc_no_params", BadPayload),
        ("simple_price_bad_vs_currency_2021-05", BadPayload),
    ],
)
def test_a_recorded_error_of_coingecko_inside_a_good_answer_has_its_name(name, kind):
    with pytest.raises(ProviderError) as caught:
        coingecko(recorded(f"coingecko/{name}.json"), [BTC])
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("coingecko/error_404_coin_2022-04.json", 404, NotOffered),
        ("coingecko/error_422_missing_ids.json", 422, BadPayload),
        ("coingecko/error_429_rate_limit.json", 429, RateLimited),
        ("coingecko/error_500_ohlc_no_params.json", 500, Unreachable),
        ("binance/error_451_restricted_location.json", 451, Blocked),
        ("bybit/error_403_cloudfront_geo.json", 403, Blocked),
        ("glassnode/error_401_html.html", 401, Blocked),
        ("coinbase_exchange/error_429.json", 429, RateLimited),
    ],
)
@pytest.mark.usefixtures("live_market")
def test_a_recorded_error_over_the_wire_has_its_name(listen, name, status, kind):
    refused(listen(answer(status, recorded(name).encode())).url, kind)


def test_all_tickers_of_binance_become_exact_quotes():
    text = recorded("binance/ticker_24hr_all_2019-08.json")
    quotes = binance(text, (BTC, ETH, LTC, XRP, BNB))
    rows = {row["symbol"]: row for row in json.loads(text)}
    assert set(quotes) == {"BTC", "ETH", "LTC", "XRP", "BNB"}
    for symbol, quote in quotes.items():
        row = rows[f"{symbol}USDT"]
        assert str(quote.price) == row["lastPrice"]
        assert str(quote.change_24h) == row["priceChangePercent"]
        assert quote.currency == "USDT"
        assert int(quote.observed_at.timestamp() * 1000) == row["closeTime"]


def test_chosen_tickers_of_binance_become_exact_quotes():
    quotes = binance(recorded("binance/ticker_24hr_symbols_btc_eth.json"))
    assert str(quotes["BTC"].price) == "69624.00000000"
    assert set(quotes) == {"BTC", "ETH"}


def test_one_ticker_of_binance_becomes_its_exact_quote():
    quotes = binance(f"[{recorded('binance/ticker_24hr_btcusdt_2026-02.json')}]")
    assert str(quotes["BTC"].price) == "69383.05000000"
    assert str(quotes["BTC"].change_24h) == "-0.847"


def test_a_restriction_inside_a_good_answer_is_not_taken_for_tickers():
    with pytest.raises(ProviderError):
        binance(recorded("binance/error_451_restricted_location.json"))


def test_futures_of_binance_are_not_taken_for_spot():
    with pytest.raises(ProviderError):
        binance("[]", info=recorded("binance/dapi_exchangeinfo_2026-02.json"))


def test_a_recorded_ticker_of_kraken_becomes_its_exact_quote():
    quote = kraken(
        recorded("kraken/ticker_xbtusdt_2025-11.json"), without=("XXBTZUSD", "XXBTZUSD.d")
    )["BTC"]
    assert (str(quote.price), quote.currency) == ("105899.40000", "USDT")


def test_all_tickers_of_kraken_become_exact_quotes():
    text = recorded("kraken/ticker_all_assetversion1_2026-06.json")
    assets = [Instrument(pair.partition("/")[0]) for pair in json.loads(text)["result"]]
    quotes = kraken(text, assets)
    rows = json.loads(text)["result"]
    assert len(quotes) > 20
    for symbol, quote in quotes.items():
        assert str(quote.price) == rows[f"{symbol}/{quote.currency}"]["c"][0]
        assert quote.change_24h is None


@pytest.mark.parametrize("pairs", names("kraken/assetpairs_*.json"))
def test_a_listing_of_kraken_that_does_not_say_what_trades_offers_nothing(pairs):
    upstream = Upstream({"/0/public/AssetPairs": recorded(pairs)})
    with pytest.raises(NotOffered):
        CcxtExchange("kraken", states_time=False).quotes([BTC], upstream.tap)


@pytest.mark.parametrize("name", ["ticker_bcheur_2017", "ticker_usdcad_2020-10"])
def test_tickers_of_other_pairs_are_not_taken_for_ours(name):
    assert kraken(recorded(f"kraken/{name}.json")) == {}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("error_service_unavailable", Unreachable),
        ("error_too_many_requests", RateLimited),
        ("error_unknown_asset_pair", BadPayload),
    ],
)
def test_a_recorded_error_of_kraken_has_its_name(name, kind):
    with pytest.raises(ProviderError) as caught:
        kraken(recorded(f"kraken/{name}.json"))
    assert type(caught.value) is kind


def test_another_answer_of_kraken_is_not_taken_for_tickers():
    assert kraken(recorded("kraken/time_2025-11.json")) == {}
    assert kraken(recorded("kraken/system_status_2025-11.json")) == {}
