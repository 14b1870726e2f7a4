"""CoinMarketCap's status block is read before its data, which may come by id or as a list."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.coinmarketcap import CoinMarketCap
from providers.exceptions import BadPayload, Blocked, NotOffered, ProviderError, RateLimited
from providers.tests.adapters import aggregated
from providers.tests.adapters.aggregated import ASKED, BTC, FAULTS, NOWHERE, named, over_http
from providers.tests.adapters.bent import bent
from providers.tests.conftest import payload
from providers.types import Instrument

QUOTES = payload("coinmarketcap", "quotes")
LISTINGS = payload("coinmarketcap", "listings")
GLOBAL = payload("coinmarketcap", "global")
CMC = CoinMarketCap()
PLACE = "/v2/cryptocurrency/quotes/latest"


def quotes(text, instruments=ASKED):
    return aggregated.ask(CMC.quotes, PLACE, text, instruments, key="secret")


def global_figures(text):
    return aggregated.ask(CMC.global_figures, "/v1/global-metrics/quotes/latest", text)[0]


def changed(**figures):
    body = json.loads(QUOTES)
    body["data"]["1"]["quote"]["USD"].update(figures)
    return json.dumps(body)


def test_answers_by_id_become_exact_quotes():
    found, upstream = quotes(QUOTES)
    assert {quote.symbol for quote in found} == {"BTC", "ETH", "DOGE"}
    figures = json.loads(QUOTES, parse_float=Decimal)["data"]["1"]["quote"]["USD"]
    btc = next(quote for quote in found if quote.symbol == "BTC")
    assert (btc.price, btc.change_7d) == (figures["price"], round(figures["percent_change_7d"], 6))
    assert (btc.volume_24h, btc.market_cap) == (figures["volume_24h"], figures["market_cap"])
    assert (btc.currency, btc.source, btc.rank) == ("USD", "coinmarketcap", 1)
    assert btc.observed_at == datetime.fromisoformat(figures["last_updated"])
    assert btc.observed_at.tzinfo == UTC
    (_, params, headers) = upstream.asked[0]
    assert params["id"] == "1,1027,74"
    assert headers == {"X-CMC_PRO_API_KEY": "secret"}


def test_a_list_is_read_as_well():
    assert {quote.symbol for quote in quotes(LISTINGS)[0]} == {"BTC", "ETH"}


def test_an_asset_it_does_not_list_is_missing():
    assert [one.symbol for one in quotes(QUOTES, (BTC, NOWHERE))[0]] == ["BTC"]


def test_an_asset_is_never_matched_by_its_symbol():
    with pytest.raises(NotOffered):
        quotes(QUOTES, (Instrument("BTC"),))


@pytest.mark.parametrize("price", [0, None, 0.0])
def test_a_price_of_zero_is_no_price(price):
    found, _ = quotes(changed(price=price))
    assert {quote.symbol for quote in found} == {"ETH", "DOGE"}


@pytest.mark.parametrize(
    "figures", [{"price": -1}, {"price": "x"}, {"last_updated": "2025"}, {"volume_24h": -1}]
)
def test_figures_that_make_no_sense_are_a_bad_payload(figures):
    with pytest.raises(BadPayload):
        quotes(changed(**figures))


def test_the_whole_market_is_told_exactly():
    figures, body = global_figures(GLOBAL), json.loads(GLOBAL, parse_float=Decimal)["data"]
    assert figures.total_market_cap == body["quote"]["USD"]["total_market_cap"]
    assert figures.total_volume_24h == body["quote"]["USD"]["total_volume_24h"]
    assert (figures.btc_dominance, figures.eth_dominance) == (
        round(body["btc_dominance"], 6),
        round(body["eth_dominance"], 6),
    )
    assert figures.active_assets == body["active_cryptocurrencies"]


@pytest.mark.parametrize("read", [quotes, global_figures])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (payload("coinmarketcap", "rate_limited"), RateLimited),
        (payload("coinmarketcap", "bad_key"), Blocked),
        ('{"status":{"error_code":"1010","error_message":"monthly"}}', RateLimited),
        ('{"status":{"error_code":400,"error_message":"bad"}}', BadPayload),
        ('{"status":{"error_code":0},"data":null}', BadPayload),
        ('{"statusCode":404,"error":"Not Found"}', BadPayload),
        ("[]", BadPayload),
        ("7", BadPayload),
    ],
)
def test_an_error_inside_a_good_answer_has_its_name(read, body, kind):
    assert type(named(lambda: read(body))) is kind


def rows_of(body, one):
    data = body["data"]
    return aggregated.rows_by_id(data.values() if isinstance(data, dict) else data, one)


@settings(max_examples=250)
@given(bent(QUOTES))
def test_bent_quotes_are_true_or_a_named_error(text):
    try:
        found, _ = quotes(text)
    except ProviderError:
        return
    aggregated.check_quotes(found, "coinmarketcap", text, rows_of)


@settings(max_examples=150)
@given(bent(GLOBAL))
def test_bent_global_figures_are_true_or_a_named_error(text):
    try:
        aggregated.check_global(global_figures(text), text)
    except ProviderError:
        return


def test_the_simulated_upstream_is_read_over_http(sim):
    tap = over_http(sim, "coinmarketcap", key="secret")
    assert {one.symbol for one in CMC.quotes((*ASKED, NOWHERE), tap)} == {"BTC", "ETH", "DOGE"}
    assert CMC.global_figures(tap).btc_dominance is not None


@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_every_fault_is_a_named_error(sim, fault, options):
    sim.fault("coinmarketcap", fault, **options)
    tap = over_http(sim, "coinmarketcap", key="secret")
    assert named(lambda: CMC.quotes(ASKED, tap)) is not None or CMC.quotes(ASKED, tap) == []
