"""CoinMarketCap: an aggregator that wants a key and counts every answer against it."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.parse import known, percentage, rank, read_json, share
from providers.parts import by_id, part, quotes_of, symbols_of, total_of, updated
from providers.types import GlobalFigures, Instrument, Quote

SOURCE = "coinmarketcap"
NAMES = {
    "price": "price",
    "change_1h": "percent_change_1h",
    "change_24h": "percent_change_24h",
    "change_7d": "percent_change_7d",
    "volume_24h": "volume_24h",
    "market_cap": "market_cap",
    "rank": "cmc_rank",
}
# https://coinmarketcap.com/api/documentation/guides/errors-and-rate-limits
KEY_PROBLEMS = [str(code) for code in range(1001, 1008)]
TOO_MANY = [str(code) for code in range(1008, 1012)]


class CoinMarketCap:
    # https://coinmarketcap.com/api/documentation/v1/#operation/getV2CryptocurrencyQuotesLatest
    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        symbols = symbols_of(instruments, SOURCE)
        params = {"id": ",".join(sorted(symbols)), "convert": "USD", "skip_invalid": "true"}
        data = _data(tap, "/v2/cryptocurrency/quotes/latest", params)
        # Quotes come by id, listings as a list.
        rows = list(data.values()) if isinstance(data, dict) else data
        found = {
            one: {**row, **part(row, "quote", "USD")} for one, row in by_id(rows, symbols).items()
        }
        return quotes_of(found, symbols, NAMES, updated, source=SOURCE)

    # https://coinmarketcap.com/api/documentation/v1/#operation/getV1GlobalmetricsQuotesLatest
    def global_figures(self, tap: Tap) -> GlobalFigures:
        data = part(_data(tap, "/v1/global-metrics/quotes/latest", {"convert": "USD"}))
        figures = part(data, "quote", "USD")
        return GlobalFigures(
            total_market_cap=total_of(figures, "total_market_cap"),
            total_volume_24h=known(figures, "total_volume_24h"),
            btc_dominance=share(data, "btc_dominance"),
            eth_dominance=share(data, "eth_dominance"),
            market_cap_change_24h=percentage(
                figures, "total_market_cap_yesterday_percentage_change"
            ),
            active_assets=rank(data, "active_cryptocurrencies"),
            observed_at=updated(figures),
            source=SOURCE,
        )


def _data(tap: Tap, path: str, params: Mapping[str, str]) -> Any:
    body = read_json(tap.get(path, params, {"X-CMC_PRO_API_KEY": tap.key}).text)
    status = body.get("status") if isinstance(body, dict) else None
    if not isinstance(status, dict) or status.get("error_code") not in (0, "0"):
        raise refusal(status)
    return body.get("data")


def refusal(status: Any) -> ProviderError:
    """Name the error that the status block tells of."""
    if not isinstance(status, dict):
        return BadPayload("answered without a status")
    code, message = str(status.get("error_code"))[:20], str(status.get("error_message"))[:200]
    if code in TOO_MANY:
        return RateLimited(message, retry_after=60)
    if code in KEY_PROBLEMS:
        return Blocked(f"refused ({code}): {message}")
    return BadPayload(f"answered with an error ({code}): {message}")
