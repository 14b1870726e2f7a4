"""Bytes out: every digit, the mark of a simulated market, and the right name for the format."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cryptodt.api.renderers import ExactJSONRenderer
from market.tests.quotes import given_assets, given_price


def rendered(data):
    return ExactJSONRenderer().render(data)


def test_a_decimal_is_a_json_number_with_all_its_digits():
    assert rendered({"a": Decimal("123456789.123456789012"), "b": Decimal("1E-12")}) == (
        b'{"a":123456789.123456789012,"b":0.000000000001}'
    )


def test_nothing_is_no_bytes():
    assert rendered(None) == b""


def test_a_moment_and_an_odd_key_have_a_form():
    found = json.loads(rendered({1: datetime(2026, 1, 1, tzinfo=UTC)}))
    assert found == {"1": "2026-01-01T00:00:00+00:00"}


def test_what_has_no_form_is_an_error_and_not_a_guess():
    with pytest.raises(TypeError):
        rendered({"a": object()})


def test_the_mark_is_on_every_object_and_only_on_a_simulated_market(settings):
    assert b"simulated" not in rendered({"a": 1})
    settings.SIMULATED = True
    assert json.loads(rendered({"a": 1})) == {"a": 1, "simulated": True}
    data = {"a": 1}
    rendered(data)
    assert data == {"a": 1}


@pytest.mark.django_db
def test_a_good_answer_is_plain_json_even_to_who_asked_for_problems(client, settings):
    given_assets(settings, "BTC")
    given_price("BTC")
    response = client.get("/api/prices", headers={"Accept": "application/problem+json"})
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    assert response.json()["data"][0]["symbol"] == "BTC"
