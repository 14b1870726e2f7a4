"""How values are spelled for people: short where they are sums, and exact where they are prices."""

import re

import pytest

from cryptodt import spelling


@pytest.mark.parametrize("exact", ["7", "0.00004178", "999.5", "1000", "1234567.000000001"])
def test_grouping_digits_adds_no_character(exact):
    assert re.sub(r"<[^>]+>", "", spelling.price_digits(exact)) == exact


def test_digits_are_grouped_by_threes():
    groups = re.findall(r'class="digits">(\d+)<', spelling.price_digits("1234567.89"))
    assert groups == ["1", "234", "567"]


@pytest.mark.parametrize(
    ("change", "shown", "way"),
    [
        ("-1.27", "\N{MINUS SIGN}1.27%", "down"),
        ("2.5", "+2.50%", "up"),
        ("0", "0.00%", "flat"),
        ("-0.00254", "0.00%", "flat"),
        (None, "unknown", "unknown"),
    ],
)
def test_a_change_carries_its_sign(change, shown, way):
    assert spelling.percent(change) == shown
    assert spelling.direction(change) == way


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1260000000000", "$1.26T"),
        ("32000000000.5", "$32.00B"),
        ("4500000", "$4.50M"),
        ("999999", "$999,999"),
        (None, "unknown"),
    ],
)
def test_an_amount_is_spelled_short(amount, shown):
    assert spelling.compact(amount) == shown


@pytest.mark.parametrize(
    ("age", "shown"),
    [(0, "now"), (59, "59 s ago"), (61, "1 min ago"), (7200, "2 h ago"), (90000, "1 d ago")],
)
def test_an_age_is_spelled_in_its_largest_unit(age, shown):
    assert spelling.age_text(age, is_old=False) == shown
