"""Exchanges through ccxt: exact quotes or a named error, and nothing that ccxt makes up."""

import json
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings

from providers.adapters.ccxt_exchange import LISTING_AGE, CcxtExchange
from providers.exceptions import (
    BadPayload,
    Blocked,
    NotOffered,
    ProviderError,
    RateLimited,
    Unreachable,
)
from providers.tests.adapters.bent import bent, check, decoded
from providers.tests.conftest import (
    BTC,
    DOGE,
    ETH,
    NOW,
    NOWHERE,
    SHIB,
    Upstream,
    payload,
    together,
)

ASKED = (BTC, ETH, DOGE, SHIB)
INFO, TICKER = "/api/v3/exchangeInfo", "/api/v3/ticker/24hr"
PAIRS, TICKERS = "/0/public/AssetPairs", "/0/public/Ticker"
BINANCE = {
    INFO: payload("ccxt_exchange", "binance_exchange_info"),
    TICKER: payload("ccxt_exchange", "binance_ticker"),
}
KRAKEN = {
    PAIRS: payload("ccxt_exchange", "kraken_asset_pairs"),
    TICKERS: payload("ccxt_exchange", "kraken_ticker"),
}
KRAKEN_KEYS = {"BTC": "XXBTZUSD", "ETH": "XETHZUSD", "DOGE": "XDGUSD"}


def binance():
    return CcxtExchange("binance")


def kraken():
    return CcxtExchange("kraken", states_time=False)


def by_symbol(quotes):
    return {quote.symbol: quote for quote in quotes}


def ask_binance(instruments=ASKED, exchange=None, **answers):
    upstream = Upstream({INFO: answers.get("info", BINANCE[INFO]), TICKER: BINANCE[TICKER]})
    upstream.answers[TICKER] = answers.get("ticker", BINANCE[TICKER])
    return by_symbol((exchange or binance()).quotes(instruments, upstream.tap))


def ask_kraken(instruments=ASKED, exchange=None, **answers):
    upstream = Upstream({PAIRS: answers.get("pairs", KRAKEN[PAIRS]), TICKERS: KRAKEN[TICKERS]})
    upstream.answers[TICKERS] = answers.get("tickers", KRAKEN[TICKERS])
    return by_symbol((exchange or kraken()).quotes(instruments, upstream.tap))


def times_asked(upstream, place):
    return sum(urlsplit(path).path == place for path, *_ in upstream.asked)


def binance_row(**fields):
    rows = json.loads(BINANCE[TICKER])
    rows[0].update(fields)
    return json.dumps(rows)


def test_binance_becomes_exact_quotes():
    quotes = ask_binance()
    assert set(quotes) == {"BTC", "ETH", "DOGE", "SHIB"}
    btc = quotes["BTC"]
    assert str(btc.price) == "74064.51000000"
    assert (btc.currency, btc.source) == ("USDT", "binance")
    assert btc.change_24h == Decimal("-1.718")
    assert btc.observed_at == NOW


def test_kraken_becomes_exact_quotes_seen_now():
    quotes = ask_kraken()
    assert set(quotes) == {"BTC", "ETH", "DOGE"}
    assert str(quotes["BTC"].price) == "73954.70000"
    assert str(quotes["DOGE"].price) == "0.1461379"
    assert (quotes["BTC"].currency, quotes["BTC"].source) == ("USD", "kraken")
    assert quotes["BTC"].observed_at == NOW


def test_a_change_since_midnight_is_no_24_hour_change():
    assert ask_kraken()["BTC"].change_24h is None


@pytest.mark.parametrize("digits", ["74064.123456789012345678", "0.000000081234567890123456"])
def test_more_digits_than_a_float_holds_survive(digits):
    quotes = ask_binance(ticker=binance_row(lastPrice=digits, priceChangePercent=digits))
    assert format(quotes["BTC"].price, "f") == digits
    assert format(quotes["BTC"].change_24h, "f") == digits
    tickers = json.loads(KRAKEN[TICKERS])
    tickers["result"]["XXBTZUSD"]["c"][0] = digits
    assert format(ask_kraken(tickers=json.dumps(tickers))["BTC"].price, "f") == digits


def test_digits_survive_without_quotes_around_them():
    text = BINANCE[TICKER].replace('"74064.51000000"', "74064.123456789012345678")
    assert str(ask_binance(ticker=text)["BTC"].price) == "74064.123456789012345678"


def test_a_flat_day_is_a_change_of_zero():
    assert ask_binance(ticker=binance_row(priceChangePercent="0.000"))["BTC"].change_24h == 0


@pytest.mark.parametrize("price", [None, "", "0.00000000"])
def test_a_missing_price_is_not_made_up_from_the_others(price):
    quotes = ask_binance(ticker=binance_row(lastPrice=price))
    assert set(quotes) == {"ETH", "DOGE", "SHIB"}


def test_a_missing_change_is_not_made_up_from_the_others():
    assert ask_binance(ticker=binance_row(priceChangePercent=None))["BTC"].change_24h is None


def test_a_pair_that_never_traded_leaves_the_others_alone():
    tickers = json.loads(KRAKEN[TICKERS])
    tickers["result"]["XDGUSD"]["c"] = ["0.0000000", "0.00000000"]
    assert set(ask_kraken(tickers=json.dumps(tickers))) == {"BTC", "ETH"}


@pytest.mark.parametrize("stamp", [None, 0, "NaN", "soon", 1763712345, [1]])
def test_a_venue_that_states_times_must_state_a_right_one(stamp):
    with pytest.raises(BadPayload, match="time"):
        ask_binance(ticker=binance_row(closeTime=stamp))


@pytest.mark.parametrize("price", ["-1", "many", "NaN", "Infinity", "1e61"])
def test_a_price_that_is_none_is_a_bad_payload(price):
    with pytest.raises(BadPayload):
        ask_binance(ticker=binance_row(lastPrice=price))


def test_only_the_assets_asked_for_are_asked_for():
    upstream = Upstream(dict(BINANCE))
    binance().quotes((ETH,), upstream.tap)
    assert "ETHUSDT" in upstream.asked[-1][0]
    assert "BTCUSDT" not in upstream.asked[-1][0]


def test_a_venue_without_any_of_the_assets_does_not_offer_them():
    with pytest.raises(NotOffered):
        ask_binance((NOWHERE,))
    assert set(ask_binance((BTC, NOWHERE))) == {"BTC"}


def test_a_pair_that_does_not_trade_now_is_not_asked_for():
    info = json.loads(BINANCE[INFO])
    next(row for row in info["symbols"] if row["symbol"] == "BTCUSDT")["status"] = "BREAK"
    upstream = Upstream({**BINANCE, INFO: json.dumps(info)})
    binance().quotes(ASKED, upstream.tap)
    assert "BTCUSDT" not in upstream.asked[-1][0]


def test_dollars_are_preferred_to_what_stands_for_them():
    pairs = json.loads(KRAKEN[PAIRS])
    other = {**pairs["result"]["XXBTZUSD"], "altname": "XBTUSDT", "quote": "USDT"}
    pairs["result"] = {"XBTUSDT": other, **pairs["result"]}
    upstream = Upstream({**KRAKEN, PAIRS: json.dumps(pairs)})
    quotes = kraken().quotes((BTC,), upstream.tap)
    assert quotes[0].currency == "USD"


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        ("kraken_unavailable", Unreachable),
        ("kraken_unknown_pair", BadPayload),
    ],
)
def test_an_error_of_kraken_inside_a_good_answer_has_its_name(case, kind):
    with pytest.raises(ProviderError) as caught:
        ask_kraken(tickers=payload("ccxt_exchange", case))
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("EGeneral:Too many requests", RateLimited),
        ("EAPI:Rate limit exceeded", RateLimited),
        ("EService:Busy", Unreachable),
        ("EGeneral:Permission denied", Blocked),
        ("EAPI:Invalid key", Blocked),
        ("EGeneral:Something else", BadPayload),
    ],
)
def test_what_kraken_says_decides_what_is_done(said, kind):
    with pytest.raises(ProviderError) as caught:
        ask_kraken(tickers=" " + json.dumps({"error": [said]}))
    assert type(caught.value) is kind
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("case", "kind"),
    [("binance_internal_error", Unreachable), ("binance_invalid_symbol", NotOffered)],
)
def test_an_error_of_binance_inside_a_good_answer_has_its_name(case, kind):
    with pytest.raises(ProviderError) as caught:
        ask_binance(ticker=payload("ccxt_exchange", case))
    assert type(caught.value) is kind


@pytest.mark.parametrize("body", ["{}", "[]", '{"symbols": []}', '{"symbols": null}', "7", "null"])
def test_a_venue_that_lists_nothing_is_a_bad_payload(body):
    with pytest.raises(BadPayload):
        ask_binance(info=body)


@pytest.mark.timeout(20)
def test_a_precision_of_a_billion_digits_is_not_written_out():
    pairs = json.loads(KRAKEN[PAIRS])
    pairs["result"]["XXBTZUSD"]["pair_decimals"] = 1_000_000_000
    assert "BTC" in ask_kraken(pairs=json.dumps(pairs))


def test_what_a_venue_lists_is_read_once_an_hour():
    upstream, exchange = Upstream(dict(BINANCE)), binance()
    exchange.quotes(ASKED, upstream.tap)
    upstream.now += LISTING_AGE - timedelta(seconds=1)
    exchange.quotes(ASKED, upstream.tap)
    assert times_asked(upstream, INFO) == 1
    upstream.now += timedelta(seconds=1)
    exchange.quotes(ASKED, upstream.tap)
    assert times_asked(upstream, INFO) == 2


def test_a_wrong_listing_is_not_believed_for_ever():
    exchange = binance()
    poor = json.loads(BINANCE[INFO])
    poor["symbols"] = [row for row in poor["symbols"] if row["symbol"] == "DOGEUSDT"]
    with pytest.raises(NotOffered):
        ask_binance((BTC,), exchange, info=json.dumps(poor))
    assert set(ask_binance((BTC,), exchange)) == {"BTC"}


def test_a_rate_limit_does_not_cost_another_listing():
    upstream, exchange = Upstream(dict(KRAKEN)), kraken()
    exchange.quotes(ASKED, upstream.tap)
    upstream.answers[TICKERS] = RateLimited("HTTP 429", retry_after=7)
    with pytest.raises(RateLimited) as caught:
        exchange.quotes(ASKED, upstream.tap)
    assert caught.value.retry_after == 7
    upstream.answers[TICKERS] = KRAKEN[TICKERS]
    exchange.quotes(ASKED, upstream.tap)
    assert times_asked(upstream, PAIRS) == 1


def test_threads_do_not_get_in_each_others_way():
    exchange, upstream = binance(), Upstream(dict(BINANCE))
    wanted = [(BTC,), (ETH,), (DOGE,), (SHIB,)] * 3
    answers = together(12, lambda n: exchange.quotes(wanted[n], upstream.tap))
    assert [found[0].symbol for found in answers] == [one[0].symbol for one in wanted]


READY_BINANCE, READY_KRAKEN = binance(), kraken()


@settings(max_examples=300)
@given(bent(BINANCE[TICKER]))
def test_bent_tickers_of_binance_give_true_quotes_or_a_named_error(text):
    try:
        quotes = ask_binance(exchange=READY_BINANCE, ticker=text)
    except ProviderError:
        return
    rows = decoded(text)
    rows = list(rows.values()) if isinstance(rows, dict) else rows or []
    check(
        quotes.values(),
        {one.symbol for one in ASKED},
        lambda symbol: [row for row in rows if f'"{symbol}USDT"' in json.dumps(row)],
    )


@settings(max_examples=300)
@given(bent(KRAKEN[TICKERS]))
def test_bent_tickers_of_kraken_give_true_quotes_or_a_named_error(text):
    try:
        quotes = ask_kraken(exchange=READY_KRAKEN, tickers=text)
    except ProviderError:
        return
    result = (decoded(text) or {}).get("result", {})
    check(quotes.values(), KRAKEN_KEYS, lambda symbol: result[KRAKEN_KEYS[symbol]])


@settings(max_examples=100)
@given(bent(BINANCE[INFO]))
def test_a_bent_listing_of_binance_gives_true_quotes_or_a_named_error(text):
    try:
        quotes = ask_binance(info=text)
    except ProviderError:
        return
    right = ask_binance(exchange=READY_BINANCE)
    assert all(quote == right[symbol] for symbol, quote in quotes.items())


@settings(max_examples=100)
@given(bent(KRAKEN[PAIRS]))
def test_a_bent_listing_of_kraken_gives_true_quotes_or_a_named_error(text):
    try:
        quotes = ask_kraken(pairs=text)
    except ProviderError:
        return
    right = ask_kraken(exchange=READY_KRAKEN)
    assert all(quote == right[symbol] for symbol, quote in quotes.items())
