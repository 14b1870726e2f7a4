"""Reading what only CoinGecko tells in this way: details, trends, and three shapes of error."""

import re
from typing import Any

from providers import parse, parts
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited
from providers.parts import Fields, part, text, texts
from providers.types import AssetDetails, Trending

# https://docs.coingecko.com/reference/common-errors-rate-limit
TOO_MANY = 429
KEY_PROBLEMS = (1020, 10002, 10005, 10010, 10011)
TAG = re.compile(r"<[^<>]*>")


def details_of(body: Fields, symbol: str, *, source: str) -> AssetDetails:
    supply = part(body, "market_data")
    return AssetDetails(
        symbol=symbol,
        name=text(body, "name"),
        description=TAG.sub("", text(part(body, "description"), "en")),
        homepage=parts.address(*texts(part(body, "links"), "homepage")),
        image=parts.address(text(part(body, "image"), "large")),
        categories=texts(body, "categories"),
        circulating_supply=parse.known(supply, "circulating_supply"),
        total_supply=parse.known(supply, "total_supply"),
        max_supply=parse.known(supply, "max_supply"),
        source=source,
    )


def trend(item: Fields, place: int, source: str) -> Trending:
    if not text(item, "id") or not text(item, "symbol"):
        raise BadPayload("a trending asset has no id or no symbol")
    return Trending(
        position=place,
        symbol=text(item, "symbol").upper(),
        name=text(item, "name"),
        upstream_id=text(item, "id"),
        rank=parse.rank(item, "market_cap_rank"),
        source=source,
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
