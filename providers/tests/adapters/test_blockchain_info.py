"""The last points of two charts become figures, if the charts say what they are counted in."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from providers.adapters.blockchain_info import BlockchainInfo
from providers.exceptions import BadPayload, ProviderError
from providers.tests.adapters.bent import bent, decoded
from providers.tests.adapters.figures import check_figures
from providers.tests.conftest import Upstream, payload

TRANSACTIONS = payload("blockchain_info", "n_transactions")
SUPPLY = payload("blockchain_info", "total_bitcoins")


def ask(transactions=TRANSACTIONS, supply=SUPPLY):
    answers = {"/charts/n-transactions": transactions, "/charts/total-bitcoins": supply}
    return BlockchainInfo().chain_figures(Upstream(answers).tap)


def changed(**fields):
    return json.dumps({**json.loads(SUPPLY), **fields})


def test_the_last_points_become_figures():
    found = ask()
    assert found.figures["supply_btc"] == Decimal("19948496.875")
    assert found.figures["transactions_per_day"] == Decimal("373030.0")
    assert found.observed_at == datetime(2025, 11, 21, tzinfo=UTC)


def test_the_last_point_is_the_newest_that_has_a_value():
    values = [*json.loads(SUPPLY)["values"], {"x": 1763769600, "y": None}]
    assert ask(supply=changed(values=values[::-1])) == ask()


def test_figures_are_as_old_as_the_oldest_of_them():
    found = ask(supply=changed(values=[{"x": 1763424000, "y": 1e7}]))
    assert found.observed_at == datetime(2025, 11, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        changed(status="error", error="Access denied"),
        changed(unit="sat"),
        changed(unit=None),
        changed(values=[]),
        changed(values=[{"x": 1763424000, "y": -1}]),
        changed(values=[{"x": 1763424000000, "y": 1}]),
        changed(values=[{"x": 1763424000, "y": None}]),
        changed(values=None),
        "[]",
        '"Too many requests"',
        "Too many requests",
    ],
)
def test_a_chart_that_makes_no_sense_is_a_bad_payload(text):
    with pytest.raises(BadPayload):
        ask(supply=text)


@settings(max_examples=250)
@given(bent(SUPPLY))
def test_a_bent_chart_gives_true_figures_or_a_named_error(text):
    try:
        found = ask(supply=text)
    except ProviderError:
        return
    check_figures(found, [decoded(text), decoded(TRANSACTIONS)])
