"""CoinCap 3: an aggregator that spells every number as text, and wants a key."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from providers import exchange_rates, listings
from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, NotOffered, ProviderError, RateLimited
from providers.parse import from_milliseconds, known, read_json
from providers.parts import by_id, path_of, quotes_of, symbols_of
from providers.types import HistoryPoint, Instrument, Listed, Quote, Rate

SOURCE = "coincap"
NAMES = {
    "price": "priceUsd",
    "change_24h": "changePercent24Hr",
    "volume_24h": "volumeUsd24Hr",
    "market_cap": "marketCapUsd",
    "rank": "rank",
}
MOST_ROWS = 2000
# The longest span, in days, that each interval reaches back.
INTERVALS = ((1, "m5"), (30, "h1"), (365, "h12"))


class CoinCap:
    # https://pro.coincap.io/api-docs
    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        symbols = symbols_of(instruments, SOURCE)
        rows, stamp = _data(tap, "/v3/assets", {"ids": ",".join(sorted(symbols))})
        found = by_id(rows, symbols)
        return quotes_of(found, symbols, NAMES, lambda _: from_milliseconds(stamp), source=SOURCE)

    # https://pro.coincap.io/api-docs
    def listing(self, count: int, tap: Tap) -> list[Listed]:
        rows, stamp = _data(tap, "/v3/assets", {"limit": str(min(count, MOST_ROWS))})
        at = from_milliseconds(stamp)
        return listings.listed_of(rows, NAMES, lambda _: at, source=SOURCE)[:count]

    # https://pro.coincap.io/api-docs
    def rates(self, tap: Tap) -> list[Rate]:
        rows, stamp = _data(tap, "/v3/rates")
        return exchange_rates.in_dollars(rows, from_milliseconds(stamp), source=SOURCE)

    # https://pro.coincap.io/api-docs
    def history(self, instrument: Instrument, days: int, tap: Tap) -> list[HistoryPoint]:
        place = f"/v3/assets/{path_of(instrument, SOURCE)}/history"
        end = tap.now()
        rows, _ = _data(
            tap,
            place,
            {
                "interval": next((name for most, name in INTERVALS if days <= most), "d1"),
                "start": str(int((end - timedelta(days=days)).timestamp() * 1000)),
                "end": str(int(end.timestamp() * 1000)),
            },
        )
        points = {point.at: point for row in rows if (point := _point(row)) is not None}
        return [points[at] for at in sorted(points)]


def _data(
    tap: Tap, path: str, params: Mapping[str, str] | None = None
) -> tuple[list[Any], object]:
    headers = {"Authorization": f"Bearer {tap.key}"}
    body = read_json(tap.get(path, params, headers).text)
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, list):
        raise refusal(body)
    return data, body.get("timestamp")


def _point(row: Any) -> HistoryPoint | None:
    if not isinstance(row, dict) or "priceUsd" not in row:
        raise BadPayload("a point of the history has no priceUsd")
    price = known(row, "priceUsd")
    if price is None:
        return None
    return HistoryPoint(
        at=from_milliseconds(row.get("time")),
        price=price,
        market_cap=None,
        volume_24h=None,
        source=SOURCE,
    )


def refusal(body: Any) -> ProviderError:
    """Name the error that came instead of a list; the version that ended put it into the data."""
    data = body.get("data") if isinstance(body, dict) else None
    said = data.get("message") if isinstance(data, dict) else None
    said = said or (body.get("error") or body.get("message") if isinstance(body, dict) else None)
    text = str(said)[:200] if said else "answered without a list"
    lower = text.lower()
    if "not found" in lower:
        return NotOffered(text)
    if "limit" in lower or "credits" in lower:
        return RateLimited(text)
    if "key" in lower or "unauthorized" in lower:
        return Blocked(text)
    return BadPayload(text)
