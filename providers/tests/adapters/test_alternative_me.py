"""The index becomes readings, newest first, each from 0 to 100."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings

from providers.adapters.alternative_me import AlternativeMe
from providers.exceptions import BadPayload, ProviderError, RateLimited
from providers.tests.adapters.bent import bent
from providers.tests.conftest import Upstream, payload

READINGS = payload("alternative_me", "readings")


def ask(text=READINGS, limit=3):
    upstream = Upstream({"/fng/": text})
    return AlternativeMe().fear_greed(limit, upstream.tap), upstream


def changed(**fields):
    body = json.loads(READINGS)
    body["data"][0].update(fields)
    return json.dumps(body)


def test_texts_become_readings():
    readings, upstream = ask()
    rows = json.loads(READINGS)["data"]
    assert [str(one.value) for one in readings] == [row["value"] for row in rows]
    assert readings[0].observed_at == datetime(2025, 11, 21, tzinfo=UTC)
    assert readings[0].classification == rows[0]["value_classification"]
    assert upstream.asked[0][1] == {"limit": "3", "format": "json"}


def test_the_newest_is_first_whatever_the_order():
    body = json.loads(READINGS)
    body["data"].reverse()
    assert ask(json.dumps(body))[0] == ask()[0]


@pytest.mark.parametrize("limit", [0, -1, 1])
def test_no_more_than_asked_for_and_never_everything(limit):
    readings, upstream = ask(limit=limit)
    assert len(readings) == 1
    assert upstream.asked[0][1]["limit"] == "1"


@pytest.mark.parametrize(
    "fields",
    [
        {"value": "101"},
        {"value": "-1"},
        {"value": "27.5"},
        {"value": None},
        {"value": ""},
        {"value": "NaN"},
        {"value_classification": ""},
        {"value_classification": 3},
        {"timestamp": "21-11-2025"},
        {"timestamp": "1763683200000"},
    ],
)
def test_a_reading_that_makes_no_sense_is_a_bad_payload(fields):
    with pytest.raises(BadPayload):
        ask(changed(**fields))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (payload("alternative_me", "rate_limited"), RateLimited),
        ('{"metadata": {"error": "broken"}, "data": []}', BadPayload),
        ('{"data": null}', BadPayload),
        ("[]", BadPayload),
        ("<html>", BadPayload),
    ],
)
def test_an_error_has_its_name(text, kind):
    with pytest.raises(ProviderError) as caught:
        ask(text)
    assert type(caught.value) is kind


@settings(max_examples=250)
@given(bent(READINGS))
def test_a_bent_index_gives_true_readings_or_a_named_error(text):
    try:
        readings, _ = ask(text)
    except ProviderError:
        return
    assert [one.observed_at for one in readings] == sorted(
        {one.observed_at for one in readings}, reverse=True
    )
    assert all(0 <= one.value <= 100 and one.classification for one in readings)
    assert all(str(one.value) in text for one in readings)
