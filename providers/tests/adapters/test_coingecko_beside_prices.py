"""CoinGecko beside its prices: the market, what is looked up, details and history."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.coingecko import CoinGecko
from providers.exceptions import BadPayload, Blocked, NotOffered, ProviderError, RateLimited
from providers.tests.adapters import aggregated
from providers.tests.adapters.aggregated import ASKED, BTC, FAULTS, NOWHERE, named, over_http
from providers.tests.adapters.bent import bent
from providers.tests.conftest import payload
from providers.types import Instrument

GLOBAL = payload("coingecko", "global")
TRENDING = payload("coingecko", "trending")
DETAILS = payload("coingecko", "details")
HISTORY = payload("coingecko", "history")
GECKO = CoinGecko()
PRO = CoinGecko("coingecko-pro", "x-cg-pro-api-key")


def global_figures(text):
    return aggregated.ask(GECKO.global_figures, "/api/v3/global", text)[0]


def trending(text):
    return aggregated.ask(GECKO.trending, "/api/v3/search/trending", text)[0]


def details(text):
    return aggregated.ask(GECKO.details, "/api/v3/coins/bitcoin", text, BTC)[0]


def history(text, days=1, gecko=GECKO):
    return aggregated.ask(gecko.history, "/api/v3/coins/bitcoin/market_chart", text, BTC, days)[0]


READS = (global_figures, trending, details, history)


def test_the_whole_market_is_told_exactly():
    figures, data = global_figures(GLOBAL), json.loads(GLOBAL, parse_float=Decimal)["data"]
    assert figures.total_market_cap == data["total_market_cap"]["usd"]
    assert figures.total_volume_24h == data["total_volume"]["usd"]
    assert figures.btc_dominance == round(data["market_cap_percentage"]["btc"], 6)
    assert figures.eth_dominance == round(data["market_cap_percentage"]["eth"], 6)
    assert figures.market_cap_change_24h == round(data["market_cap_change_percentage_24h_usd"], 6)
    assert figures.active_assets == data["active_cryptocurrencies"]
    assert figures.observed_at == datetime(2025, 11, 21, 8, 5, 45, tzinfo=UTC)


@pytest.mark.parametrize("case", ["trending", "trending_without_data"])
def test_both_shapes_of_what_is_looked_up_are_read(case):
    text = payload("coingecko", case)
    items = [row["item"] for row in json.loads(text)["coins"]]
    found = trending(text)
    aggregated.check_trending(found)
    assert [one.upstream_id for one in found] == [item["id"] for item in items]
    assert [one.rank for one in found] == [item["market_cap_rank"] for item in items]


def test_details_are_plain_text():
    found = details(DETAILS)
    assert (found.symbol, found.name, found.source) == ("BTC", "Bitcoin", "coingecko")
    assert found.description.startswith("Bitcoin as this market simulates it.")
    assert found.homepage == "https://bitcoin.example/"
    assert found.categories == ("Simulated", "Cryptocurrency")
    assert (found.max_supply, found.circulating_supply) == (Decimal(21000000), Decimal(20010000))


def test_details_without_the_market_know_no_supply():
    body = json.loads(DETAILS)
    del body["market_data"]
    assert details(json.dumps(body)).max_supply is None


def test_an_address_that_a_browser_would_run_is_left_out():
    body = {**json.loads(DETAILS), "links": {"homepage": ["javascript:x()"]}, "image": None}
    found = details(json.dumps(body))
    assert (found.homepage, found.image) == ("", "")


def test_history_joins_its_columns_by_their_times():
    body = json.loads(HISTORY, parse_float=Decimal)
    del body["market_caps"][0]
    points = history(json.dumps(body, default=str))
    assert len(points) == len(body["prices"])
    assert (points[0].market_cap, points[1].market_cap) == (None, body["market_caps"][0][1])
    assert [point.price for point in points] == [price for _, price in body["prices"]]
    assert points[-1].at == datetime(2025, 11, 21, 8, 5, 45, 678000, tzinfo=UTC)


def test_the_free_address_tells_of_a_year_and_is_not_asked_for_more():
    assert type(named(lambda: history(HISTORY, 366))) is NotOffered
    assert history(HISTORY, 366, PRO)[0].source == "coingecko-pro"


def test_the_key_of_each_address_has_its_own_header():
    for gecko, header in ((GECKO, "x-cg-demo-api-key"), (PRO, "x-cg-pro-api-key")):
        _, upstream = aggregated.ask(gecko.global_figures, "/api/v3/global", GLOBAL, key="secret")
        assert upstream.asked[0][2] == {header: "secret"}


@pytest.mark.parametrize("method", [GECKO.details, lambda one, tap: GECKO.history(one, 1, tap)])
def test_an_asset_without_a_name_of_its_own_is_not_asked_for(method):
    assert type(named(lambda: aggregated.ask(method, "", "{}", Instrument("BTC")))) is NotOffered


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (payload("coingecko", "rate_limited"), RateLimited),
        (payload("coingecko", "unknown_coin"), BadPayload),
        ('{"status":{"error_code":10002,"error_message":"API Key Missing"}}', Blocked),
        ('{"status":{"error_code":{},"error_message":[]}}', BadPayload),
        ("{}", BadPayload),
        ("[]", BadPayload),
        ("7", BadPayload),
    ],
)
def test_an_error_inside_a_good_answer_has_its_name(read, body, kind):
    assert type(named(lambda: read(body))) is kind


@settings(max_examples=200)
@given(bent(GLOBAL))
def test_bent_global_figures_are_true_or_a_named_error(text):
    try:
        aggregated.check_global(global_figures(text), text)
    except ProviderError:
        return


@settings(max_examples=200)
@given(bent(TRENDING))
def test_bent_trends_are_whole_or_a_named_error(text):
    try:
        aggregated.check_trending(trending(text))
    except ProviderError:
        return


@settings(max_examples=200)
@given(bent(DETAILS))
def test_bent_details_are_true_or_a_named_error(text):
    try:
        aggregated.check_details(details(text), text)
    except ProviderError:
        return


@settings(max_examples=200)
@given(bent(HISTORY))
def test_a_bent_history_is_true_or_a_named_error(text):
    try:
        aggregated.check_points(history(text), text)
    except ProviderError:
        return


@pytest.mark.parametrize("gecko", [GECKO, PRO])
def test_both_simulated_addresses_are_read_over_http(sim, gecko):
    tap = over_http(sim, gecko.source, key="secret")
    assert {one.source for one in gecko.quotes(ASKED, tap)} == {gecko.source}
    assert gecko.global_figures(tap).btc_dominance is not None
    assert len(gecko.trending(tap)) == 15
    assert gecko.details(BTC, tap).max_supply == 21000000
    assert len(gecko.history(BTC, 1, tap)) > 280
    assert type(named(lambda: gecko.details(NOWHERE, tap))) is NotOffered


@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_every_fault_is_a_named_error(sim, fault, options):
    sim.fault("coingecko", fault, **options)
    tap = over_http(sim, "coingecko")
    for ask in (GECKO.global_figures, lambda tap: GECKO.history(BTC, 1, tap)):
        problem = named(lambda ask=ask: ask(tap))
        assert problem is not None or fault == "nulls"
