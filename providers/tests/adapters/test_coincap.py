"""CoinCap's numbers in text stay exact, and its dead version is recognized."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from providers.adapters.coincap import CoinCap
from providers.exceptions import BadPayload, Blocked, NotOffered, ProviderError, RateLimited
from providers.tests.adapters import aggregated
from providers.tests.adapters.aggregated import ASKED, BTC, FAULTS, NOWHERE, named, over_http
from providers.tests.adapters.bent import bent
from providers.tests.conftest import payload
from providers.types import Instrument

ASSETS = payload("coincap", "assets")
HISTORY = payload("coincap", "history")
CAP = CoinCap()
PLACE = "/v3/assets/bitcoin/history"


def quotes(text, instruments=ASKED):
    return aggregated.ask(CAP.quotes, "/v3/assets", text, instruments, key="secret")


def history(text, days=2):
    return aggregated.ask(CAP.history, PLACE, text, BTC, days, key="secret")


def changed(**fields):
    body = json.loads(ASSETS)
    body["data"][0].update(fields)
    return json.dumps(body)


def test_the_list_becomes_exact_quotes_with_the_time_of_the_envelope():
    found, upstream = quotes(ASSETS)
    assert {quote.symbol for quote in found} == {"BTC", "ETH", "DOGE"}
    row = json.loads(ASSETS)["data"][0]
    btc = next(quote for quote in found if quote.symbol == "BTC")
    assert str(btc.price) == row["priceUsd"]
    assert row["changePercent24Hr"] == "-1.7614019349885157"
    assert str(btc.change_24h) == "-1.761402"
    assert (btc.currency, btc.source, btc.rank) == ("USD", "coincap", 1)
    assert btc.observed_at == datetime(2025, 11, 21, 8, 5, 45, 678000, tzinfo=UTC)
    (path, params, headers) = upstream.asked[0]
    assert (path, params) == ("/v3/assets", {"ids": "bitcoin,dogecoin,ethereum"})
    assert headers == {"Authorization": "Bearer secret"}


def test_an_asset_it_does_not_list_is_missing():
    assert [one.symbol for one in quotes(ASSETS, (BTC, NOWHERE))[0]] == ["BTC"]


def test_an_asset_is_never_matched_by_its_symbol():
    for ask in (
        lambda: quotes(ASSETS, (Instrument("BTC"),)),
        lambda: aggregated.ask(CAP.history, PLACE, HISTORY, Instrument("BTC"), 2),
    ):
        assert type(named(ask)) is NotOffered


@pytest.mark.parametrize("price", ["0.0000000000000000", "", None])
def test_a_price_of_zero_is_no_price(price):
    found, _ = quotes(changed(priceUsd=price))
    assert {quote.symbol for quote in found} == {"ETH", "DOGE"}


@pytest.mark.parametrize("fields", [{"priceUsd": "-1"}, {"priceUsd": "x"}, {"rank": "first"}])
def test_a_row_that_makes_no_sense_is_a_bad_payload(fields):
    with pytest.raises(BadPayload):
        quotes(changed(**fields))


@pytest.mark.parametrize("stamp", [None, 1763712345, "soon", True, 1e400])
def test_an_envelope_without_a_time_that_can_be_right_is_a_bad_payload(stamp):
    with pytest.raises(BadPayload):
        quotes(json.dumps({**json.loads(ASSETS), "timestamp": stamp}))


@pytest.mark.parametrize(
    ("days", "interval"), [(1, "m5"), (2, "h1"), (30, "h1"), (90, "h12"), (400, "d1")]
)
def test_the_interval_fits_the_span(days, interval):
    _, upstream = history(HISTORY, days)
    params = upstream.asked[0][1]
    assert params["interval"] == interval
    assert int(params["end"]) - int(params["start"]) == days * 86_400_000


def test_history_is_exact_and_in_order():
    body = json.loads(HISTORY)
    rows = body["data"]
    points, _ = history(json.dumps({**body, "data": [*reversed(rows), rows[0]]}))
    assert [str(point.price) for point in points] == [row["priceUsd"] for row in rows]
    assert points[-1].at == datetime(2025, 11, 21, 8, tzinfo=UTC)


@pytest.mark.parametrize("read", [quotes, history])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (payload("coincap", "switched_off"), BadPayload),
        (payload("coincap", "rate_limited"), RateLimited),
        (payload("coincap", "bad_key"), Blocked),
        ('{"error":"nowhere not found"}', NotOffered),
        ("{}", BadPayload),
        ("[]", BadPayload),
        ("7", BadPayload),
    ],
)
def test_an_error_inside_a_good_answer_has_its_name(read, body, kind):
    assert type(named(lambda: read(body))) is kind


@settings(max_examples=250)
@given(bent(ASSETS))
def test_a_bent_list_gives_true_quotes_or_a_named_error(text):
    try:
        found, _ = quotes(text)
    except ProviderError:
        return
    aggregated.check_quotes(
        found, "coincap", text, lambda body, one: aggregated.rows_by_id(body["data"], one)
    )


@settings(max_examples=150)
@given(bent(HISTORY))
def test_a_bent_history_is_true_or_a_named_error(text):
    try:
        aggregated.check_points(history(text)[0], text)
    except ProviderError:
        return


def test_the_simulated_upstream_is_read_over_http(sim):
    tap = over_http(sim, "coincap", key="secret")
    assert {one.symbol for one in CAP.quotes((*ASKED, NOWHERE), tap)} == {"BTC", "ETH", "DOGE"}
    assert len(CAP.history(BTC, 2, tap)) == 48
    with pytest.raises(NotOffered):
        CAP.history(NOWHERE, 2, tap)


@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_every_fault_is_a_named_error(sim, fault, options):
    sim.fault("coincap", fault, **options)
    tap = over_http(sim, "coincap", key="secret")
    assert named(lambda: CAP.quotes(ASKED, tap)) is not None or CAP.quotes(ASKED, tap) == []
