"""Other money: every currency by its own price, and sources that are at odds make no rate."""

from datetime import timedelta
from decimal import Decimal

import pytest

from market.conversion import DOLLARS, Conversion, agreed_rate
from market.tests.quotes import NOW
from providers.types import Rate

NOW_MS = int(NOW.timestamp() * 1000)


def rate(usd, source="coingecko", currency="EUR", kind="fiat", *, age=0):
    return Rate(
        currency=currency,
        name=currency.title(),
        kind=kind,
        usd=Decimal(usd),
        observed_at=NOW - timedelta(seconds=age),
        source=source,
    )


def test_a_converted_price_has_twelve_significant_digits():
    euros = Conversion("EUR", Decimal("1.07"))
    assert euros.into(Decimal("64000.50")) == Decimal("59813.5514019")
    assert euros.into(Decimal("1E-12")) == Decimal("9.34579439252E-13")
    assert euros.into(Decimal("123456789.123456789012")) == Decimal("115380176.751")


def test_dollars_are_not_converted():
    assert DOLLARS.into(Decimal("123456789.123456789012")) == Decimal("123456789.123456789012")
    assert not DOLLARS.is_stale(NOW_MS)


def test_a_stable_coin_is_no_dollar():
    tether = Conversion("USDT", Decimal("0.9"))
    assert tether.into(Decimal(9)) == 10


@pytest.mark.parametrize(("age", "is_stale"), [(0, False), (86400, False), (86401, True)])
def test_a_rate_grows_old(age, is_stale):
    euros = Conversion("EUR", Decimal("1.07"), ("a",), NOW_MS - age * 1000, 86400)
    assert euros.is_stale(NOW_MS) is is_stale


@pytest.mark.parametrize(
    ("said", "last", "usd", "sources"),
    [
        (["1.07"], None, "1.07", ["s0"]),
        (["1.07", "1.071"], None, "1.07", ["s0", "s1"]),
        (["1.07", "1.071", "1.072"], None, "1.071", ["s0", "s1", "s2"]),
        (["1.07", "107", "1.071"], None, "1.07", ["s0", "s2"]),
        (["1.07", "2"], "1.08", "1.07", ["s0"]),
    ],
)
def test_the_middle_of_those_that_agree_is_the_rate(said, last, usd, sources):
    rates = [rate(one, f"s{n}") for n, one in enumerate(said)]
    found = agreed_rate(rates, None if last is None else Decimal(last))
    assert found is not None
    assert (found[0].usd, found[1]) == (Decimal(usd), sources)


@pytest.mark.parametrize(
    ("said", "last"),
    [
        ([], None),
        (["1.07", "2"], None),
        (["1.5"], "1.07"),
        (["1.07", "1.09"], "1.08"),
        (["0"], None),
        (["1", "1", "2", "2"], "1"),
    ],
)
def test_sources_at_odds_make_no_rate(said, last):
    rates = [rate(one, f"s{n}") for n, one in enumerate(said)]
    assert agreed_rate(rates, None if last is None else Decimal(last)) is None


def test_two_witnesses_may_say_that_everything_changed():
    found = agreed_rate([rate("1.5", "a"), rate("1.501", "b")], Decimal("1.07"))
    assert found is not None
    assert found[0].usd == Decimal("1.5")
