"""CoinGecko: an aggregator that lists assets by its own ids."""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.parse import amount, from_iso, known, number, rank, read_json
from providers.types import Instrument, Quote

# https://docs.coingecko.com/reference/common-errors-rate-limit
TOO_MANY = 429
KEY_PROBLEMS = {1020, 10002, 10005, 10010, 10011}


class CoinGecko:
    # https://docs.coingecko.com/reference/coins-markets
    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        symbols = {
            one.ids["coingecko"]: one.symbol for one in instruments if "coingecko" in one.ids
        }
        answer = tap.get(
            "/api/v3/coins/markets",
            {
                "vs_currency": "usd",
                # Sorted, and without spaces: an id behind a space is dropped without a word.
                "ids": ",".join(sorted(symbols)),
                "per_page": "250",
                "price_change_percentage": "1h,24h,7d",
            },
            {"x-cg-demo-api-key": tap.key} if tap.key else None,
        )
        rows = read_json(answer.text)
        if not isinstance(rows, list):
            raise refusal(rows)
        # By id, because a row that came twice is still one provider's word.
        found = {row["id"]: row for row in rows if is_asked_for(row, symbols)}
        quotes = (quote(row, symbols[one]) for one, row in found.items())
        return [one for one in quotes if one is not None]


def is_asked_for(row: Any, symbols: Mapping[str, str]) -> bool:
    if not isinstance(row, dict):
        raise BadPayload("a row of the list is not an object")
    return isinstance(row.get("id"), str) and row["id"] in symbols


def quote(row: Mapping[str, Any], symbol: str) -> Quote | None:
    if "current_price" not in row:
        raise BadPayload("a row of the list has no current_price")
    price = known(row, "current_price")
    if price is None:
        # A dead asset has no price; that is an answer, not a mistake.
        return None
    return Quote(
        symbol=symbol,
        price=price,
        currency="USD",
        source="coingecko",
        observed_at=from_iso(row.get("last_updated")),
        change_1h=number(row, "price_change_percentage_1h_in_currency"),
        change_24h=number(row, "price_change_percentage_24h"),
        change_7d=number(row, "price_change_percentage_7d_in_currency"),
        volume_24h=amount(row, "total_volume"),
        market_cap=known(row, "market_cap"),
        rank=rank(row, "market_cap_rank"),
    )


def refusal(body: Any) -> ProviderError:
    """Name the error that came instead of a list; three shapes of it exist side by side."""
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
