"""CoinGecko's list becomes quotes, its three shapes of error become named ones."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.coingecko import CoinGecko
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.tests.adapters.bent import bent, check, decoded
from providers.tests.conftest import BTC, DOGE, ETH, NOWHERE, SHIB, Upstream, payload
from providers.types import Instrument

PLACE = "/api/v3/coins/markets"
MARKETS = payload("coingecko", "markets")
ASKED = (BTC, ETH, DOGE, SHIB)


def ask(text, *instruments, key=""):
    upstream = Upstream({PLACE: text}, key=key)
    return CoinGecko().quotes(instruments or ASKED, upstream.tap), upstream


def changed(**fields):
    rows = json.loads(MARKETS)
    rows[0].update(fields)
    return json.dumps(rows)


def test_the_list_becomes_exact_quotes():
    quotes, _ = ask(MARKETS)
    assert {quote.symbol for quote in quotes} == {"BTC", "ETH", "DOGE", "SHIB"}
    btc = next(quote for quote in quotes if quote.symbol == "BTC")
    row = next(row for row in json.loads(MARKETS, parse_float=Decimal) if row["id"] == "bitcoin")
    assert btc.price == Decimal(73895)
    assert (btc.currency, btc.source, btc.rank) == ("USD", "coingecko", 1)
    assert btc.change_24h == Decimal("-1.78564")
    assert btc.change_1h == round(row["price_change_percentage_1h_in_currency"], 6)
    assert str(btc.change_7d) == "12.510140"
    assert btc.volume_24h == Decimal(20380157350)
    assert btc.market_cap == Decimal(1478638496261)
    assert btc.observed_at == datetime.fromisoformat(row["last_updated"])
    assert btc.observed_at.tzinfo == UTC


def test_a_price_with_an_exponent_keeps_its_digits():
    quotes, _ = ask(MARKETS, SHIB)
    literal = MARKETS.partition('"shiba-inu"')[2].partition('"current_price":')[2].split(",")[0]
    assert "e-06" in literal
    assert quotes[0].price == Decimal(literal)


def test_more_digits_than_a_float_holds_survive():
    text = MARKETS.replace(":73895,", ":73895.123456789012345678,")
    quotes, _ = ask(text, BTC)
    assert str(quotes[0].price) == "73895.123456789012345678"


def test_ids_are_asked_for_sorted_and_without_spaces():
    _, upstream = ask(MARKETS, ETH, BTC, Instrument("XYZ"))
    (path, params, headers) = upstream.asked[0]
    assert (path, headers) == (PLACE, None)
    assert params["ids"] == "bitcoin,ethereum"
    assert params["vs_currency"] == "usd"


def test_the_key_travels_in_a_header_and_nowhere_else():
    _, upstream = ask(MARKETS, key="CG-secret")
    path, params, headers = upstream.asked[0]
    assert headers == {"x-cg-demo-api-key": "CG-secret"}
    assert "CG-secret" not in path + json.dumps(params)


def test_assets_that_were_not_asked_for_are_left_out():
    quotes, _ = ask(MARKETS, ETH)
    assert [quote.symbol for quote in quotes] == ["ETH"]


def test_an_unknown_asset_is_simply_missing():
    assert ask(payload("coingecko", "nothing_known"), NOWHERE)[0] == []
    assert [quote.symbol for quote in ask(MARKETS, BTC, NOWHERE)[0]] == ["BTC"]


@pytest.mark.parametrize("price", [None, 0, 0.0, "0"])
def test_an_asset_without_a_price_is_left_out_and_the_others_stay(price):
    quotes, _ = ask(changed(current_price=price))
    assert {quote.symbol for quote in quotes} == {"ETH", "DOGE", "SHIB"}


def test_a_row_that_came_twice_is_one_quote():
    rows = json.loads(MARKETS)
    quotes, _ = ask(json.dumps([*rows, rows[0]]))
    assert len(quotes) == 4


def test_missing_extras_are_none():
    names = ("market_cap", "market_cap_rank", "total_volume", "price_change_percentage_24h")
    btc = ask(changed(**dict.fromkeys(names)), BTC)[0][0]
    assert (btc.market_cap, btc.rank, btc.volume_24h, btc.change_24h) == (None, None, None, None)


def test_an_unknown_market_cap_is_not_zero():
    assert ask(changed(market_cap=0), BTC)[0][0].market_cap is None


@pytest.mark.parametrize(
    "fields",
    [
        {"current_price": -1},
        {"current_price": "many"},
        {"current_price": [1]},
        {"current_price": True},
        {"last_updated": None},
        {"last_updated": 1763712345},
        {"last_updated": "1970-01-01T00:00:00Z"},
        {"market_cap_rank": 1.5},
        {"total_volume": -3},
        {"price_change_percentage_24h": "up"},
    ],
)
def test_a_row_that_makes_no_sense_is_a_bad_payload(fields):
    with pytest.raises(BadPayload):
        ask(changed(**fields))


def test_a_row_without_the_price_field_is_a_bad_payload():
    rows = json.loads(MARKETS)
    del rows[0]["current_price"]
    with pytest.raises(BadPayload, match="no current_price"):
        ask(json.dumps(rows))


def test_a_row_that_is_no_object_is_a_bad_payload():
    with pytest.raises(BadPayload):
        ask("[1]")


def test_too_many_requests_inside_a_good_answer_is_a_rate_limit():
    with pytest.raises(RateLimited, match="exceeded the Rate Limit") as caught:
        ask(payload("coingecko", "rate_limited"))
    assert caught.value.retry_after == 60


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": "coin not found"}, BadPayload),
        ({"status": 500, "error": "Internal Server Error"}, BadPayload),
        ({"status": {"error_code": 10002, "error_message": "API Key Missing"}}, Blocked),
        ({"error": {"status": {"error_code": 10010, "error_message": "Invalid key"}}}, Blocked),
        ({"error": {"status": {"error_code": 10012, "error_message": "range"}}}, BadPayload),
        ({"status": {}}, BadPayload),
        ({}, BadPayload),
        (None, BadPayload),
        ("no", BadPayload),
        (7, BadPayload),
    ],
)
def test_each_shape_of_error_has_its_name(body, kind):
    with pytest.raises(ProviderError) as caught:
        ask(json.dumps(body))
    assert type(caught.value) is kind


def test_what_the_way_out_raises_comes_through():
    problem = RateLimited("HTTP 429", retry_after=7)
    with pytest.raises(RateLimited) as caught:
        ask(problem)
    assert caught.value is problem


@settings(max_examples=400)
@given(bent(MARKETS))
def test_a_bent_list_gives_true_quotes_or_a_named_error(text):
    try:
        quotes, _ = ask(text)
    except ProviderError:
        return
    ids = {one.symbol: one.ids["coingecko"] for one in ASKED}
    rows = decoded(text)
    check(quotes, ids, lambda symbol: [row for row in rows if row.get("id") == ids[symbol]])
