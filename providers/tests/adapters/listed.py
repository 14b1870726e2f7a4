"""What the tests of lists share: the four aggregators that list assets, each with its own words."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from providers.adapters.coincap import CoinCap
from providers.adapters.coingecko import CoinGecko
from providers.adapters.coinlore import CoinLore
from providers.adapters.coinpaprika import CoinPaprika
from providers.tests.conftest import Upstream, payload


@dataclass(frozen=True)
class Place:
    """Where one aggregator is asked for its list, and what it calls things."""

    slug: str
    adapter: Any
    path: str
    text: str
    price: str
    time: str
    params: dict[str, str]
    within: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()

    def rows(self, body):
        for step in self.within:
            body = body[step] if isinstance(body, dict) else None
        return body

    def changed(self, *rows, **fields):
        """Return the list with fields of its first row changed, and rows added at its end."""
        body = json.loads(self.text)
        first = self.rows(body)[0]
        for name, value in fields.items():
            self.holder(first, name)[self.named(name)] = value
        self.rows(body).extend(rows)
        return json.dumps(body)

    def named(self, name):
        return {"price": self.price}.get(name, name)

    def holder(self, row, name):
        for step in self.figures if name == "price" else ():
            row = row[step]
        return row

    def row(self, **fields):
        """Return one more row: the last of the list under another id."""
        row = json.loads(json.dumps(self.rows(json.loads(self.text))[-1]))
        for name, value in {"id": "one-more", **fields}.items():
            self.holder(row, name)[self.named(name)] = value
        return row

    def list(self, text, count=4):
        upstream = Upstream({self.path: text}, key="secret")
        return self.adapter.listing(count, upstream.tap)


GECKO = Place(
    "coingecko", CoinGecko(), "/api/v3/coins/markets", payload("coingecko", "markets"),
    "current_price", "last_updated",
    {"vs_currency": "usd", "order": "market_cap_desc", "per_page": "4", "page": "1",
     "price_change_percentage": "1h,24h,7d"},
)  # fmt: skip
PAPRIKA = Place(
    "coinpaprika", CoinPaprika(), "/v1/tickers", payload("coinpaprika", "tickers"),
    "price", "last_updated", {"quotes": "USD"}, figures=("quotes", "USD"),
)  # fmt: skip
CAP = Place(
    "coincap", CoinCap(), "/v3/assets", payload("coincap", "assets"),
    "priceUsd", "", {"limit": "4"}, within=("data",),
)  # fmt: skip
LORE = Place(
    "coinlore", CoinLore(), "/api/tickers/", payload("coinlore", "tickers"),
    "price_usd", "", {"start": "0", "limit": "100"}, within=("data",),
)  # fmt: skip
PLACES = (GECKO, PAPRIKA, CAP, LORE)
each = pytest.mark.parametrize("place", PLACES, ids=lambda one: one.slug)


def ids(found):
    return [one.upstream_id for one in found]


def shown(found):
    return [(one.upstream_id, one.symbol, one.rank, one.is_active) for one in found]
