"""The table of exchanges against ccxt itself: none missing, and nothing offered that is not there."""

from urllib.parse import urlsplit

import ccxt
import pytest

from providers.rows.exchanges import (
    DEFAULTS,
    LEFT_OUT,
    OFFERS,
    ROWS,
    STATES_TIME,
    STREAMS,
    VENUES,
)

METHODS = {"q": "fetchTickers", "c": "fetchOHLCV", "b": "fetchOrderBook"}
BY_SLUG = {row.slug: row for row in ROWS}
SWAPS = [venue for venue in VENUES if venue.access == "swap"]


def addresses(urls):
    if isinstance(urls, dict):
        return [address for one in urls.values() for address in addresses(one)]
    return [urls] if isinstance(urls, str) else []


def hosts(exchange):
    found = addresses(exchange.urls["api"])
    return {urlsplit(exchange.implode_hostname(address)).netloc for address in found}


def test_every_exchange_of_ccxt_has_a_row():
    assert [venue.slug for venue in VENUES] == ccxt.exchanges


@pytest.mark.parametrize("venue", VENUES, ids=lambda venue: venue.slug)
def test_a_row_agrees_with_ccxt(venue):
    exchange = getattr(ccxt, venue.slug)()
    has = "".join(letter for letter, name in METHODS.items() if exchange.has.get(name) is True)
    if venue.access == "swap":
        assert not exchange.has["spot"]
        assert venue.offers == "q"
    else:
        assert set(venue.offers) == set(has) - set(LEFT_OUT.get(venue.slug, ()))
        assert exchange.has["spot"] or venue.access == "key"
    assert venue.host in hosts(exchange)
    assert 1 <= venue.budget <= min(240, 60000 / exchange.rateLimit / 2)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.slug)
def test_a_row_offers_what_its_table_says(row):
    venue = next(venue for venue in VENUES if venue.slug == row.slug)
    asked_for = tuple(OFFERS[letter] for letter in venue.offers)
    assert row.offers == asked_for + (("stream",) if row.slug in STREAMS else ())
    assert row.adapter.id == row.slug
    assert row.origin == f"https://{venue.host}"
    assert (row.needs_key == "required") is (venue.access == "key")


def test_eight_are_asked_by_a_fresh_installation():
    defaults = [row for row in sorted(ROWS, key=lambda row: row.order) if row.is_default]
    assert [row.slug for row in defaults] == list(DEFAULTS)
    assert [row.order for row in defaults] == [10, 20, 30, 40, 50, 60, 70, 80]
    assert all(row.order >= 100 for row in ROWS if not row.is_default)
    assert all(row.needs_key == "no" for row in defaults)
    assert set(STATES_TIME) == set(DEFAULTS)


def test_who_is_asked_all_the_time_can_afford_it():
    for row in ROWS:
        assert 60 / (row.every or 10) <= row.budget


def test_binance_has_mirrors():
    assert len(BY_SLUG["binance"].mirrors) == 6
    assert "https://data-api.binance.vision" in BY_SLUG["binance"].mirrors


def test_perpetuals_are_asked_for_prices_only():
    assert {BY_SLUG[venue.slug].adapter.market_type for venue in SWAPS} == {"swap"}
    assert all(BY_SLUG[venue.slug].offers == ("quotes",) for venue in SWAPS)
