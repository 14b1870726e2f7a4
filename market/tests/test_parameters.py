"""Every value typed behind the question mark is understood as it was meant, or refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptodt.common.errors import InvalidRequest
from market.parameters import choice, moment, one, whole, yes_or_no

NOON = int(datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp())
HOSTILE = [
    "", " ", "\x00", "-1", "+1", "1e3", "1_0", "٣", "１", "0x10", "1.0", "NaN", "null", "abc",
    "9" * 19, "9" * 100_000, "1;2", "🚀", "\udcff",
]  # fmt: skip


def limit(*typed):
    return whole({"limit": typed}, "limit", least=1, most=1000, default=100)


def since(*typed):
    return moment({"since": typed}, "since")


def test_what_is_not_mentioned_has_its_default():
    assert limit() == 100
    assert since() is None
    assert yes_or_no({}, "closed_only") is False
    assert choice({}, "order", ("asc", "desc"), default="asc") == "asc"


@pytest.mark.parametrize(("typed", "meant"), [("1", 1), ("1000", 1000), (" 7 ", 7), ("007", 7)])
def test_a_whole_number_within_its_bounds_is_taken(typed, meant):
    assert limit(typed) == meant


@pytest.mark.parametrize("typed", [*HOSTILE, "0", "1001", str(10**9)])
def test_any_other_number_is_refused_with_the_bounds(typed):
    with pytest.raises(InvalidRequest) as refused:
        limit(typed)
    assert refused.value.details["accepted"] == "a whole number from 1 to 1000"
    assert len(str(refused.value.details["value"])) <= 40


def test_a_parameter_given_twice_with_two_values_is_refused():
    assert limit("5", " 5") == 5
    with pytest.raises(InvalidRequest, match="2 times"):
        limit("5", "6")
    with pytest.raises(InvalidRequest, match="1000 times"):
        one({"symbol": [str(number) for number in range(1000)]}, "symbol")


@pytest.mark.parametrize(
    "typed",
    [
        str(NOON), str(NOON * 1000), "2026-01-31T12:00:00Z", "2026-01-31T12:00", "2026-01-31t12:00z",
        "2026-01-31 12:00:00", "2026-01-31T14:30:00+02:30", "2026-01-31T07:00:00-0500",
        "2026-01-31T12:00:00.000", "2026-01-31T11:59:59.000001Z", str(NOON * 1000 - 999),
    ],
)  # fmt: skip
def test_a_moment_has_many_spellings(typed):
    assert since(typed) == NOON


def test_a_day_begins_at_midnight_in_utc():
    assert since("2026-01-31") == NOON - 12 * 3600


def test_zero_is_the_beginning():
    assert since("0") == since("1970-01-01") == 0


@pytest.mark.parametrize(
    "typed",
    [
        *HOSTILE, "20260131", "1", "999999999", str(10**11), str(10**15), str(NOON * 10**6),
        str(NOON * 10**9), "2026", "2026-02", "2026-02-30", "2026-13-01", "31.01.2026",
        "31/01/2026", "01-31-2026", "2026-W05-1", "yesterday", "now", "1969-12-31",
        "2026-01-31T25:00", "2026-01-31T12:00:00 02:00", "0001-01-01T00:00+14:00",
        "9999-12-31T23:59-23:59x", "2026-01-31T12:00:00+99:00", "２０２６-01-31",
    ],
)  # fmt: skip
def test_what_could_be_misread_is_refused_with_what_is_accepted(typed):
    with pytest.raises(InvalidRequest) as refused:
        since(typed)
    assert "milliseconds or seconds" in refused.value.message
    assert "ISO 8601" in refused.value.message
    assert refused.value.details["value"] == typed.strip()[:40]


@given(st.text() | st.from_regex(r"[0-9T:+Z. -]{0,30}", fullmatch=True))
def test_any_text_is_a_moment_of_this_calendar_or_a_refusal(typed):
    try:
        second = since(typed)
    except InvalidRequest:
        return
    assert 0 <= second < 300_000_000_000


@given(st.datetimes(datetime(2002, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_moment_means_the_same_in_each_spelling(meant):
    exact = meant.replace(microsecond=meant.microsecond // 1000 * 1000)
    second = since(exact.isoformat())
    milliseconds = int(exact.timestamp()) * 1000 + exact.microsecond // 1000
    assert since(str(milliseconds)) == second
    assert second - 1 < exact.timestamp() <= second


@pytest.mark.parametrize(("typed", "meant"), [("asc", "asc"), ("DESC", "desc")])
def test_a_choice_is_one_of_those_there_are(typed, meant):
    assert choice({"order": [typed]}, "order", ("asc", "desc"), default="asc") == meant


@pytest.mark.parametrize("typed", [*HOSTILE, "ascending", "desc;"])
def test_another_choice_is_refused(typed):
    with pytest.raises(InvalidRequest, match="asc or desc"):
        choice({"order": [typed]}, "order", ("asc", "desc"), default="asc")


@pytest.mark.parametrize(("typed", "meant"), [("true", True), ("1", True), ("No", False)])
def test_yes_and_no_have_their_words(typed, meant):
    assert yes_or_no({"closed_only": [typed]}, "closed_only") is meant


@pytest.mark.parametrize("typed", [*HOSTILE, "maybe", "2"])
def test_neither_yes_nor_no_is_refused(typed):
    with pytest.raises(InvalidRequest, match="true or false"):
        yes_or_no({"closed_only": [typed]}, "closed_only")
