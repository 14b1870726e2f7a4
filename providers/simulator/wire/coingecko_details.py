"""What CoinGecko tells of one asset beside its price."""

from typing import Any

from providers.simulator.assets import Asset
from providers.simulator.wire.answer import Query


def details(asset: Asset, row: dict[str, Any], query: Query) -> dict[str, Any]:
    """Return the object with the blocks that the query leaves in; `row` is its market row."""
    image = f"https://coin-images.coingecko.com/coins/images/{asset.gecko_number}"
    site = f"https://{asset.gecko_id}.example/"
    body: dict[str, Any] = {
        "id": asset.gecko_id,
        "symbol": asset.symbol.lower(),
        "name": asset.name,
        "web_slug": asset.gecko_id,
        "asset_platform_id": None,
        "platforms": {"": ""},
        "block_time_in_minutes": 10,
        "hashing_algorithm": None,
        "categories": ["Simulated", "Cryptocurrency", None],
        "preview_listing": False,
        "public_notice": None,
        "additional_notices": [],
        "description": {
            "en": f'{asset.name} as <a href="{site}">this market</a> simulates it.\r\n\r\nNo more.'
        },
        "links": {"homepage": [site, "", ""], "whitepaper": "", "blockchain_site": [site, ""]},
        "image": {
            size: f"{image}/{size}/{asset.gecko_id}.png" for size in ("thumb", "small", "large")
        },
        "country_origin": "",
        "genesis_date": None,
        "market_cap_rank": row["market_cap_rank"],
        "status_updates": [],
        "last_updated": row["last_updated"],
    }
    if query.get("market_data", "true") == "true":
        body["market_data"] = {
            "current_price": {"usd": row["current_price"]},
            "market_cap": {"usd": row["market_cap"]},
            "market_cap_rank": row["market_cap_rank"],
            "total_volume": {"usd": row["total_volume"]},
            "total_supply": asset.supply,
            "max_supply": asset.max_supply,
            "circulating_supply": asset.supply,
            "last_updated": row["last_updated"],
        }
    return body
