"""CoinDesk Data's ticks become quotes, its rows history, and `Err` a named error."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.cryptocompare import CryptoCompare
from providers.exceptions import BadPayload, Blocked, NotOffered, ProviderError, RateLimited
from providers.tests.adapters import aggregated
from providers.tests.adapters.aggregated import ASKED, BTC, FAULTS, NOWHERE, named, over_http
from providers.tests.adapters.bent import bent
from providers.tests.conftest import payload
from providers.types import Instrument

TICKS = payload("cryptocompare", "ticks")
DAYS = payload("cryptocompare", "days")
DATA = CryptoCompare()
PLACE = "/index/cc/v1/latest/tick"


def quotes(text, instruments=ASKED):
    return aggregated.ask(DATA.quotes, PLACE, text, instruments, key="secret")


def history(text, days=90):
    unit = "hours" if days < 84 else "days"
    place = f"/index/cc/v1/historical/{unit}"
    return aggregated.ask(DATA.history, place, text, BTC, days, key="secret")


def changed(**fields):
    body = json.loads(TICKS)
    body["Data"]["BTC-USD"].update(fields)
    return json.dumps(body)


def test_ticks_become_exact_quotes():
    found, upstream = quotes(TICKS)
    assert {quote.symbol for quote in found} == {"BTC", "ETH", "DOGE"}
    row = json.loads(TICKS, parse_float=Decimal)["Data"]["BTC-USD"]
    btc = next(quote for quote in found if quote.symbol == "BTC")
    assert (btc.price, btc.currency, btc.source) == (row["VALUE"], "USD", "cryptocompare")
    assert btc.change_24h == round(row["MOVING_24_HOUR_CHANGE_PERCENTAGE"], 6)
    assert int(btc.observed_at.timestamp()) == row["VALUE_LAST_UPDATE_TS"]
    (_, params, headers) = upstream.asked[0]
    assert params == {"market": "cadli", "instruments": "BTC-USD,DOGE-USD,ETH-USD"}
    assert headers == {"authorization": "Apikey secret"}


def test_an_asset_it_does_not_list_is_missing():
    assert [one.symbol for one in quotes(TICKS, (BTC, NOWHERE))[0]] == ["BTC"]


def test_an_asset_without_a_name_of_its_own_is_not_asked_for():
    with pytest.raises(NotOffered):
        quotes(TICKS, (Instrument("BTC"),))


@pytest.mark.parametrize("price", [0, None])
def test_a_price_of_zero_is_no_price(price):
    assert {quote.symbol for quote in quotes(changed(VALUE=price))[0]} == {"ETH", "DOGE"}


@pytest.mark.parametrize(
    "fields",
    [
        {"VALUE": -1},
        {"VALUE": "x"},
        {"VALUE_LAST_UPDATE_TS": None},
        {"VALUE_LAST_UPDATE_TS": 1763712326000},
        {"INSTRUMENT": "BTC-EUR"},
    ],
)
def test_a_tick_that_makes_no_sense_is_a_bad_payload(fields):
    with pytest.raises(BadPayload):
        quotes(changed(**fields))


@pytest.mark.parametrize(
    ("days", "unit", "limit"),
    [(1, "hours", "24"), (83, "hours", "1992"), (84, "days", "84"), (9999, "days", "2000")],
)
def test_the_unit_fits_the_span(days, unit, limit):
    _, upstream = history(DAYS, days)
    (path, params, _) = upstream.asked[0]
    assert path.endswith(unit)
    assert (params["instrument"], params["limit"]) == ("BTC-USD", limit)


def test_history_is_what_each_span_opened_with():
    body = json.loads(DAYS, parse_float=Decimal)
    points, _ = history(DAYS)
    assert [point.price for point in points] == [row["OPEN"] for row in body["Data"]]
    assert points[-1].at == datetime(2025, 11, 21, tzinfo=UTC)


def test_history_of_another_instrument_is_refused():
    with pytest.raises(BadPayload, match="another instrument"):
        history(DAYS.replace("BTC-USD", "BTC-EUR"))


@pytest.mark.parametrize("read", [quotes, history])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (payload("cryptocompare", "rate_limited"), RateLimited),
        (payload("cryptocompare", "bad_key"), Blocked),
        (payload("cryptocompare", "unknown_instrument"), NotOffered),
        ('{"Response":"Error","Message":"You are over your rate limit","Data":{}}', RateLimited),
        ('{"Response":"Error","Message":"no data","Type":2,"Data":{}}', BadPayload),
        ("{}", BadPayload),
        ("[]", BadPayload),
        ("7", BadPayload),
    ],
)
def test_an_error_inside_a_good_answer_has_its_name(read, body, kind):
    assert type(named(lambda: read(body))) is kind


@settings(max_examples=250)
@given(bent(TICKS))
def test_bent_ticks_are_true_or_a_named_error(text):
    try:
        found, _ = quotes(text)
    except ProviderError:
        return
    aggregated.check_quotes(
        found, "cryptocompare", text, lambda body, one: body["Data"][f"{one}-USD"]
    )


@settings(max_examples=150)
@given(bent(DAYS))
def test_a_bent_history_is_true_or_a_named_error(text):
    try:
        aggregated.check_points(history(text)[0], text)
    except ProviderError:
        return


def test_the_simulated_upstream_is_read_over_http(sim):
    tap = over_http(sim, "cryptocompare", key="secret")
    assert {one.symbol for one in DATA.quotes((*ASKED, NOWHERE), tap)} == {"BTC", "ETH", "DOGE"}
    assert len(DATA.history(BTC, 2, tap)) == 48
    with pytest.raises(NotOffered):
        DATA.history(NOWHERE, 2, tap)


@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_every_fault_is_a_named_error(sim, fault, options):
    sim.fault("cryptocompare", fault, **options)
    tap = over_http(sim, "cryptocompare", key="secret")
    assert named(lambda: DATA.quotes(ASKED, tap)) is not None or DATA.quotes(ASKED, tap) == []
