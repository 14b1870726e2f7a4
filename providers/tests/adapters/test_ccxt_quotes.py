"""Prices of the default exchanges: each one's own spelling in, exact quotes out."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.exceptions import (
    BadPayload,
    NotOffered,
    ProviderError,
    RateLimited,
    Unreachable,
)
from providers.parse import EARLIEST, LATEST
from providers.tests.adapters.bent import bent, decoded, numbers_in
from providers.tests.adapters.ccxt_venues import BY_ID, PLACES
from providers.tests.conftest import BTC, DOGE, ETH, NOW, NOWHERE, SHIB
from providers.types import Instrument

USDT = Instrument("USDT")
ASKED = (BTC, ETH, DOGE, SHIB)
PRICES = {
    "binance": "74064.51000000",
    "kraken": "73954.70000",
    "coinbaseexchange": "73973.89",
    "okx": "74048.9",
    "bybit": "74076.4",
    "kucoin": "74049.7",
    "gate": "74050.9",
    "bitfinex": "73957",
}
DIGITS = "74064.123456789012345678"


def ids(place):
    return place.id


def quotes(place, instruments=ASKED, **changed):
    upstream = place.upstream(**changed)
    found = place.adapter().quotes(instruments, upstream.tap)
    return {quote.symbol: quote for quote in found}


@pytest.mark.parametrize("place", PLACES, ids=ids)
def test_tickers_become_exact_quotes(place):
    found = quotes(place)
    assert str(found["BTC"].price) == PRICES[place.id]
    assert {quote.currency for quote in found.values()} == {place.currency}
    assert {quote.source for quote in found.values()} == {place.id}
    assert found.keys() >= {"BTC", "ETH", "DOGE"}
    assert {quote.observed_at for quote in found.values()} == {NOW}


@pytest.mark.parametrize("place", PLACES, ids=ids)
def test_eighteen_digits_survive(place):
    price = PRICES[place.id]
    text = place.text("tickers").replace(price, DIGITS)
    assert str(quotes(place, tickers=text)["BTC"].price) == DIGITS
    unquoted = place.text("tickers").replace(f'"{price}"', DIGITS)
    assert quotes(place, (BTC,), tickers=unquoted)["BTC"].price in (
        Decimal(DIGITS),
        Decimal(price),
    )


def test_a_fraction_becomes_percent_to_the_last_digit():
    for name, told, percent in (("bybit", "-0.0171", "-1.71"), ("kucoin", "-0.0172", "-1.72")):
        assert told in BY_ID[name].text("tickers")
        assert quotes(BY_ID[name], (BTC,))["BTC"].change_24h == Decimal(percent)
    assert quotes(BY_ID["bitfinex"], (BTC,))["BTC"].change_24h == Decimal("-1.713048")
    assert quotes(BY_ID["gate"], (BTC,))["BTC"].change_24h == Decimal("-1.70")
    assert quotes(BY_ID["okx"], (BTC,))["BTC"].change_24h is None


def test_a_dollar_coin_comes_under_its_own_name():
    assert quotes(BY_ID["bitfinex"], (USDT,))["USDT"].price == Decimal("0.9987")


@pytest.mark.parametrize("place", PLACES, ids=ids)
def test_a_venue_without_the_asset_does_not_offer_it(place):
    with pytest.raises(NotOffered):
        quotes(place, (NOWHERE,))


def test_the_time_of_a_venue_is_the_time_of_its_prices():
    place = BY_ID["kucoin"]
    text = place.text("tickers").replace("1763712345678", "1763712300000")
    seen_at = quotes(place, tickers=text)["BTC"].observed_at
    assert seen_at == datetime.fromtimestamp(1763712300, UTC)


@pytest.mark.parametrize("stamp", ["null", "0", "1763712345", '"soon"'])
@pytest.mark.parametrize("name", ["okx", "kucoin"])
def test_a_venue_that_states_times_must_state_a_right_one(name, stamp):
    place = BY_ID[name]
    told = '"1763712345678"' if name == "okx" else "1763712345678"
    with pytest.raises(BadPayload, match="time"):
        quotes(place, tickers=place.text("tickers").replace(told, stamp))


def test_a_text_is_not_taken_for_a_list_of_letters():
    body = json.loads(BY_ID["kraken"].text("tickers"))
    body["result"]["XXBTZUSD"]["c"] = "73954.70000"
    assert "BTC" not in quotes(BY_ID["kraken"], tickers=json.dumps(body))


def okx(code):
    return json.dumps({"code": code, "msg": "no", "data": []})


def bybit(code):
    return json.dumps({"retCode": code, "retMsg": "no", "result": {}})


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("okx", okx("50011"), RateLimited),
        ("okx", okx("50001"), Unreachable),
        ("okx", okx("51001"), NotOffered),
        ("bybit", bybit(10006), RateLimited),
        ("bybit", bybit(10016), BadPayload),
        ("bybit", bybit(10001), BadPayload),
        ("kucoin", '{"code":"429000","msg":"Too Many Requests"}', RateLimited),
        ("kucoin", '{"code":"900001","msg":"symbol not exists"}', BadPayload),
        ("gate", '{"label":"TOO_MANY_REQUESTS","message":"no"}', RateLimited),
        ("gate", '{"label":"INVALID_CURRENCY_PAIR","message":"no"}', NotOffered),
        ("gate", '{"label":"SERVER_ERROR","message":"no"}', Unreachable),
        ("bitfinex", '["error",11010,"ratelimit: error"]', RateLimited),
        ("bitfinex", '["error",20060,"maintenance"]', Unreachable),
        ("bitfinex", '["error",10020,"symbol: invalid"]', NotOffered),
    ],
)
def test_an_error_inside_a_good_answer_has_its_name(name, body, kind):
    with pytest.raises(ProviderError) as caught:
        quotes(BY_ID[name], tickers=body)
    assert type(caught.value) is kind


@pytest.mark.parametrize("place", PLACES, ids=ids)
@pytest.mark.parametrize("body", ["{}", "[]", "null", "7", '"no"', "<html>", ""])
def test_an_odd_listing_is_a_provider_error(place, body):
    with pytest.raises(ProviderError):
        quotes(place, listing=body)


READY = {place.id: place.adapter() for place in PLACES}


@settings(max_examples=400)
@given(st.data())
def test_bent_tickers_give_true_quotes_or_a_named_error(data):
    place = data.draw(st.sampled_from(PLACES), label="place")
    text = data.draw(bent(place.text("tickers")), label="tickers")
    try:
        found = READY[place.id].quotes(ASKED, place.upstream(tickers=text).tap)
    except ProviderError:
        return
    stands = numbers_in(decoded(text))
    assert len({quote.symbol for quote in found}) == len(found)
    for quote in found:
        assert quote.price in stands
        assert quote.price > 0
        assert EARLIEST <= quote.observed_at <= LATEST
        change = quote.change_24h
        assert change is None or change in stands or change / 100 in stands


@settings(max_examples=200)
@given(st.data())
def test_a_bent_listing_gives_true_quotes_or_a_named_error(data):
    place = data.draw(st.sampled_from(PLACES), label="place")
    text = data.draw(bent(place.text("listing")), label="listing")
    try:
        found = quotes(place, listing=text)
    except ProviderError:
        return
    right = quotes(place)
    assert all(quote == right[symbol] for symbol, quote in found.items())
