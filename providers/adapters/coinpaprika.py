"""CoinPaprika: an aggregator whose one list holds every asset it knows."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers import listings
from providers.adapter import Tap
from providers.exceptions import BadPayload, NotOffered, ProviderError, RateLimited
from providers.parse import from_seconds, known, percentage, rank, read_json, share
from providers.parts import (
    address,
    by_id,
    part,
    path_of,
    quotes_of,
    symbols_of,
    text,
    texts,
    total_of,
    updated,
)
from providers.types import AssetDetails, GlobalFigures, Instrument, Listed, Quote

SOURCE = "coinpaprika"
NAMES = {
    "price": "price",
    "change_1h": "percent_change_1h",
    "change_24h": "percent_change_24h",
    "change_7d": "percent_change_7d",
    "volume_24h": "volume_24h",
    "market_cap": "market_cap",
    "rank": "rank",
}


class CoinPaprika:
    # https://docs.coinpaprika.com/api-reference/tickers/get-tickers-for-all-active-coins
    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        symbols = symbols_of(instruments, SOURCE)
        found = {one: _flat(row) for one, row in by_id(_tickers(tap), symbols).items()}
        return quotes_of(found, symbols, NAMES, updated, source=SOURCE)

    # https://docs.coinpaprika.com/api-reference/tickers/get-tickers-for-all-active-coins
    def listing(self, count: int, tap: Tap) -> list[Listed]:
        rows = [_flat(row) for row in _tickers(tap)]
        return listings.listed_of(rows, NAMES, updated, source=SOURCE)[:count]

    # https://docs.coinpaprika.com/api-reference/global/get-market-overview-data
    def global_figures(self, tap: Tap) -> GlobalFigures:
        body = part(read_json(tap.get("/v1/global", None, _headers(tap)).text))
        if "market_cap_usd" not in body:
            raise refusal(body)
        return GlobalFigures(
            total_market_cap=total_of(body, "market_cap_usd"),
            total_volume_24h=known(body, "volume_24h_usd"),
            btc_dominance=share(body, "bitcoin_dominance_percentage"),
            eth_dominance=None,
            market_cap_change_24h=percentage(body, "market_cap_change_24h"),
            active_assets=rank(body, "cryptocurrencies_number"),
            observed_at=from_seconds(body.get("last_updated")),
            source=SOURCE,
        )

    # https://docs.coinpaprika.com/api-reference/coins/get-coin-by-id
    def details(self, instrument: Instrument, tap: Tap) -> AssetDetails:
        place = f"/v1/coins/{path_of(instrument, SOURCE)}"
        body = part(read_json(tap.get(place, None, _headers(tap)).text))
        if body.get("id") != instrument.ids[SOURCE]:
            raise refusal(body)
        tags = body.get("tags")
        return AssetDetails(
            symbol=instrument.symbol,
            name=text(body, "name"),
            description=text(body, "description"),
            homepage=address(*texts(part(body, "links"), "website")),
            image=address(text(body, "logo")),
            categories=tuple(
                name
                for tag in (tags if isinstance(tags, list) else ())
                if (name := text(part(tag), "name"))
            ),
            circulating_supply=None,
            total_supply=None,
            max_supply=None,
            source=SOURCE,
        )


def _tickers(tap: Tap) -> list[Any]:
    rows = read_json(tap.get("/v1/tickers", {"quotes": "USD"}, _headers(tap)).text)
    if not isinstance(rows, list):
        raise refusal(rows)
    return rows


def _flat(row: Any) -> Any:
    """Return a row with its figures in dollars beside its name."""
    return {**row, **part(row, "quotes", "USD")} if isinstance(row, dict) else row


def _headers(tap: Tap) -> Mapping[str, str] | None:
    return {"Authorization": tap.key} if tap.key else None


def refusal(body: Any) -> ProviderError:
    """Name the error that came instead of an answer."""
    error = body.get("error") if isinstance(body, dict) else None
    said = str(error)[:200] if error else "answered without what was asked for"
    if "not found" in said:
        return NotOffered(said)
    if "too many requests" in said.lower():
        return RateLimited(said)
    return BadPayload(said)
