"""What currencies cost in dollars: divided exactly, dated honestly, and never half-read."""

import json
from datetime import UTC, datetime
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings

from providers.adapters.coincap import CoinCap
from providers.adapters.coingecko import CoinGecko
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.tests.adapters import aggregated
from providers.tests.adapters.aggregated import FAULTS, named, over_http
from providers.tests.adapters.bent import bent, decoded, numbers_in
from providers.tests.conftest import NOW, payload

GECKO = payload("coingecko", "exchange_rates")
CAP = payload("coincap", "rates")


def gecko(text):
    return aggregated.ask(CoinGecko().rates, "/api/v3/exchange_rates", text)[0]


def cap(text):
    return aggregated.ask(CoinCap().rates, "/v3/rates", text, key="secret")[0]


def changed(code, **fields):
    body = json.loads(GECKO)
    body["rates"].setdefault(code, {"name": "One", "type": "fiat"}).update(fields)
    return json.dumps(body)


def changed_row(**fields):
    body = json.loads(CAP)
    body["data"][2].update(fields)
    return json.dumps(body)


def by_currency(found):
    return {one.currency: one for one in found}


def test_rates_of_a_bitcoin_become_dollars_for_one_unit():
    found = by_currency(gecko(GECKO))
    assert list(found) == ["BTC", "ETH", "USD", "EUR", "JPY", "VND", "XAG", "XAU", "BITS", "SATS"]
    assert str(found["BTC"].usd) == "73895.417"
    assert found["USD"].usd == 1
    # 73895.417 / 64289.013, and so on: eighteen digits, whatever the size.
    assert str(found["EUR"].usd) == "1.14942528360172523"
    assert str(found["VND"].usd) == "0.0000379729729366406546"
    assert str(found["SATS"].usd) == "0.00073895417"
    assert str(found["XAU"].usd) == "4068.68279925118379"


def test_rates_carry_what_the_list_says_of_them():
    found = by_currency(gecko(GECKO))
    assert {one.kind for one in found.values()} == {"fiat", "crypto", "commodity"}
    assert (found["VND"].name, found["VND"].kind) == ("Vietnamese đồng", "fiat")
    assert {(one.observed_at, one.source) for one in found.values()} == {(NOW, "coingecko")}


def test_rates_in_dollars_keep_every_digit_and_the_time_of_the_envelope():
    found = by_currency(cap(CAP))
    assert list(found) == ["BTC", "USD", "EUR", "JPY", "XOF"]
    assert str(found["BTC"].usd) == "73901.2757462110457709"
    assert (found["USD"].usd, found["USD"].name) == (1, "United States Dollar")
    assert (found["XOF"].kind, found["XOF"].source) == ("fiat", "coincap")
    assert found["JPY"].observed_at == datetime(2025, 11, 21, 8, 5, 45, 678000, tzinfo=UTC)


def test_the_key_travels_in_a_header_and_nowhere_else():
    _, upstream = aggregated.ask(CoinCap().rates, "/v3/rates", CAP, key="secret")
    assert upstream.asked == [("/v3/rates", None, {"Authorization": "Bearer secret"})]


@pytest.mark.parametrize(
    "fields",
    [
        {"value": 0},
        {"value": None},
        {"value": -1},
        {"value": "much"},
        {"value": True},
        {"value": 2, "type": "stock"},
        {"value": 2, "type": ["fiat"]},
    ],
)
def test_an_odd_rate_is_left_out_and_the_others_stay(fields):
    assert by_currency(gecko(changed("eur", **fields))).keys() == by_currency(
        gecko(GECKO)
    ).keys() - {"EUR"}


@pytest.mark.parametrize("code", ["", "e", "e u r", "€", "x" * 21, "EUR\n"])
def test_what_is_no_currency_is_left_out(code):
    assert gecko(changed(code, value=2)) == gecko(GECKO)
    assert list(by_currency(cap(changed_row(symbol=code)))) == ["BTC", "USD", "JPY", "XOF"]


@pytest.mark.parametrize("rate", ["0.0000000000000000", "", None, "-1", "x", [1]])
def test_an_odd_rate_in_dollars_is_left_out(rate):
    assert "EUR" not in by_currency(cap(changed_row(rateUsd=rate)))
    assert "JPY" in by_currency(cap(changed_row(rateUsd=rate)))


def test_a_currency_that_came_twice_is_told_of_once():
    assert by_currency(cap(changed_row(symbol="BTC")))["BTC"] == by_currency(cap(CAP))["BTC"]


def test_a_name_that_is_missing_is_the_currency():
    assert by_currency(gecko(changed("eur", name=None)))["EUR"].name == "EUR"
    assert len(by_currency(gecko(changed("eur", name="n" * 500)))["EUR"].name) == 100


@pytest.mark.parametrize(
    ("code", "value"), [("btc", 2), ("btc", None), ("usd", None), ("usd", 0), ("usd", "?")]
)
def test_without_the_bitcoin_and_the_dollar_there_are_no_rates(code, value):
    with pytest.raises(BadPayload):
        gecko(changed(code, value=value))


def test_a_list_of_which_half_is_odd_is_a_bad_payload():
    body = json.loads(GECKO)
    for code in list(body["rates"])[5:]:
        body["rates"][code]["value"] = 0
    with pytest.raises(BadPayload, match="5 of 10 rows make no sense"):
        gecko(json.dumps(body))


@pytest.mark.parametrize("body", ["{}", "[]", "7", '{"rates":{}}', '{"rates":[]}', "<html>", ""])
def test_anything_else_is_a_bad_payload(body):
    for read in (gecko, cap):
        assert type(named(lambda read=read: read(body))) is BadPayload


def test_an_error_inside_a_good_answer_has_its_name():
    assert type(named(lambda: gecko(payload("coingecko", "rate_limited")))) is RateLimited
    assert type(named(lambda: cap(payload("coincap", "rate_limited")))) is RateLimited
    assert type(named(lambda: cap(payload("coincap", "bad_key")))) is Blocked


@settings(max_examples=300)
@given(bent(GECKO))
def test_bent_rates_of_a_bitcoin_are_true_or_a_named_error(text):
    try:
        found = gecko(text)
    except ProviderError:
        return
    rates = decoded(text)["rates"]
    assert len(by_currency(found)) == len(found)
    for one in found:
        (row,) = (row for code, row in rates.items() if code.upper() == one.currency)
        with localcontext(prec=18):
            quotients = {
                dollars / value
                for dollars in numbers_in(rates["usd"]["value"])
                for value in numbers_in(row["value"])
                if value
            }
        assert one.usd > 0
        assert one.usd in quotients


@settings(max_examples=200)
@given(bent(CAP))
def test_bent_rates_in_dollars_are_true_or_a_named_error(text):
    try:
        found = cap(text)
    except ProviderError:
        return
    assert len(by_currency(found)) == len(found)
    for one in found:
        assert one.usd > 0
        assert isinstance(one.usd, Decimal)
    aggregated.check_numbers([one.usd for one in found], text)


@pytest.mark.parametrize(
    ("slug", "adapter"),
    [("coingecko", CoinGecko()), ("coincap", CoinCap())],
    ids=("coingecko", "coincap"),
)
def test_the_simulated_upstream_is_read_over_http(sim, slug, adapter):
    found = by_currency(adapter.rates(over_http(sim, slug, key="secret")))
    assert {"BTC", "ETH", "USD", "EUR", "JPY", "VND"} <= found.keys()
    assert found["USD"].usd == 1
    assert abs(found["EUR"].usd - Decimal("1.1494")) < Decimal("0.001")


@pytest.mark.parametrize("read", [CoinGecko().rates, CoinCap().rates])
@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_every_fault_is_a_named_error(sim, read, fault, options):
    slug = "coingecko" if isinstance(read.__self__, CoinGecko) else "coincap"
    sim.fault(slug, fault, **options)
    tap = over_http(sim, slug, key="secret")
    # An empty list is called bad by whoever asked.
    assert named(lambda: read(tap)) is not None or read(tap) == []
