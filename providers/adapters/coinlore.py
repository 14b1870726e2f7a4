"""CoinLore: an aggregator without keys that knows assets by number."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from providers import listings
from providers.adapter import Tap
from providers.exceptions import BadPayload
from providers.parse import from_seconds, known, percentage, rank, read_json, share
from providers.parts import Fields, by_id, part, quotes_of, symbols_of, total_of
from providers.types import GlobalFigures, Instrument, Listed, Quote

SOURCE = "coinlore"
PAGE = 100
NAMES = {
    "price": "price_usd",
    "change_1h": "percent_change_1h",
    "change_24h": "percent_change_24h",
    "change_7d": "percent_change_7d",
    "volume_24h": "volume24",
    "market_cap": "market_cap_usd",
    "rank": "rank",
}


class CoinLore:
    # https://www.coinlore.com/cryptocurrency-data-api#1
    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        symbols = symbols_of(instruments, SOURCE)
        rows, at = _tickers(tap, 0)
        largest = by_id(rows, symbols)
        quotes = self._quotes(largest, symbols, at)
        if rest := sorted(symbols.keys() - largest.keys()):
            rows = read_json(tap.get("/api/ticker/", {"id": ",".join(rest)}).text)
            # Beside the largest hundred it states no time.
            quotes += self._quotes(by_id(rows, rest), symbols, tap.now())
        return quotes

    def _quotes(
        self, rows: Mapping[str, Fields], symbols: Mapping[str, str], at: datetime
    ) -> list[Quote]:
        return quotes_of(rows, symbols, NAMES, lambda _: at, source=SOURCE)

    # https://www.coinlore.com/cryptocurrency-data-api#1
    def listing(self, count: int, tap: Tap) -> list[Listed]:
        def page(place: int) -> list[Any]:
            rows, at = _tickers(tap, place * PAGE)
            # Each page has its own time, and its rows have none.
            return [{**row, "at": at} if isinstance(row, dict) else row for row in rows]

        rows = listings.paged(page, count, PAGE)
        return listings.listed_of(rows, NAMES, lambda row: row["at"], source=SOURCE)[:count]

    # https://www.coinlore.com/cryptocurrency-data-api#2
    def global_figures(self, tap: Tap) -> GlobalFigures:
        rows = read_json(tap.get("/api/global/").text)
        if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
            raise refusal(rows)
        (row,) = rows
        return GlobalFigures(
            total_market_cap=total_of(row, "total_mcap"),
            total_volume_24h=known(row, "total_volume"),
            btc_dominance=share(row, "btc_d"),
            eth_dominance=share(row, "eth_d"),
            market_cap_change_24h=percentage(row, "mcap_change"),
            active_assets=rank(row, "coins_count"),
            # It states none.
            observed_at=tap.now(),
            source=SOURCE,
        )


def _tickers(tap: Tap, start: int) -> tuple[list[Any], datetime]:
    params = {"start": str(start), "limit": str(PAGE)}
    body = part(read_json(tap.get("/api/tickers/", params).text))
    info = part(body, "info")
    if not isinstance(body.get("data"), list) or not info:
        raise refusal(body)
    return body["data"], from_seconds(info.get("time"))


def refusal(body: Any) -> BadPayload:
    said = body.get("error") or body.get("message") if isinstance(body, dict) else None
    return BadPayload(str(said)[:200] if said else "answered without a list")
