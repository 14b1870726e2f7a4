"""CoinGecko: an aggregator that lists assets by its own ids."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers import exchange_rates, listings, parse, parts
from providers.adapter import Tap
from providers.coingecko_data import details_of, refusal, trend
from providers.exceptions import NotOffered
from providers.parts import by_id, part, path_of, quotes_of, symbols_of, updated
from providers.types import (
    AssetDetails,
    GlobalFigures,
    HistoryPoint,
    Instrument,
    Listed,
    Quote,
    Rate,
    Trending,
)

PAGE = 250
CHANGES = "1h,24h,7d"
# Asked for more, the public address answers as it does to a wrong key.
PUBLIC_DAYS = 365
ID = "coingecko"
HEAVY = ("localization", "tickers", "community_data", "developer_data", "sparkline")
NAMES = {
    "price": "current_price",
    "change_1h": "price_change_percentage_1h_in_currency",
    "change_24h": "price_change_percentage_24h",
    "change_7d": "price_change_percentage_7d_in_currency",
    "volume_24h": "total_volume",
    "market_cap": "market_cap",
    "rank": "market_cap_rank",
}


class CoinGecko:
    """One service at two addresses; each refuses the keys of the other."""

    def __init__(self, source: str = ID, header: str = "x-cg-demo-api-key") -> None:
        self.source = source
        self.header = header

    # https://docs.coingecko.com/reference/coins-markets
    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        symbols = symbols_of(instruments, ID)
        params = {
            "vs_currency": "usd",
            # Sorted, and without spaces: an id behind a space is dropped without a word.
            "ids": ",".join(sorted(symbols)),
            "per_page": str(PAGE),
            "price_change_percentage": CHANGES,
        }
        rows = self._read(tap, "coins/markets", params)
        if not isinstance(rows, list):
            raise refusal(rows)
        return quotes_of(by_id(rows, symbols), symbols, NAMES, updated, source=self.source)

    # https://docs.coingecko.com/reference/coins-markets
    def listing(self, count: int, tap: Tap) -> list[Listed]:
        size = min(count, PAGE)

        def page(place: int) -> list[Any]:
            params = {
                "vs_currency": "usd",
                "order": "market_cap_desc",
                "per_page": str(size),
                "page": str(place + 1),
                "price_change_percentage": CHANGES,
            }
            rows = self._read(tap, "coins/markets", params)
            if not isinstance(rows, list):
                raise refusal(rows)
            return rows

        rows = listings.paged(page, count, size)
        return listings.listed_of(rows, NAMES, updated, source=self.source)[:count]

    # https://docs.coingecko.com/reference/exchange-rates
    def rates(self, tap: Tap) -> list[Rate]:
        body = part(self._read(tap, "exchange_rates"))
        if not part(body, "rates"):
            raise refusal(body)
        # It states no time.
        return exchange_rates.per_bitcoin(part(body, "rates"), tap.now(), source=self.source)

    # https://docs.coingecko.com/reference/crypto-global
    def global_figures(self, tap: Tap) -> GlobalFigures:
        body = self._read(tap, "global")
        data, shares = part(body, "data"), part(body, "data", "market_cap_percentage")
        if "total_market_cap" not in data:
            raise refusal(body)
        return GlobalFigures(
            total_market_cap=parts.total_of(part(data, "total_market_cap"), "usd"),
            total_volume_24h=parse.known(part(data, "total_volume"), "usd"),
            btc_dominance=parse.share(shares, "btc"),
            eth_dominance=parse.share(shares, "eth"),
            market_cap_change_24h=parse.percentage(data, "market_cap_change_percentage_24h_usd"),
            active_assets=parse.rank(data, "active_cryptocurrencies"),
            observed_at=parse.from_seconds(data.get("updated_at")),
            source=self.source,
        )

    # https://docs.coingecko.com/reference/trending-search
    def trending(self, tap: Tap) -> list[Trending]:
        body = self._read(tap, "search/trending")
        rows = part(body).get("coins")
        if not isinstance(rows, list):
            raise refusal(body)
        return [trend(part(row, "item"), place, self.source) for place, row in enumerate(rows, 1)]

    # https://docs.coingecko.com/reference/coins-id
    def details(self, instrument: Instrument, tap: Tap) -> AssetDetails:
        place = f"coins/{path_of(instrument, ID)}"
        body = part(self._read(tap, place, dict.fromkeys(HEAVY, "false")))
        if body.get("id") != instrument.ids[ID]:
            raise refusal(body)
        return details_of(body, instrument.symbol, source=self.source)

    # https://docs.coingecko.com/reference/coins-id-market-chart
    def history(self, instrument: Instrument, days: int, tap: Tap) -> list[HistoryPoint]:
        if days > PUBLIC_DAYS and self.source == ID:
            raise NotOffered(f"tells of {PUBLIC_DAYS} days only")
        place = f"coins/{path_of(instrument, ID)}/market_chart"
        body = self._read(tap, place, {"vs_currency": "usd", "days": str(days)})
        if "prices" not in part(body):
            raise refusal(body)
        return parts.chart(part(body), source=self.source)

    def _read(self, tap: Tap, place: str, params: Mapping[str, str] | None = None) -> Any:
        headers = {self.header: tap.key} if tap.key else None
        return parse.read_json(tap.get(f"/api/v3/{place}", params, headers).text)
