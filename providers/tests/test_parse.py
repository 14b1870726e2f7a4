"""Numbers stay exact, times are aware, and everything else is a BadPayload."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.exceptions import BadPayload
from providers.parse import (
    amount,
    from_iso,
    from_milliseconds,
    known,
    number,
    percentage,
    rank,
    read_json,
    share,
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("digits", ["64138.050000000000000001", "8.6e-06", "1.0", "0.10"])
def test_a_fraction_keeps_every_digit(digits):
    assert read_json(f"[{digits}]") == [Decimal(digits)]
    assert str(read_json(f"[{digits}]", fractions=str)[0]) == digits


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("-1.7614019349885157", "-1.761402"),
        ("0.0000004999999999", "0.000000"),
        ("12.51", "12.51"),
        ("1.100000", "1.100000"),
        ("123456789012345678901234567890.12345678", "123456789012345678901234567890.123457"),
        ("0", "0"),
        ("", "None"),
    ],
)
def test_a_percentage_is_kept_without_the_digits_of_a_float(said, kept):
    assert str(percentage({"change": said}, "change")) == kept


def test_a_share_of_nothing_is_not_known():
    assert share({"btc": Decimal("57.123456789")}, "btc") == Decimal("57.123457")
    assert [share({"btc": value}, "btc") for value in (0, "", None)] == [None] * 3
    with pytest.raises(BadPayload):
        share({"btc": "-1"}, "btc")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nothing",
        '{"price": 1',
        "[NaN]",
        "[Infinity]",
        "[-Infinity]",
        "[1e99999999999999999999]",
        '["1e1000000000"]',
        '["1.e1000000000"]',
        '[".5E+1000000000"]',
        '["1_0e 1_000_000_000"]',
        "[-1.5E-4000]",
        '{"price":-1e4000}',
        '["\\t-1e1000000000\\n"]',
        "[" + "9" * 5000 + "]",
        "[" * 100_000,
        "\ufeff[]",
    ],
)
def test_what_is_not_usable_json_is_a_bad_payload(text):
    with pytest.raises(BadPayload):
        read_json(text)


def test_text_that_only_looks_like_an_endless_number_is_left_alone():
    assert read_json('["ab1e2000", "1e2000x", "v1.1e2000.0"]')[0] == "ab1e2000"
    pool = "6dde330b-61b5-12e4567-8e1234-1e2000"
    assert read_json(f'{{"pool": "{pool}", "link": "https://a.example/1e2000/"}}')["pool"] == pool


def test_a_web_page_is_called_one():
    with pytest.raises(BadPayload, match="a web page"):
        read_json(" <html><body>Sign in</body></html>")


@given(st.text() | st.binary().map(lambda raw: raw.decode(errors="replace")))
def test_no_text_raises_anything_but_a_bad_payload(text):
    with suppress(BadPayload):
        read_json(text)


@given(ANYTHING)
def test_no_value_raises_anything_but_a_bad_payload(value):
    for read in (number, amount, known, rank):
        try:
            found = read({"x": value}, "x")
        except BadPayload:
            continue
        assert found is None or Decimal(found).is_finite()


@given(ANYTHING)
def test_no_time_raises_anything_but_a_bad_payload(value):
    for read in (from_iso, from_milliseconds):
        try:
            moment = read(value)
        except BadPayload:
            continue
        assert moment.tzinfo is not None
        assert 2009 <= moment.year <= 2100


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12, min_value=0, max_value=10**9))
def test_a_number_is_the_same_as_text_and_as_json(value):
    written = format(value, "f")
    assert number({"x": written}, "x") == value
    assert number(read_json('{"x": ' + written + "}"), "x") == value


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_number_is_none(value):
    assert number({"x": value}, "x") is None
    assert number({}, "x") is None


@pytest.mark.parametrize(
    "value",
    [True, 1.5, [], {}, "abc", "1,5", "1_000", "NaN", "Infinity", "0x10", "1e70", "9" * 61],
)
def test_what_is_no_number_is_a_bad_payload_that_names_the_field(value):
    with pytest.raises(BadPayload, match="^last_price is "):
        number({"last_price": value}, "last_price")


def test_a_bad_payload_does_not_repeat_the_whole_payload():
    with pytest.raises(BadPayload) as caught:
        number({"x": ["y" * 10_000]}, "x")
    assert len(str(caught.value)) < 200
    with pytest.raises(BadPayload) as caught:
        from_iso("y" * 10_000)
    assert len(str(caught.value)) < 200


def test_a_list_too_deep_to_be_shown_is_a_bad_payload():
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(BadPayload):
        number({"x": value}, "x")


def test_an_amount_is_never_below_zero():
    assert amount({"x": "0"}, "x") == 0
    with pytest.raises(BadPayload, match="below zero"):
        amount({"x": "-0.1"}, "x")


@pytest.mark.parametrize("value", [None, "", 0, "0.00000000", "-0"])
def test_zero_is_how_an_upstream_says_that_it_does_not_know(value):
    assert known({"x": value}, "x") is None


@pytest.mark.parametrize("value", [0, -1, "1.5", "abc"])
def test_a_rank_is_a_whole_number_from_one(value):
    assert rank({"x": 7}, "x") == 7
    assert rank({}, "x") is None
    with pytest.raises(BadPayload):
        rank({"x": value}, "x")


def test_milliseconds_are_read_as_numbers_and_as_text():
    moment = datetime(2025, 11, 21, 8, 5, 45, 678000, tzinfo=UTC)
    assert from_milliseconds(1763712345678) == moment
    assert from_milliseconds("1763712345678") == moment


@pytest.mark.parametrize(
    "value", [0, 1763712345, 1763712345678000, -1, 10**400, "soon", True, None, 1.7e12]
)
def test_a_time_in_another_unit_is_noticed(value):
    with pytest.raises(BadPayload):
        from_milliseconds(value)


def test_an_iso_time_is_aware_whatever_it_says_of_its_zone():
    moment = datetime(2025, 11, 21, 8, 5, 45, 678000, tzinfo=UTC)
    assert from_iso("2025-11-21T08:05:45.678Z") == moment
    assert from_iso("2025-11-21T08:05:45.678") == moment
    assert from_iso("2025-11-21T10:05:45.678+02:00") == moment


@pytest.mark.parametrize(
    "value", [None, "", 20251121, 1763712345, "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59"]
)
def test_what_is_no_iso_time_of_this_century_is_a_bad_payload(value):
    with pytest.raises(BadPayload):
        from_iso(value)


def test_the_reader_takes_what_python_writes():
    body = {"a": [1, None, True, "é"], "b": {"c": "1.50"}}
    assert read_json(json.dumps(body)) == body
