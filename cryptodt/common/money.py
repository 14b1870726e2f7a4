"""Exact numbers: Decimal in, one spelling out, and a column that keeps every digit."""

from decimal import Decimal, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

# Longer than any real price; what is longer is an attack or a parser's mistake.
MOST_DIGITS = 60
# The smallest number with the most digits, spelled out with its sign, zero and point.
LONGEST = 2 * MOST_DIGITS + 3
# Room for products and quotients of exact prices; results are rounded on purpose, never by it.
PRECISION = 80


def exact(value: object) -> Decimal | None:
    """Return a finite Decimal for an upstream's number, or None for a missing one.

    Floats are refused: whoever holds one has lost digits already.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError(f"not an exact number: {value!r}")
    if isinstance(value, str) and (len(value) > LONGEST or "_" in value or not value.isascii()):
        raise ValueError(f"not a number: {value[:80]!r}")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValueError(f"not a number: {value!r}") from None
    if (
        not number.is_finite()
        or abs(number.adjusted()) >= MOST_DIGITS
        or len(number.as_tuple().digits) > MOST_DIGITS
    ):
        raise ValueError(f"not a usable number: {str(value)[:80]!r}")
    return number


def spell(number: Decimal) -> str:
    """Return the one spelling of a number: no exponent, no trailing zeros, no minus zero."""
    spelled = str(number)
    if "E" in spelled:
        # Only then: it takes thrice as long.
        spelled = format(number, "f")
    # On the string: normalize() would round to the context's 28 digits.
    if "." in spelled:
        spelled = spelled.rstrip("0").rstrip(".")
    return "0" if spelled in ("-0", "") else spelled


def decimals(number: Decimal) -> int:
    """Return how many digits stand behind the point as the number was written."""
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def times(left: Decimal, right: Decimal, *, places: int) -> Decimal:
    """Return the product, rounded to `places` digits behind the point."""
    with localcontext() as context:
        context.prec = PRECISION
        return (left * right).quantize(Decimal(1).scaleb(-places))


def percent_apart(one: Decimal, other: Decimal) -> Decimal:
    """Return how far `one` lies from `other`, in percent of `other`."""
    with localcontext() as context:
        context.prec = PRECISION
        return abs(one - other) * 100 / other


if TYPE_CHECKING:
    # Any for what is read: whether null is allowed is the column's to say.
    _Field = models.Field[Decimal | str | int | None, Any]
else:
    # Django's field takes type parameters in its stubs only.
    _Field = models.Field


class ExactDecimalField(_Field):
    """A number that comes back digit for digit from every engine.

    Django's DecimalField needs a fixed scale, and on SQLite it passes through a float.
    """

    description = "An exact decimal number"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "numeric" if connection.vendor == "postgresql" else "text"

    def from_db_value(self, value: Any, *_: object) -> Decimal | None:
        return None if value is None else Decimal(value)

    def to_python(self, value: Any) -> Decimal | None:
        return exact(value)

    def get_prep_value(self, value: Any) -> str | None:
        number = exact(super().get_prep_value(value))
        return None if number is None else spell(number)
