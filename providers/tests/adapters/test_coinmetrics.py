"""Coin Metrics' daily prices become history at the midnight that each of them is of."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from providers.adapters.coinmetrics import CoinMetrics
from providers.exceptions import BadPayload, NotOffered, ProviderError, RateLimited
from providers.tests.adapters import aggregated
from providers.tests.adapters.aggregated import BTC, FAULTS, NOWHERE, named, over_http
from providers.tests.adapters.bent import bent
from providers.tests.conftest import payload
from providers.types import Instrument

PRICES = payload("coinmetrics", "prices")
METRICS = CoinMetrics()
PLACE = "/v4/timeseries/asset-metrics"


def history(text, instrument=BTC):
    return aggregated.ask(METRICS.history, PLACE, text, instrument, 7)


def test_each_price_is_that_of_the_end_of_its_day():
    points, upstream = history(PRICES)
    rows = json.loads(PRICES)["data"]
    assert [str(point.price) for point in points] == [row["PriceUSD"] for row in rows]
    assert rows[0]["time"] == "2025-11-14T00:00:00.000000000Z"
    assert points[0].at == datetime(2025, 11, 15, tzinfo=UTC)
    params = upstream.asked[0][1]
    assert (params["assets"], params["start_time"]) == ("btc", "2025-11-14")


def test_an_asset_without_a_name_of_its_own_is_not_asked_for():
    with pytest.raises(NotOffered):
        history(PRICES, Instrument("BTC"))


@pytest.mark.parametrize(
    "fields",
    [{"asset": "eth"}, {"time": None}, {"time": "soon"}, {"PriceUSD": "-1"}, {"PriceUSD": "x"}],
)
def test_a_row_that_makes_no_sense_is_a_bad_payload(fields):
    body = json.loads(PRICES)
    body["data"][0].update(fields)
    with pytest.raises(BadPayload):
        history(json.dumps(body))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (payload("coinmetrics", "rate_limited"), RateLimited),
        (payload("coinmetrics", "unknown_asset"), NotOffered),
        ('{"data":[]}', NotOffered),
        ('{"error":{"type":"internal_error"}}', BadPayload),
        ("{}", BadPayload),
        ("[]", BadPayload),
    ],
)
def test_an_error_inside_a_good_answer_has_its_name(body, kind):
    assert type(named(lambda: history(body))) is kind


@settings(max_examples=200)
@given(bent(PRICES))
def test_a_bent_history_is_true_or_a_named_error(text):
    try:
        aggregated.check_points(history(text)[0], text)
    except ProviderError:
        return


def test_the_simulated_upstream_is_read_over_http(sim):
    tap = over_http(sim, "coinmetrics")
    assert METRICS.history(BTC, 7, tap)
    assert type(named(lambda: METRICS.history(NOWHERE, 7, tap))) is NotOffered


@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_every_fault_is_a_named_error(sim, fault, options):
    sim.fault("coinmetrics", fault, **options)
    tap = over_http(sim, "coinmetrics")
    assert named(lambda: METRICS.history(BTC, 7, tap)) is not None or fault == "nulls"
