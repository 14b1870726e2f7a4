"""Payloads bent in every way that Hypothesis can think of, and what a quote must still be."""

import copy
import json
import re
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

from hypothesis import strategies as st

from providers.parse import EARLIEST, LATEST

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")

DEEPEST_PLACE = 8

deep: list[Any] = []
for _ in range(150):
    deep = [deep]

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, [], {}, "", " ", "abc", -1, 0, 1, "0", "-5", 1.5, "12,5", "0x10", "1_000",
    "NaN", "Infinity", "-Infinity", float("nan"), float("inf"), float("-inf"), 10**400, "9" * 100,
    "1e999999999", "1e-999999999", 1e300, 5e-324, " 7 ", "é€😀", "１２３", "\ud800", [[1]], [None],
    {"a": None}, {"c": ["1"]}, deep, 1763712345, "1763712345678", "<html>", "x" * 5000,
)  # fmt: skip


def places(tree, path=()):
    """Yield the path of everything inside a decoded payload."""
    pairs: Any = ()
    if isinstance(tree, dict):
        pairs = tree.items()
    elif isinstance(tree, list):
        pairs = enumerate(tree)
    for key, value in pairs:
        yield (*path, key)
        if len(path) < DEEPEST_PLACE:
            yield from places(value, (*path, key))


def _bend(draw, tree):
    paths = list(places(tree))
    if not paths:
        return
    *way, key = draw(st.sampled_from(paths))
    parent = tree
    for step in way:
        parent = parent[step]
    how = draw(st.sampled_from(["drop", "odd", "odd", "quote", "repeat", "turn"]))
    if how == "drop":
        del parent[key]
    elif how == "odd":
        parent[key] = copy.deepcopy(draw(st.sampled_from(ODD_VALUES)))
    elif how == "quote":
        value = parent[key]
        number = isinstance(value, str) and NUMBER.fullmatch(value)
        parent[key] = float(value) if number else str(value)
    elif isinstance(parent, list) and how == "repeat":
        parent.append(copy.deepcopy(parent[key]))
    elif isinstance(parent, list):
        parent.reverse()
    else:
        parent[draw(st.text(max_size=3))] = copy.deepcopy(parent[key])


@st.composite
def bent(draw, text):
    """Return the text of a payload with up to four things wrong with it."""
    tree = json.loads(text)
    for _ in range(draw(st.integers(1, 4))):
        _bend(draw, tree)
    text = json.dumps(tree)
    how = draw(st.sampled_from([*["whole"] * 8, "cut", "more", "mark"]))
    if how == "cut":
        text = text[: draw(st.integers(0, len(text)))]
    elif how == "more":
        text += draw(st.text(max_size=5))
    elif how == "mark":
        text = "\ufeff" + text
    return text


def numbers_in(value):
    """Return every number that literally stands in a part of a payload."""
    return {Decimal(found) for found in NUMBER.findall(json.dumps(value, ensure_ascii=False))}


def to_six_places(number):
    """Return a number as percentages are kept: with no more than six digits behind the point."""
    with localcontext(prec=500):
        if abs(number.adjusted()) > 400 or number.as_tuple().exponent >= -6:
            return number
        return number.quantize(Decimal("0.000001"))


def percentages_in(value):
    return {to_six_places(number) for number in numbers_in(value)}


def check(quotes, symbols, told):
    """Hold quotes against what was told of each asset: nothing invented, nothing half-read."""
    assert len({quote.symbol for quote in quotes}) == len(quotes)
    for quote in quotes:
        assert quote.symbol in symbols
        stands = numbers_in(told(quote.symbol))
        assert isinstance(quote.price, Decimal)
        assert quote.price.is_finite()
        assert quote.price > 0
        assert quote.price in stands
        assert quote.currency in ("USD", "USDT", "USDC")
        assert EARLIEST <= quote.observed_at <= LATEST
        for value in (quote.volume_24h, quote.market_cap):
            assert value is None or (isinstance(value, Decimal) and value in stands)
        percentages = stands | percentages_in(told(quote.symbol))
        for value in (quote.change_1h, quote.change_24h, quote.change_7d):
            assert value is None or (isinstance(value, Decimal) and value in percentages)


def decoded(text):
    """Return a payload as it was sent, or None; every number as its own digits."""
    try:
        return json.loads(text.strip(), parse_float=Spelled, parse_int=Spelled, parse_constant=str)
    except (ValueError, InvalidOperation, RecursionError):
        return None


class Spelled(str):
    """A number as it was written."""
