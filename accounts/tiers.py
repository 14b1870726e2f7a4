"""What a caller may do: the tiers as they are at first, and limits as numbers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

READ, ANALYZE, EXPORT, ADMIN = SCOPES = ("read", "analyze", "export", "admin")


@dataclass(frozen=True, slots=True)
class Limits:
    """None is no limit."""

    per_minute: int | None
    per_day: int | None
    symbols: int | None
    days: int | None
    sockets: int | None


@dataclass(frozen=True, slots=True)
class TierRow:
    slug: str
    name: str
    limits: Limits
    # What its keys may be good for at most.
    scopes: tuple[str, ...]


ANONYMOUS, FREE, PRO, ENTERPRISE, ADMINISTRATOR = TIERS = (
    TierRow("anonymous", "Anonymous", Limits(30, None, None, None, 20), (READ,)),
    TierRow("free", "Free", Limits(30, 1_000, 5, 7, 5), (READ, ANALYZE)),
    TierRow("pro", "Pro", Limits(300, 50_000, 100, 90, 50), (READ, ANALYZE, EXPORT)),
    TierRow(
        "enterprise",
        "Enterprise",
        Limits(None, None, None, None, None),
        (READ, ANALYZE, EXPORT),
    ),
    TierRow("admin", "Admin", Limits(None, None, None, None, None), SCOPES),
)

# What callers without a key may ask of each kind of endpoint in a minute; a key never gives less.
# The first part of the address that matches decides; everything else is OTHER.
OTHER = "other"
FAMILIES: Mapping[str, str] = {
    "/api/prices": "prices",
    "/api/market/prices": "prices",
    "/api/coins/top": "prices",
    "/api/ohlcv": "ohlcv",
    "/api/market/history": "ohlcv",
    "/api/sentiment": "sentiment",
}


def family_of(path: str) -> str:
    """Return the kind of endpoint that an address is: `/api/prices/history/BTC` is not one of
    `/api/prices`, which is counted by its whole name."""
    return FAMILIES.get(path, OTHER)
