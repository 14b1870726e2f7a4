"""CoinPaprika's one long list becomes the quotes of the assets that are asked for."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.coinpaprika import CoinPaprika
from providers.exceptions import BadPayload, NotOffered, ProviderError, RateLimited
from providers.tests.adapters import aggregated
from providers.tests.adapters.aggregated import ASKED, BTC, FAULTS, NOWHERE, named, over_http
from providers.tests.adapters.bent import bent
from providers.tests.conftest import payload
from providers.types import Instrument

TICKERS = payload("coinpaprika", "tickers")
GLOBAL = payload("coinpaprika", "global")
COIN = payload("coinpaprika", "coin")
PAPRIKA = CoinPaprika()


def quotes(text, instruments=ASKED, key=""):
    return aggregated.ask(PAPRIKA.quotes, "/v1/tickers", text, instruments, key=key)


def global_figures(text):
    return aggregated.ask(PAPRIKA.global_figures, "/v1/global", text)[0]


def details(text):
    return aggregated.ask(PAPRIKA.details, "/v1/coins/btc-bitcoin", text, BTC)[0]


def changed(row=None, figures=None):
    rows = json.loads(TICKERS)
    rows[0].update(row or {})
    rows[0]["quotes"]["USD"].update(figures or {})
    return json.dumps(rows)


def test_the_list_becomes_exact_quotes_of_what_is_asked_for():
    found, upstream = quotes(TICKERS)
    assert {quote.symbol for quote in found} == {"BTC", "ETH", "DOGE"}
    row = json.loads(TICKERS, parse_float=Decimal)[0]
    btc = next(quote for quote in found if quote.symbol == "BTC")
    assert btc.price == row["quotes"]["USD"]["price"]
    assert (btc.currency, btc.source, btc.rank) == ("USD", "coinpaprika", 1)
    assert btc.change_24h == row["quotes"]["USD"]["percent_change_24h"]
    assert btc.observed_at == datetime(2025, 11, 21, 8, 5, 26, tzinfo=UTC)
    assert upstream.asked == [("/v1/tickers", {"quotes": "USD"}, None)]


def test_a_key_travels_in_a_header():
    _, upstream = quotes(TICKERS, key="secret")
    assert upstream.asked[0][2] == {"Authorization": "secret"}


def test_an_asset_it_does_not_list_is_missing():
    assert [one.symbol for one in quotes(TICKERS, (BTC, NOWHERE))[0]] == ["BTC"]


def test_an_asset_is_never_matched_by_its_symbol():
    with pytest.raises(NotOffered):
        quotes(TICKERS, (Instrument("BTC"),))


@pytest.mark.parametrize("price", [0, None])
def test_a_price_of_zero_is_no_price(price):
    found, _ = quotes(changed(figures={"price": price}))
    assert {quote.symbol for quote in found} == {"ETH", "DOGE"}


def test_zeros_of_what_it_does_not_know_are_none():
    found, _ = quotes(changed({"rank": 0}, {"market_cap": 0}), (BTC,))
    assert (found[0].rank, found[0].market_cap) == (None, None)


@pytest.mark.parametrize(
    ("row", "figures"),
    [
        ({"quotes": {}}, {}),
        ({"quotes": {"EUR": {"price": 1}}}, {}),
        ({"last_updated": "1970-01-01T00:00:00Z"}, {}),
        ({"rank": -1}, {}),
        ({}, {"price": -1}),
        ({}, {"price": "many"}),
    ],
)
def test_a_row_that_makes_no_sense_is_a_bad_payload(row, figures):
    rows = json.loads(TICKERS)
    rows[0]["quotes"]["USD"].update(figures)
    rows[0].update(row)
    with pytest.raises(BadPayload):
        quotes(json.dumps(rows))


def test_the_whole_market_is_told_exactly():
    figures, body = global_figures(GLOBAL), json.loads(GLOBAL, parse_float=Decimal)
    assert figures.total_market_cap == body["market_cap_usd"]
    assert figures.total_volume_24h == body["volume_24h_usd"]
    assert figures.btc_dominance == body["bitcoin_dominance_percentage"]
    assert figures.eth_dominance is None
    assert figures.active_assets == body["cryptocurrencies_number"]
    assert int(figures.observed_at.timestamp()) == body["last_updated"]


def test_details_are_plain_texts_and_addresses():
    found = details(COIN)
    assert (found.symbol, found.name, found.categories) == ("BTC", "Bitcoin", ("Simulated",))
    assert found.homepage == "https://bitcoin.example/"
    assert found.image.endswith("/btc-bitcoin/logo.png")
    assert found.max_supply is None


def test_an_address_that_a_browser_would_run_is_left_out():
    body = {**json.loads(COIN), "links": {"website": ["javascript:alert(1)"]}, "logo": None}
    found = details(json.dumps(body))
    assert (found.homepage, found.image) == ("", "")


def test_details_of_another_asset_are_refused():
    with pytest.raises(BadPayload):
        details(COIN.replace("btc-bitcoin", "btcb-bitcoin"))


@pytest.mark.parametrize("read", [lambda t: quotes(t), global_figures, details])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": "id not found"}, NotOffered),
        ({"error": "too many requests"}, RateLimited),
        ({"error": "internal server error"}, BadPayload),
        ({}, BadPayload),
        (7, BadPayload),
    ],
)
def test_an_error_inside_a_good_answer_has_its_name(read, body, kind):
    assert type(named(lambda: read(json.dumps(body)))) is kind


@settings(max_examples=250)
@given(bent(TICKERS))
def test_a_bent_list_gives_true_quotes_or_a_named_error(text):
    try:
        found, _ = quotes(text)
    except ProviderError:
        return
    aggregated.check_quotes(found, "coinpaprika", text, aggregated.rows_by_id)


@settings(max_examples=150)
@given(bent(GLOBAL))
def test_bent_global_figures_are_true_or_a_named_error(text):
    try:
        aggregated.check_global(global_figures(text), text)
    except ProviderError:
        return


@settings(max_examples=150)
@given(bent(COIN))
def test_bent_details_are_true_or_a_named_error(text):
    try:
        aggregated.check_details(details(text), text)
    except ProviderError:
        return


def test_the_simulated_upstream_is_read_over_http(sim):
    tap = over_http(sim, "coinpaprika")
    assert {one.symbol for one in PAPRIKA.quotes(ASKED, tap)} == {"BTC", "ETH", "DOGE"}
    assert PAPRIKA.global_figures(tap).total_market_cap > 0
    assert PAPRIKA.details(BTC, tap).name == "Bitcoin"
    with pytest.raises(NotOffered):
        PAPRIKA.details(NOWHERE, tap)


@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_every_fault_is_a_named_error(sim, fault, options):
    sim.fault("coinpaprika", fault, **options)
    tap = over_http(sim, "coinpaprika")
    problem = named(lambda: PAPRIKA.quotes(ASKED, tap))
    # No prices at all is what an empty or nulled list honestly says.
    assert problem is not None or PAPRIKA.quotes(ASKED, tap) == []
