"""What must hold of figures, however bent the answers were that they were read from."""

from decimal import Decimal

from providers.parse import EARLIEST, LATEST
from providers.tests.adapters.bent import numbers_in


def check_numbers(values, told):
    """Hold numbers against all that stands in the answers: exact, finite, nothing invented."""
    stands = numbers_in(told)
    for value in values:
        assert value is None or (isinstance(value, Decimal) and value.is_finite())
        assert value is None or value in stands


def check_figures(figures, told):
    assert figures.figures
    assert EARLIEST <= figures.observed_at <= LATEST
    assert all(value >= 0 for value in figures.figures.values())
    check_numbers(figures.figures.values(), told)
