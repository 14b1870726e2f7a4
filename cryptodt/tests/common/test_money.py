"""A number keeps every digit through Python, JSON and the column of the real engine."""

import json
from decimal import Decimal, localcontext

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cryptodt.api.renderers import ExactJSONRenderer
from cryptodt.common.money import MOST_DIGITS, decimals, exact, percent_apart, spell, times
from market.models import Asset, PricePoint

HARD = [
    "0", "-0", "0.00", "-0.000", "0E+3", "1E+3", "1E-12", "64000.50", "123456789.123456789012",
    "100", "0.1", "-12.340", "9" * 60, "0." + "0" * 58 + "1", "1E-59", "1E+59", "-1E-59",
    "1." + "23456789" * 7 + "123",
]  # fmt: skip
numbers = st.decimals(allow_nan=False, allow_infinity=False).filter(
    lambda one: abs(one.adjusted()) < MOST_DIGITS and len(one.as_tuple().digits) <= MOST_DIGITS
)


def through_json(number):
    rendered = ExactJSONRenderer().render({"price": number})
    return json.loads(rendered, parse_float=Decimal, parse_int=Decimal)["price"]


@given(numbers)
@example(Decimal("1E-59"))
@example(Decimal("-0.000"))
@example(Decimal("9" * 60))
def test_a_number_survives_its_spelling(number):
    spelled = spell(number)
    assert exact(spelled) == number
    assert spell(Decimal(spelled)) == spelled


@given(numbers)
@example(Decimal("-0"))
@example(Decimal("-0.000"))
@example(Decimal("-0E+3"))
def test_a_spelling_is_plain_digits(number):
    spelled = spell(number)
    assert "E" not in spelled
    assert not spelled.startswith(("-0 ", "."))
    assert spelled != "-0"
    if "." in spelled:
        assert not spelled.endswith(("0", "."))
    assert spelled.lstrip("-").startswith("0") == (abs(number) < 1)


@given(numbers)
def test_equal_numbers_have_one_spelling(number):
    with localcontext(prec=200):
        padded = number.quantize(Decimal(1).scaleb(min(number.as_tuple().exponent, 0) - 3))
    assert spell(padded) == spell(number)


@given(numbers)
def test_a_number_survives_json(number):
    assert through_json(number) == number


@pytest.mark.parametrize("written", HARD)
def test_a_hard_number_survives_json_with_the_digits_of_its_spelling(written):
    number = exact(written)
    assert through_json(number) == number
    rendered = ExactJSONRenderer().render({"price": number})
    assert rendered == b'{"price":' + spell(number).encode() + b"}"


@pytest.fixture
def column(db):
    """Write a number into a real column, and read it back."""
    asset = Asset.objects.create(symbol="BTC", name="Bitcoin")

    def there_and_back(number):
        PricePoint.objects.all().delete()
        PricePoint.objects.create(asset=asset, at=0, observed_ms=0, price=number)
        return PricePoint.objects.get().price

    return there_and_back


@pytest.mark.parametrize("written", HARD)
def test_a_hard_number_survives_the_database(column, written):
    number = Decimal(written)
    found = column(number)
    assert isinstance(found, Decimal)
    assert found == number
    assert spell(found) == spell(number)


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers)
def test_any_number_survives_the_database(column, number):
    assert spell(column(number)) == spell(number)


def test_a_price_is_found_by_any_spelling_of_it(column):
    column(Decimal("64000.50"))
    assert PricePoint.objects.filter(price=Decimal("64000.5000")).exists()
    assert PricePoint.objects.filter(price="64000.5").exists()


def test_the_column_is_not_a_float(column):
    kind = PricePoint._meta.get_field("price").db_type(connection)
    assert kind == ("numeric" if connection.vendor == "postgresql" else "text")


@pytest.mark.parametrize("number", [1.5, True, b"1", [1], float("nan")])
def test_what_is_no_exact_number_is_refused(number):
    with pytest.raises(ValueError, match="not an exact number"):
        exact(number)


@pytest.mark.parametrize(
    "written",
    ["nan", "sNaN", "Infinity", "-inf", "1_000", "one", "1,5", "0x10", "1E+60", "1E-60", "1E999999",
     "9" * 61, "1" * 10_000, "١٢", "1e", "--1", "\x00"],
)  # fmt: skip
def test_what_is_no_usable_number_is_refused(written):
    with pytest.raises(ValueError, match="not a"):
        exact(written)


@pytest.mark.parametrize("number", [Decimal("nan"), Decimal("1." + "1" * 60), 10**60, 10**200])
def test_numbers_of_python_are_held_to_the_same_limits(number):
    with pytest.raises(ValueError):  # noqa: PT011
        exact(number)


@given(st.text() | st.binary() | st.floats() | st.integers() | st.none())
def test_anything_is_a_number_nothing_or_a_value_error(value):
    try:
        number = exact(value)
    except ValueError:
        return
    assert number is None or number.is_finite()


def test_missing_is_not_zero():
    assert exact(None) is None
    assert exact("") is None
    assert exact("0") == 0


def test_a_product_is_rounded_to_the_places_asked_for_and_no_earlier():
    long = Decimal("12345678901234567890.123456789012345678901234567")
    assert spell(times(long, Decimal(3), places=18)) == "37037036703703703670.370370367037037037"
    assert spell(times(long, Decimal(1), places=27)) == spell(long)
    assert str(times(Decimal(2), Decimal(3), places=2)) == "6.00"


def test_a_distance_is_in_percent_of_the_second():
    assert percent_apart(Decimal(110), Decimal(100)) == 10
    assert percent_apart(Decimal(100), Decimal(200)) == 50


def test_digits_behind_the_point_are_counted_as_written():
    assert [decimals(Decimal(one)) for one in ("1.50", "100", "1E+3", "1E-12")] == [2, 0, 0, 12]
