"""What exchanges say of a pair, checked: candles in their order, books that do not cross."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from providers.exceptions import BadPayload
from providers.parse import amount, from_milliseconds
from providers.types import Candle, CandleAsk, Level, OrderBook

COLUMNS = ("open", "high", "low", "close", "volume")


def candles(rows: Iterable[Sequence[Any]], ask: CandleAsk, source: str) -> list[Candle]:
    """Return the candles oldest first.

    A row is a time in milliseconds, open, high, low, close and volume, and whether the venue says
    that it is complete; where that is None, only a later row proves it.
    """
    found: dict[datetime, tuple[Any, ...]] = {}
    for row in rows:
        opened_at, *values = row
        bar = (*_numbers(values), values[len(COLUMNS)])
        if found.setdefault(from_milliseconds(opened_at), bar) != bar:
            raise BadPayload(f"answered with two candles of one time: {opened_at}")
    newest = max(found, default=None)
    return [
        _candle(opened_at, found[opened_at], ask, source, is_newest=opened_at == newest)
        for opened_at in sorted(found)
        # Nothing was ever traded there: a price of zero is how some venues say so.
        if any(found[opened_at][: len(COLUMNS)])
    ]


def _numbers(values: Sequence[Any]) -> list[Decimal]:
    named = dict(zip(COLUMNS, values, strict=False))
    return [_told(named, name) for name in COLUMNS]


def _told(named: dict[str, Any], name: str) -> Decimal:
    value = amount(named, name)
    if value is None:
        raise BadPayload(f"a candle has no {name}")
    return value


def _candle(
    opened_at: datetime, bar: tuple[Any, ...], ask: CandleAsk, source: str, *, is_newest: bool
) -> Candle:
    first, high, low, last, volume, says_closed = bar
    if not 0 < low <= min(first, last) <= max(first, last) <= high:
        raise BadPayload(
            f"a candle of {opened_at.isoformat()} cannot be: {first, high, low, last}"
        )
    return Candle(
        symbol=ask.symbol,
        currency=ask.currency,
        interval=ask.interval,
        opened_at=opened_at,
        open=first,
        high=high,
        low=low,
        close=last,
        volume=volume,
        is_closed=not is_newest if says_closed is None else says_closed,
        source=source,
    )


def chosen(found: Sequence[Candle], ask: CandleAsk) -> list[Candle]:
    """Return what was asked for: the first since a time, or else the latest."""
    if ask.since is None:
        return list(found[-ask.limit :])
    return [candle for candle in found if candle.opened_at >= ask.since][: ask.limit]


def order_book(book: OrderBook, depth: int) -> OrderBook:
    """Return the book with its best levels first, or raise what is wrong with it."""
    bids = _side("bid", book.bids, is_descending=True)
    asks = _side("ask", book.asks, is_descending=False)
    if not bids and not asks:
        raise BadPayload("answered with an empty book")
    if bids and asks and bids[0].price >= asks[0].price:
        raise BadPayload(f"a book with bids at {bids[0].price} and asks at {asks[0].price}")
    return OrderBook(
        symbol=book.symbol,
        currency=book.currency,
        bids=bids[:depth],
        asks=asks[:depth],
        observed_at=book.observed_at,
        source=book.source,
    )


def level(row: Sequence[Any]) -> Level:
    price = amount({"price": row[0]}, "price")
    size = amount({"amount": row[1]}, "amount")
    if not price or not size:
        raise BadPayload("a level of the book has no price or no amount")
    return Level(price, size)


def _side(name: str, levels: Sequence[Level], *, is_descending: bool) -> tuple[Level, ...]:
    if len({level.price for level in levels}) < len(levels):
        raise BadPayload(f"a book with two levels at one {name}")
    return tuple(sorted(levels, key=lambda level: level.price, reverse=is_descending))
