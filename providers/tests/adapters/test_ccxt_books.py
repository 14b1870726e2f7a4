"""Order books of the default exchanges: best first, never crossed, every digit kept."""

import json
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.exceptions import BadPayload, NotOffered, ProviderError
from providers.exchange_data import level, order_book
from providers.tests.adapters.bent import bent, decoded, numbers_in
from providers.tests.adapters.ccxt_venues import BY_ID, PLACES
from providers.tests.conftest import NOW
from providers.types import Level, OrderBook

STATING = {"okx", "bybit", "kucoin", "gate"}


def ids(place):
    return place.id


def book_of(place, text=None, depth=5):
    upstream = place.upstream(**({} if text is None else {"book": text}))
    return place.adapter().order_book("BTC", place.currency, depth, upstream.tap)


def book(bids, asks):
    return OrderBook(
        symbol="BTC",
        currency="USD",
        bids=tuple(level(row) for row in bids),
        asks=tuple(level(row) for row in asks),
        observed_at=NOW,
        source="x",
    )


@pytest.mark.parametrize("place", PLACES, ids=ids)
def test_a_book_is_exact_and_best_first(place):
    found = book_of(place)
    assert (found.symbol, found.currency, found.source) == ("BTC", place.currency, place.id)
    assert (len(found.bids), len(found.asks)) == (5, 5)
    assert all(before.price > after.price for before, after in pairwise(found.bids))
    assert all(before.price < after.price for before, after in pairwise(found.asks))
    assert found.bids[0].price < found.asks[0].price
    stands = {abs(number) for number in numbers_in(decoded(place.text("book")))}
    assert {one.price for one in (*found.bids, *found.asks)} <= stands
    assert {one.amount for one in (*found.bids, *found.asks)} <= stands
    assert found.observed_at == NOW


@pytest.mark.parametrize("place", PLACES, ids=ids)
def test_eighteen_digits_survive(place):
    best = book_of(place).asks[0]
    digits = f"{str(best.price).partition('.')[0]}.123456789012345678"
    text = place.text("book")
    literal = str(best.price) if str(best.price) in text else str(int(best.price))
    assert str(book_of(place, text.replace(literal, digits)).asks[0].price) == digits


@pytest.mark.parametrize("place", PLACES, ids=ids)
def test_no_more_levels_than_asked_for(place):
    assert len(book_of(place, depth=2).bids) == 2


def test_prices_are_sorted_as_numbers():
    found = order_book(book([("9", "1"), ("10", "1")], [("100", "1"), ("20", "1")]), 5)
    assert found.bids == (Level(Decimal(10), Decimal(1)), Level(Decimal(9), Decimal(1)))
    assert [one.price for one in found.asks] == [20, 100]


@pytest.mark.parametrize("place", [p for p in PLACES if p.id in STATING], ids=ids)
def test_a_book_is_as_old_as_the_venue_says(place):
    text = place.text("book").replace("1763712345678", "1763712305678")
    assert book_of(place, text).observed_at == NOW - timedelta(seconds=40)
    with pytest.raises(BadPayload, match="time"):
        book_of(place, place.text("book").replace("1763712345678", "1763712345"))


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        ([], []),
        ([("10", "1")], [("10", "1")]),
        ([("11", "1")], [("10", "1")]),
        ([("10", "1"), ("10", "2")], [("12", "1")]),
    ],
)
def test_a_book_that_cannot_be_is_a_bad_payload(bids, asks):
    with pytest.raises(BadPayload):
        order_book(book(bids, asks), 5)


@pytest.mark.parametrize("row", [("0", "1"), ("1", "0"), ("-1", "1"), (None, "1"), ("x", "1")])
def test_a_level_that_cannot_be_is_a_bad_payload(row):
    with pytest.raises(BadPayload):
        level(row)


def test_a_text_is_not_taken_for_a_level():
    place = BY_ID["binance"]
    body = json.loads(place.text("book"))
    body["asks"].insert(0, "12,5")
    with pytest.raises(BadPayload):
        book_of(place, json.dumps(body))


def test_one_side_is_a_book_too():
    assert order_book(book([("10", "1")], []), 5).asks == ()


def test_a_pair_that_is_not_traded_is_not_offered():
    place = BY_ID["okx"]
    with pytest.raises(NotOffered, match="does not trade"):
        place.adapter().order_book("NWHR", "USDT", 5, place.upstream().tap)


def test_an_empty_book_is_a_bad_payload():
    place = BY_ID["okx"]
    body = json.loads(place.text("book"))
    body["data"] = []
    with pytest.raises(BadPayload, match="empty"):
        book_of(place, json.dumps(body))


def test_an_amount_with_underscores_is_no_number():
    place = next(one for one in PLACES if one.id == "bitfinex")
    with pytest.raises(BadPayload, match="1_000"):
        book_of(place, '[[10, 1, "1_000"], [11, 1, -2]]')


READY = {place.id: place.adapter() for place in PLACES}


@settings(max_examples=500)
@given(st.data())
def test_a_bent_book_gives_a_true_one_or_a_named_error(data):
    place = data.draw(st.sampled_from(PLACES), label="place")
    text = data.draw(bent(place.text("book")), label="book")
    try:
        tap = place.upstream(book=text).tap
        found = READY[place.id].order_book("BTC", place.currency, 5, tap)
    except ProviderError:
        return
    stands = {abs(number) for number in numbers_in(decoded(text))}
    assert all(one.price in stands and one.amount in stands for one in (*found.bids, *found.asks))
    assert all(one.price > 0 and one.amount > 0 for one in (*found.bids, *found.asks))
    assert all(before.price > after.price for before, after in pairwise(found.bids))
    assert all(before.price < after.price for before, after in pairwise(found.asks))
    assert not found.bids or not found.asks or found.bids[0].price < found.asks[0].price
