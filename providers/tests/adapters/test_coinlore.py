"""CoinLore's list becomes quotes, and what is too small for the list is asked for by number."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.coinlore import CoinLore
from providers.exceptions import BadPayload, NotOffered, ProviderError
from providers.tests.adapters import aggregated
from providers.tests.adapters.aggregated import ASKED, BTC, FAULTS, NOWHERE, named, over_http
from providers.tests.adapters.bent import bent
from providers.tests.conftest import NOW, Upstream, payload
from providers.types import Instrument

TICKERS = payload("coinlore", "tickers")
TICKER = payload("coinlore", "ticker")
GLOBAL = payload("coinlore", "global")
MONERO = Instrument("XMR", {"coinlore": "28"})
LORE = CoinLore()


def quotes(tickers=TICKERS, instruments=ASKED, ticker="[]"):
    upstream = Upstream({"/api/tickers/": tickers, "/api/ticker/": ticker})
    return LORE.quotes(instruments, upstream.tap), upstream


def global_figures(text):
    return aggregated.ask(LORE.global_figures, "/api/global/", text)[0]


def changed(**fields):
    body = json.loads(TICKERS)
    body["data"][0].update(fields)
    return json.dumps(body)


def test_the_list_becomes_exact_quotes_with_the_time_of_the_list():
    found, upstream = quotes()
    assert {quote.symbol for quote in found} == {"BTC", "ETH", "DOGE"}
    row = json.loads(TICKERS, parse_float=Decimal)["data"][0]
    btc = next(quote for quote in found if quote.symbol == "BTC")
    assert str(btc.price) == row["price_usd"]
    assert str(btc.change_24h) == row["percent_change_24h"]
    assert (btc.volume_24h, str(btc.market_cap)) == (row["volume24"], row["market_cap_usd"])
    assert (btc.currency, btc.source, btc.rank) == ("USD", "coinlore", 1)
    assert btc.observed_at == datetime(2025, 11, 21, 8, 5, 45, tzinfo=UTC)
    assert upstream.asked == [("/api/tickers/", {"start": "0", "limit": "100"}, None)]


def test_what_is_not_among_the_largest_is_asked_for_by_its_number():
    found, upstream = quotes(instruments=(BTC, MONERO), ticker=TICKER)
    assert upstream.asked[1] == ("/api/ticker/", {"id": "28"}, None)
    xmr = next(quote for quote in found if quote.symbol == "XMR")
    assert str(xmr.price) == json.loads(TICKER)[0]["price_usd"]
    assert xmr.observed_at == NOW


def test_the_smaller_ones_bring_no_second_word_about_the_larger():
    rows = json.dumps(json.loads(TICKERS)["data"])
    found, _ = quotes(instruments=(BTC, MONERO), ticker=rows)
    assert [quote.symbol for quote in found] == ["BTC"]


def test_an_asset_it_does_not_list_is_missing():
    assert [one.symbol for one in quotes(instruments=(BTC, NOWHERE))[0]] == ["BTC"]


def test_an_asset_is_never_matched_by_its_symbol():
    with pytest.raises(NotOffered):
        quotes(instruments=(Instrument("BTC"),))


@pytest.mark.parametrize("price", ["0.00", "", None, 0])
def test_a_price_of_zero_is_no_price(price):
    found, _ = quotes(changed(price_usd=price))
    assert {quote.symbol for quote in found} == {"ETH", "DOGE"}


@pytest.mark.parametrize(
    "fields",
    [
        {"price_usd": "-1"},
        {"price_usd": "?"},
        {"price_usd": True},
        {"rank": 1.5},
        {"volume24": -1},
    ],
)
def test_a_row_that_makes_no_sense_is_a_bad_payload(fields):
    with pytest.raises(BadPayload):
        quotes(changed(**fields))


@pytest.mark.parametrize("info", [None, {}, {"time": None}, {"time": 0}, {"time": 1763712345678}])
def test_a_list_without_a_time_that_can_be_right_is_a_bad_payload(info):
    with pytest.raises(BadPayload):
        quotes(json.dumps({**json.loads(TICKERS), "info": info}))


def test_the_whole_market_is_told_exactly():
    figures, row = global_figures(GLOBAL), json.loads(GLOBAL, parse_float=Decimal)[0]
    assert figures.total_market_cap == row["total_mcap"]
    assert figures.total_volume_24h == row["total_volume"]
    shares = (str(figures.btc_dominance), str(figures.eth_dominance))
    assert shares == (row["btc_d"], row["eth_d"])
    assert str(figures.market_cap_change_24h) == row["mcap_change"]
    assert figures.observed_at == NOW


@pytest.mark.parametrize("body", [{}, [], None, [1], {"error": "slow down"}, [{}], [{}, {}]])
def test_anything_else_is_a_bad_payload(body):
    text = json.dumps(body)
    for read in (lambda: quotes(text), lambda: global_figures(text)):
        assert type(named(read)) is BadPayload


@settings(max_examples=250)
@given(bent(TICKERS))
def test_a_bent_list_gives_true_quotes_or_a_named_error(text):
    try:
        found, _ = quotes(text)
    except ProviderError:
        return
    aggregated.check_quotes(
        found, "coinlore", text, lambda body, one: aggregated.rows_by_id(body["data"], one)
    )


@settings(max_examples=150)
@given(bent(TICKER))
def test_a_bent_answer_about_the_smaller_is_true_or_a_named_error(text):
    try:
        found, _ = quotes(instruments=(MONERO,), ticker=text)
    except ProviderError:
        return
    for quote in found:
        assert quote.price > 0
        aggregated.check_numbers((quote.price, quote.market_cap, quote.volume_24h), text)


@settings(max_examples=150)
@given(bent(GLOBAL))
def test_bent_global_figures_are_true_or_a_named_error(text):
    try:
        aggregated.check_global(global_figures(text), text)
    except ProviderError:
        return


def test_the_simulated_upstream_is_read_over_http(sim):
    tap = over_http(sim, "coinlore")
    assert {one.symbol for one in LORE.quotes((*ASKED, NOWHERE), tap)} == {"BTC", "ETH", "DOGE"}
    assert LORE.global_figures(tap).eth_dominance is not None


@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_every_fault_is_a_named_error(sim, fault, options):
    sim.fault("coinlore", fault, **options)
    tap = over_http(sim, "coinlore")
    assert named(lambda: LORE.quotes(ASKED, tap)) is not None or LORE.quotes(ASKED, tap) == []
