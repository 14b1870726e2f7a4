"""Complete candles of a longer interval, and those that they should be made of."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from market.intervals import INTERVALS
from market.models import Candle, Series
from market.rollup import PARTS, Whole
from market.selectors.series import CURRENCY


@dataclass(frozen=True, slots=True)
class Pair:
    """A series, and the one of the next shorter interval."""

    whole: Series
    parts: Series


def pairs() -> list[Pair]:
    """Return the series that can be checked: both intervals are collected."""
    rows = Series.objects.filter(currency=CURRENCY, collected_at__isnull=False)
    by_key = {(row.asset_id, row.interval): row for row in rows.select_related("asset")}
    return [
        Pair(row, by_key[asset, PARTS[interval]])
        for (asset, interval), row in by_key.items()
        if (asset, PARTS.get(interval)) in by_key
    ]


def closed_since(series: Series, since: int, most: int) -> list[Whole]:
    """Return the newest complete candles that opened from a time on."""
    rows = Candle.objects.filter(series=series, opened_at__gte=since, state__gt=Candle.State.OPEN)
    return _wholes(rows.order_by("-opened_at").values_list(*_COLUMNS)[:most])


def parts_of(pair: Pair, opened_at: int) -> list[Whole]:
    end = opened_at + INTERVALS[pair.whole.interval]
    rows = Candle.objects.filter(
        series=pair.parts, opened_at__gte=opened_at, opened_at__lt=end, state__gt=Candle.State.OPEN
    )
    return _wholes(rows.values_list(*_COLUMNS))


_COLUMNS = ("opened_at", "open", "high", "low", "close", "volume", "source__slug")


def _wholes(rows: Iterable[Any]) -> list[Whole]:
    return [Whole(*row) for row in rows]
