"""The consensus of one round: what it believes, what it leaves out, and when it has no price."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from market.consensus import Agreement, Disagreement, Reference, agree, in_dollars
from market.tests.quotes import NOW, SOURCES, quote

LAST = Reference(Decimal(64000), NOW - timedelta(seconds=5))

ages = st.floats(0, 400)
prices = st.decimals("0.00000001", "999999999", places=8)
references = st.none() | st.builds(
    lambda price, age, alone: Reference(price, NOW - timedelta(seconds=age), alone),
    prices,
    st.floats(0, 200_000),
    st.booleans(),
)


@st.composite
def rounds(draw, least=0, around=None):
    """One quote of each of some sources: any price at all, or prices around one."""
    names = draw(st.lists(st.sampled_from(SOURCES), unique=True, min_size=least))
    price = prices if around is None else st.decimals(around * 98 / 100, around * 102 / 100)
    return [quote(name, draw(price), age=draw(ages)) for name in names]


def outcome(*quotes, reference=LAST):
    return agree("BTC", quotes, now=NOW, reference=reference)


def price(*quotes, reference=LAST):
    found = outcome(*quotes, reference=reference)
    return str(found.price) if isinstance(found, Agreement) else None


def reasons(*quotes, reference=LAST):
    found = outcome(*quotes, reference=reference)
    return {one.quote.source: one.reason for one in found.excluded}


def last(price="64000", *, seconds=5.0, below_quorum=False):
    return Reference(Decimal(price), NOW - timedelta(seconds=seconds), below_quorum)


@given(rounds(), references)
def test_a_price_is_always_one_that_somebody_quoted(quotes, reference):
    found = outcome(*quotes, reference=reference)
    if isinstance(found, Agreement):
        assert found.price in {one.price for one in quotes}
        assert found.price in {one.price for one in found.contributors}
        assert found.observed_at <= NOW


@given(rounds(), references)
def test_every_quote_either_agrees_or_is_named_with_a_reason(quotes, reference):
    found = outcome(*quotes, reference=reference)
    used = found.agreeing if isinstance(found, Agreement) else ()
    named = [one.source for one in used] + [one.quote.source for one in found.excluded]
    assert sorted(named) == sorted(one.source for one in quotes)
    assert all(one.reason for one in found.excluded)


@given(rounds() | rounds(around=64000), references | st.just(LAST), st.randoms())
def test_the_order_of_the_quotes_changes_nothing(quotes, reference, random):
    shuffled = list(quotes)
    random.shuffle(shuffled)
    assert outcome(*shuffled, reference=reference) == outcome(*quotes, reference=reference)


@given(
    st.lists(st.decimals("63900", "64100", places=2), min_size=2, max_size=5),
    prices,
    st.floats(0, 30),
)
def test_one_wrong_quote_never_moves_the_price_of_agreeing_sources(agreeing, wrong, age):
    assume(abs(wrong - 64000) > 1000)
    honest = [quote(name, one) for name, one in zip(SOURCES, agreeing, strict=False)]
    found = price(*honest, quote("liar", wrong, age=age))
    assert found is not None
    assert min(agreeing) <= Decimal(found) <= max(agreeing)


@pytest.mark.parametrize("factor", ["10", "0.1", "0.01", "1000", "1E-8", "10000"])
@pytest.mark.parametrize("moved", ["1", "0.7", "1.05"])
def test_when_all_lie_by_a_power_of_ten_there_is_no_price(factor, moved):
    wrong = 64000 * Decimal(factor) * Decimal(moved)
    assert price(*(quote(name, wrong) for name in SOURCES)) is None
    assert set(reasons(*(quote(name, wrong) for name in SOURCES)).values()) == {"unit slip"}


@pytest.mark.parametrize("factor", ["10", "0.01", "1.5", "0.5", "1.08"])
def test_when_two_of_three_lie_the_third_is_believed(factor):
    wrong = 64000 * Decimal(factor)
    quotes = [quote("binance", wrong), quote("coingecko", wrong), quote("kraken", "64010")]
    assert price(*quotes) == "64010"
    assert outcome(*quotes).below_quorum


def test_all_slipped_an_hour_after_the_last_price_is_still_no_price():
    wrong = [quote(name, "700000") for name in SOURCES]
    assert price(*wrong, reference=last(seconds=3600)) is None


def test_after_a_day_the_last_price_holds_nobody_back():
    moved = [quote("binance", "640000"), quote("kraken", "640000")]
    assert price(*moved, reference=last(seconds=86_000)) is None
    assert price(*moved, reference=last(seconds=86_500)) == "640000"


def test_a_cold_start_with_one_source_says_that_it_is_alone():
    found = outcome(quote(), reference=None)
    assert isinstance(found, Agreement)
    assert found.below_quorum


def test_a_cold_start_with_two_that_differ_refuses():
    found = outcome(quote("binance", "64000"), quote("kraken", "66000"), reference=None)
    assert isinstance(found, Disagreement)
    assert found.reason == "the sources disagree"


@pytest.mark.parametrize(("many", "few"), [(2, 1), (3, 2), (4, 2), (1, 1)])
@pytest.mark.parametrize("factor", ["10", "0.01"])
def test_a_cold_start_with_dissent_by_a_power_of_ten_refuses(many, few, factor):
    wrong = 64000 * Decimal(factor)
    majority = [quote(name, wrong) for name in SOURCES[:many]]
    dissent = [quote(name) for name in SOURCES[many : many + few]]
    assert price(*majority, *dissent, reference=None) is None


@pytest.mark.parametrize("many", [3, 4, 5])
def test_one_slip_among_many_does_not_stop_a_cold_start(many):
    honest = [quote(name) for name in SOURCES[:many]]
    assert price(*honest, quote(SOURCES[many], "640000"), reference=None) == "64000"


def test_a_wrong_first_price_gives_way_as_soon_as_two_agree_on_another():
    alone = last("640000", below_quorum=True)
    assert price(quote("binance"), reference=alone) is None
    assert price(quote("binance"), quote("kraken"), reference=alone) == "64000"


def test_an_old_quote_is_named_as_stale():
    assert reasons(quote(), quote("binance", age=301)) == {"binance": "stale"}
    assert reasons(quote(), quote("binance", age=299)) == {}


def test_a_quote_from_the_future_is_named():
    assert reasons(quote(), quote("binance", age=-31)) == {"binance": "from the future"}


def test_a_clock_that_is_a_little_ahead_gives_no_price_from_the_future():
    found = outcome(quote("binance", age=-29), quote())
    assert isinstance(found, Agreement)
    assert found.observed_at == NOW


def test_only_stale_quotes_are_no_price():
    found = outcome(quote(age=301), quote("binance", age=400))
    assert isinstance(found, Disagreement)
    assert found.reason == "no fresh quote"


@pytest.mark.parametrize("nothing", ["0", "-64000"])
def test_zero_and_less_are_no_prices(nothing):
    assert price(quote("binance", nothing)) is None
    assert price(quote("binance", nothing), reference=None) is None
    assert reasons(quote("binance", nothing), quote()) == {"binance": "not a price"}


def test_one_source_is_never_two_witnesses():
    assert price(quote(price="90000"), quote(price="90001", age=1)) is None
    assert outcome(quote(), quote(age=1)).below_quorum
    twice = [quote(price="64100", age=3), quote(price="64000")]
    assert price(*twice) == "64000"
    assert reasons(*twice) == {"kraken": "said twice"}


def test_a_jump_that_nobody_confirms_is_no_price():
    found = outcome(quote(price="68000"))
    assert isinstance(found, Disagreement)
    assert found.reason == "a jump that nobody confirms"


def test_a_jump_that_two_confirm_and_nobody_denies_is_a_price():
    assert price(quote("binance", "44800"), quote("kraken", "44810")) == "44800"


def test_who_looked_before_a_jump_does_not_deny_it():
    crashed = [quote("binance", "44800"), quote("kraken", "44810")]
    assert price(*crashed, quote("coingecko", age=25)) == "44800"
    assert reasons(*crashed, quote("coingecko", age=25)) == {"coingecko": "jump"}
    assert price(*crashed, quote("coingecko", age=2)) == "64000"
    assert price(crashed[0], quote("coingecko", age=25)) == "64000"


def test_the_longer_ago_the_last_price_the_farther_a_lonely_quote_may_be():
    moved = quote(price="76000")
    assert price(moved, reference=last(seconds=60)) is None
    assert price(moved, reference=last(seconds=900)) == "76000"
    assert price(quote(price="128000"), reference=last(seconds=900)) is None


def test_a_tie_goes_to_the_last_price_while_that_is_recent():
    torn = [quote("binance", "65500"), quote("kraken", "64010")]
    assert price(*torn) == "64010"
    assert reasons(*torn) == {"binance": "outlier"}
    assert price(*torn, reference=last(seconds=900)) is None


def test_an_older_quote_confirms_but_is_not_shown():
    found = outcome(quote("coingecko", "63900", age=40), quote("kraken", "64020"))
    assert isinstance(found, Agreement)
    assert str(found.price) == "64020"
    assert not found.below_quorum


@given(prices, st.decimals("0.5", "2", places=6))
def test_a_converted_price_is_the_product_and_says_dollars(amount, rate):
    (converted,) = in_dollars([quote(price=amount, currency="USDT")], {"USDT": rate})
    assert converted.currency == "USD"
    assert abs(converted.price - amount * rate) <= amount * rate / 10**6


def test_a_stable_coin_is_never_taken_for_a_dollar():
    tether = quote(price="64000", currency="USDT")
    assert in_dollars([tether], {}) == []
    assert in_dollars([tether], {"USDC": Decimal(1)}) == []
    (converted,) = in_dollars([tether], {"USDT": Decimal("0.9985")})
    assert converted == replace(tether, price=Decimal("63904.0000"), currency="USD")


def test_a_currency_without_a_rate_takes_no_part():
    euros = quote("binance", "59000", currency="EUR")
    assert in_dollars([euros, quote()], {"USDT": Decimal(1)}) == [quote()]


def test_who_was_heard_long_ago_agrees_and_does_not_stand_for_the_price():
    found = outcome(quote("kraken", "64000"), quote("coingecko", "64010", age=91))
    assert isinstance(found, Agreement)
    assert [one.source for one in found.contributors] == ["kraken"]
    assert [one.source for one in found.agreeing] == ["kraken", "coingecko"]
    assert found.below_quorum


# -- How far a price can be trusted ------------------------------------------------------


def confidence_of(*quotes, later=0):
    agreed = agree("BTC", quotes, now=NOW)
    assert isinstance(agreed, Agreement)
    return agreed.confidence(NOW + timedelta(seconds=later))


def test_every_witness_halves_the_doubt():
    said = [quote(source, "64000") for source in SOURCES]
    found = [str(confidence_of(*said[:n])) for n in range(1, 5)]
    assert found == ["0.50", "0.75", "0.88", "0.94"]


def test_a_spread_costs_trust():
    close = confidence_of(quote("a", "64000"), quote("b", "64000"))
    apart = confidence_of(quote("a", "64000"), quote("b", "64640"))
    assert (close, apart) == (Decimal("0.75"), Decimal("0.38"))


def test_everyone_who_was_found_wrong_costs_trust_and_who_was_only_late_does_not():
    two = [quote("a", "64000"), quote("b", "64000")]
    assert confidence_of(*two, quote("c", "70000")) == Decimal("0.50")
    assert confidence_of(*two, quote("c", "64000", age=400)) == Decimal("0.75")


def test_a_price_of_a_minute_ago_is_worth_half():
    two = [quote("a", "64000"), quote("b", "64000")]
    assert confidence_of(*two, later=60) == Decimal("0.38")


@given(
    st.lists(
        st.tuples(st.sampled_from(SOURCES), st.integers(1, 10**12), st.integers(-60, 400)),
        min_size=1,
        max_size=8,
    )
)
def test_confidence_is_a_share_whatever_was_said(said):
    quotes = [quote(source, str(price), age=age) for source, price, age in said]
    agreed = agree("BTC", quotes, now=NOW)
    if isinstance(agreed, Agreement):
        assert 0 <= agreed.confidence(NOW) <= 1
