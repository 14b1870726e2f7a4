"""CoinGecko: an aggregator that lists assets by its own ids."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from providers import parse, parts
from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, NotOffered, ProviderError, RateLimited
from providers.parts import by_id, part, path_of, quotes_of, symbols_of, text, texts, updated
from providers.types import AssetDetails, GlobalFigures, HistoryPoint, Instrument, Quote, Trending

# https://docs.coingecko.com/reference/common-errors-rate-limit
TOO_MANY = 429
KEY_PROBLEMS = (1020, 10002, 10005, 10010, 10011)
# Asked for more, the public address answers as it does to a wrong key.
PUBLIC_DAYS = 365
ID = "coingecko"
HEAVY = ("localization", "tickers", "community_data", "developer_data", "sparkline")
TAG = re.compile(r"<[^<>]*>")
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
            "per_page": "250",
            "price_change_percentage": "1h,24h,7d",
        }
        rows = self._read(tap, "coins/markets", params)
        if not isinstance(rows, list):
            raise refusal(rows)
        return quotes_of(by_id(rows, symbols), symbols, NAMES, updated, source=self.source)

    # https://docs.coingecko.com/reference/crypto-global
    def global_figures(self, tap: Tap) -> GlobalFigures:
        body = self._read(tap, "global")
        data, shares = part(body, "data"), part(body, "data", "market_cap_percentage")
        if "total_market_cap" not in data:
            raise refusal(body)
        return GlobalFigures(
            total_market_cap=parts.total_of(part(data, "total_market_cap"), "usd"),
            total_volume_24h=parse.known(part(data, "total_volume"), "usd"),
            btc_dominance=parse.known(shares, "btc"),
            eth_dominance=parse.known(shares, "eth"),
            market_cap_change_24h=parse.number(data, "market_cap_change_percentage_24h_usd"),
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
        return [self._trend(part(row, "item"), place) for place, row in enumerate(rows, 1)]

    # https://docs.coingecko.com/reference/coins-id
    def details(self, instrument: Instrument, tap: Tap) -> AssetDetails:
        place = f"coins/{path_of(instrument, ID)}"
        body = part(self._read(tap, place, dict.fromkeys(HEAVY, "false")))
        if body.get("id") != instrument.ids[ID]:
            raise refusal(body)
        supply = part(body, "market_data")
        return AssetDetails(
            symbol=instrument.symbol,
            name=text(body, "name"),
            description=TAG.sub("", text(part(body, "description"), "en")),
            homepage=parts.address(*texts(part(body, "links"), "homepage")),
            image=parts.address(text(part(body, "image"), "large")),
            categories=texts(body, "categories"),
            circulating_supply=parse.known(supply, "circulating_supply"),
            total_supply=parse.known(supply, "total_supply"),
            max_supply=parse.known(supply, "max_supply"),
            source=self.source,
        )

    # https://docs.coingecko.com/reference/coins-id-market-chart
    def history(self, instrument: Instrument, days: int, tap: Tap) -> list[HistoryPoint]:
        if days > PUBLIC_DAYS and self.source == ID:
            raise NotOffered(f"tells of {PUBLIC_DAYS} days only")
        place = f"coins/{path_of(instrument, ID)}/market_chart"
        body = self._read(tap, place, {"vs_currency": "usd", "days": str(days)})
        if "prices" not in part(body):
            raise refusal(body)
        names = ("prices", "market_caps", "total_volumes")
        prices, caps, volumes = (parts.column(part(body), name) for name in names)
        return [
            HistoryPoint(
                at=parse.from_milliseconds(at),
                price=price,
                market_cap=parse.known(caps, at),
                volume_24h=parse.known(volumes, at),
                source=self.source,
            )
            for at in sorted(prices, key=int)
            if (price := parse.known(prices, at)) is not None
        ]

    def _read(self, tap: Tap, place: str, params: Mapping[str, str] | None = None) -> Any:
        headers = {self.header: tap.key} if tap.key else None
        return parse.read_json(tap.get(f"/api/v3/{place}", params, headers).text)

    def _trend(self, item: Mapping[str, Any], place: int) -> Trending:
        if not text(item, "id") or not text(item, "symbol"):
            raise BadPayload("a trending asset has no id or no symbol")
        return Trending(
            position=place,
            symbol=text(item, "symbol").upper(),
            name=text(item, "name"),
            upstream_id=text(item, "id"),
            rank=parse.rank(item, "market_cap_rank"),
            source=self.source,
        )


def refusal(body: Any) -> ProviderError:
    """Name the error that came instead of an answer; three shapes of it exist side by side."""
    error = body.get("error", body) if isinstance(body, dict) else body
    status = error.get("status", error) if isinstance(error, dict) else error
    if not isinstance(status, dict):
        return BadPayload(f"answered with an error: {str(status)[:200]}")
    code, message = status.get("error_code"), str(status.get("error_message", "no list"))[:200]
    if code == TOO_MANY:
        return RateLimited(message, retry_after=60)
    if code in KEY_PROBLEMS:
        return Blocked(f"refused ({code}): {message}")
    return BadPayload(f"answered with an error ({code}): {message}")
