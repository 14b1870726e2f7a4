"""What the dashboard shows of the whole market: the strip of totals, and four short lists."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from cryptodt.common.errors import NoData
from cryptodt.spelling import age_text, compact, direction, percent
from market.selectors import figures, overview
from market.selectors.figures import Answer

LINES = 5


@dataclass(frozen=True)
class Standing:
    """Whose word it is, and how long ago it was given; empty before there is one."""

    source: str = ""
    name: str = ""
    age: str = ""
    is_stale: bool = False


@dataclass(frozen=True)
class Line:
    """A line of one of the lists: what it is, and how it stands."""

    head: str
    note: str
    value: str
    change: str = ""
    direction: str = ""


@dataclass(frozen=True)
class Card:
    """A short list with its title, and what it says when there is nothing to list."""

    key: str
    title: str
    empty: str
    lines: Sequence[Line]
    # Movers have prices of many sources and ages; all of them are fresh.
    standing: Standing | None = None


@dataclass(frozen=True)
class Totals:
    """The totals of the market, spelled for people, with the shares as widths of a bar."""

    cap: str
    change: str
    direction: str
    volume: str
    btc: str
    eth: str
    btc_width: str
    eth_width: str
    active: str
    standing: Standing


@dataclass(frozen=True)
class GlobalMarket:
    totals: Totals | None
    cards: Sequence[Card]

    @classmethod
    def now(cls, names: Mapping[str, str]) -> "GlobalMarket":
        whole = _told(overview.overview_answer)
        moved = overview.movers(LINES)
        trends = _told(lambda: figures.trending_answer(LINES))
        locked = _told(lambda: figures.defi_answer(LINES))
        empty = "No tracked asset {}." if moved.considered else "No fresh price to compare."
        return cls(
            None if whole is None else totals(whole, names),
            (
                Card("gainers", "Gainers, 24 h", empty.format("rose"), movers(moved.up)),
                Card("losers", "Losers, 24 h", empty.format("fell"), movers(moved.down)),
                card("trending", "Trending", trends, names, trend),
                card("defi", "Locked in DeFi", locked, names, protocol),
            ),
        )


def totals(told: Mapping[str, Any], names: Mapping[str, str]) -> Totals:
    found = told["data"]
    return Totals(
        cap=compact(_text(found["totalMarketCap"])),
        change=percent(_text(found["marketCapChange24h"])),
        direction=direction(_text(found["marketCapChange24h"])),
        volume=compact(_text(found["totalVolume24h"])),
        btc=share(found["btcDominance"]),
        eth=share(found["ethDominance"]),
        btc_width=_text(found["btcDominance"]) or "0",
        eth_width=_text(found["ethDominance"]) or "0",
        active="unknown" if found["activeCoins"] is None else f"{found['activeCoins']:,}",
        standing=standing(told, names),
    )


def standing(told: Mapping[str, Any], names: Mapping[str, str]) -> Standing:
    source, is_stale = told["source"], told["stale"]
    return Standing(
        source, names.get(source, source), age_text(told["age"], is_old=is_stale), is_stale
    )


def share(percentage: Decimal | None) -> str:
    return "unknown" if percentage is None else f"{percentage:.1f}%"


def card(
    key: str,
    title: str,
    told: Mapping[str, Any] | None,
    names: Mapping[str, str],
    line: Callable[[Mapping[str, Any]], Line],
) -> Card:
    empty = "No provider has answered yet."
    if told is None:
        return Card(key, title, empty, (), Standing())
    lines = [line(one) for one in told["data"]]
    return Card(key, title, empty, lines, standing(told, names))


def movers(found: Sequence[overview.Mover]) -> list[Line]:
    return [mover(_exact(one.item)) for one in found]


def mover(one: Mapping[str, Any]) -> Line:
    change = _text(one["changePercent24h"])
    price = f"${one['priceExact']}"
    return Line(one["symbol"], one["name"], price, percent(change), direction(change))


def trend(one: Mapping[str, Any]) -> Line:
    rank = "" if one["rank"] is None else f"rank {one['rank']}"
    return Line(one["symbol"], one["name"], rank)


def protocol(one: Mapping[str, Any]) -> Line:
    change = _text(one["change1d"])
    held = compact(_text(one["tvl"]))
    return Line(one["name"], one["category"], held, percent(change), direction(change))


def _told(ask: Callable[[], Answer]) -> Mapping[str, Any] | None:
    try:
        told: Mapping[str, Any] = _exact(orjson.dumps(ask().body))
    except NoData:
        return None
    return told


def _exact(text: bytes) -> Any:
    return json.loads(text, parse_float=Decimal)


def _text(number: Decimal | int | None) -> str | None:
    return None if number is None else format(Decimal(number), "f")
