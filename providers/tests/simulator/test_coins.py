"""Small coins: over a thousand, untidy on purpose, and the same at every aggregator."""

from collections import Counter, defaultdict
from functools import partial
from itertools import pairwise

import pytest
import requests

from providers.simulator import Simulator
from providers.simulator.assets import ASSETS
from providers.simulator.coins import COINS
from providers.simulator.faults import BadFault
from providers.tests.simulator.conftest import NOW

COUNT = len(ASSETS) + len(COINS)


def get(sim, place, **params):
    return requests.get(f"{sim.url}/{place}", params=params, timeout=5)


def gecko(sim, **params):
    query = {"vs_currency": "usd", "per_page": 250, **params}
    pages = range(1, COUNT // 250 + 2)
    return [row for page in pages for row in markets(sim, query, page)]


def markets(sim, query, page):
    return get(sim, "coingecko/api/v3/coins/markets", **query, page=page).json()


def lore(sim):
    starts = range(0, COUNT + 100, 100)
    pages = [get(sim, "coinlore/api/tickers/", start=start, limit=100).json() for start in starts]
    return [row for page in pages for row in page["data"]]


def paprika(sim):
    return get(sim, "coinpaprika/v1/tickers").json()


def cap(sim):
    return get(sim, "coincap/v3/assets", limit=2000).json()["data"]


def prices(sim):
    """Return what each aggregator says that each small coin costs, by its name."""
    names = {coin.name for coin in COINS}
    found = {
        "coingecko": {row["name"]: row["current_price"] for row in gecko(sim)},
        "coinpaprika": {row["name"]: row["quotes"]["USD"]["price"] for row in paprika(sim)},
        "coincap": {row["name"]: float(row["priceUsd"]) for row in cap(sim)},
        "coinlore": {row["name"]: float(row["price_usd"]) for row in lore(sim)},
    }
    return {slug: {name: told[name] for name in names} for slug, told in found.items()}


def test_each_aggregator_lists_more_than_a_thousand_under_ids_of_its_own_kind(sim):
    ids = {
        "coingecko": [row["id"] for row in gecko(sim)],
        "coinpaprika": [row["id"] for row in paprika(sim)],
        "coincap": [row["id"] for row in cap(sim)],
        "coinlore": [row["id"] for row in lore(sim)],
    }
    for slug, found in ids.items():
        assert len(found) >= 1200, slug
        assert len(found) == len(set(found)), slug
    assert {"beci-protocol", "moonshot"} <= set(ids["coingecko"]) & set(ids["coincap"])
    assert "beci-beci-protocol" in ids["coinpaprika"]
    assert all(one.isdigit() for one in ids["coinlore"])


@pytest.mark.parametrize("read", [gecko, paprika, cap, lore])
def test_every_list_begins_with_the_largest_and_numbers_its_rows(sim, read):
    rows = read(sim)
    ranks = [int(row.get("market_cap_rank") or row["rank"]) for row in rows]
    assert ranks == list(range(1, len(rows) + 1))
    caps = [
        float(row.get("market_cap") or row.get("marketCapUsd") or row.get("market_cap_usd") or 0)
        or row["quotes"]["USD"]["market_cap"]
        for row in rows
    ]
    assert all(left >= right for left, right in pairwise(caps))


def test_the_aggregators_agree_on_prices_within_a_third_of_a_percent(sim):
    told = prices(sim)
    for name, price in told["coingecko"].items():
        for slug in ("coinpaprika", "coincap", "coinlore"):
            # CoinCap has sixteen digits behind the point and no more.
            nearest = 0.003 * price + (1e-16 if slug == "coincap" else 0)
            assert abs(told[slug][name] - price) < nearest, (name, slug)


def test_tickers_repeat_and_their_prices_have_nothing_to_do_with_each_other():
    by_symbol = defaultdict(list)
    for coin in COINS:
        by_symbol[coin.symbol].append(coin.price)
    shared = [sorted(found) for found in by_symbol.values() if len(found) > 1]
    assert Counter(len(found) for found in shared) == {2: 15, 3: 15}
    assert all(right / left > 900 for found in shared for left, right in pairwise(found))
    assert {"UNI", "PEPE"} <= by_symbol.keys() & {asset.symbol for asset in ASSETS}


def test_extreme_prices_are_told_to_the_last_digit(sim):
    text = get(sim, "coingecko/api/v3/coins/markets", vs_currency="usd", ids="rarest,dust").text
    assert '"current_price":123456789.123456789012,' in text
    assert '"current_price":0.000000000001,' in text
    assert '"price":123456789.123456789012,' in get(sim, "coinpaprika/v1/tickers").text
    rows = {row["id"]: row["priceUsd"] for row in cap(sim)}
    assert rows["rarest"] == "123456789.1234567890120000"
    assert rows["dust"] == "0.0000000000010000"
    assert {row["name"]: row["price_usd"] for row in lore(sim)}["Dust"] == "0.000000000001"


def test_a_fault_of_form_takes_the_exact_price_along(sim):
    sim.fault("coingecko", "numbers_as_strings")
    (row,) = get(sim, "coingecko/api/v3/coins/markets", vs_currency="usd", ids="rarest").json()
    assert row["current_price"] == "123456789.123456789012"


def test_prices_move_a_little_and_changes_are_theirs():
    rows = {}
    for at in (NOW - 86400, NOW - 60, NOW):
        with Simulator(seed=7, clock=partial(float, at)) as sim:
            rows[at] = {row["id"]: row for row in gecko(sim)}
    moved = 0
    for coin in COINS:
        row, minute, day = (rows[at][coin.gecko_id] for at in (NOW, NOW - 60, NOW - 86400))
        price = row["current_price"]
        moved += price != minute["current_price"]
        assert abs(price / minute["current_price"] - 1) < 0.01
        change = 100 * (price / day["current_price"] - 1)
        assert abs(change - row["price_change_percentage_24h"]) < 0.01
        assert row["low_24h"] <= price <= row["high_24h"] <= row["ath"]
    assert moved > 1000


def test_another_seed_is_another_market_and_the_same_seed_the_same():
    found = []
    for seed in (7, 7, 8):
        with Simulator(seed=seed, clock=lambda: NOW) as sim:
            found.append([row["current_price"] for row in markets(sim, {"vs_currency": "usd"}, 9)])
    assert found[0] == found[1] != found[2]


def test_a_lie_about_a_ticker_is_told_of_every_coin_that_has_it(sim):
    before = prices(sim)["coincap"]
    sim.fault("coincap", "wrong_price", factor=10, assets=["BABA"])
    after = prices(sim)["coincap"]
    wrong = {name for name in before if after[name] > 5 * before[name]}
    assert wrong == {coin.name for coin in COINS if coin.symbol == "BABA"}


def test_a_renamed_coin_keeps_its_ids_and_a_delisted_one_is_gone_everywhere(sim):
    ids = [{row["id"] for row in read(sim)} for read in (gecko, paprika, cap, lore)]
    sim.rename("beci-protocol", "NEWB")
    sim.delist("moonshot")
    for read, before in zip((gecko, paprika, cap, lore), ids, strict=True):
        rows = read(sim)
        (renamed,) = (row for row in rows if row["name"] == "Beci Protocol")
        assert renamed["symbol"].upper() == "NEWB"
        (gone,) = before - {row["id"] for row in rows}
        assert gone in ("moonshot", "moon-moonshot", "101200")
    assert get(sim, "coincap/v3/assets/moonshot").status_code == 404
    sim.restore_coins()
    assert get(sim, "coincap/v3/assets/moonshot").json()["data"]["symbol"] == "MOON"


def test_coins_are_changed_over_http_as_well(sim):
    place = f"{sim.url}/_control/coins"
    requests.post(place, json={"coin": "beci-protocol", "symbol": "NEWB"}, timeout=5)
    state = requests.post(place, json={"coin": "moonshot"}, timeout=5).json()["coins"]
    assert state == {
        "listed": len(COINS) - 1,
        "changed": {"beci-protocol": "NEWB", "moonshot": None},
    }
    assert not any(row["id"] == "moonshot" for row in cap(sim))
    state = requests.delete(place, timeout=5).json()["coins"]
    assert state == {"listed": len(COINS), "changed": {}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"coin": "bitcoin"},
        {"coin": 7},
        {"coin": "dust", "symbol": ""},
        {"coin": "dust", "symbol": 7},
        {"coin": "dust", "price": 1},
        ["dust"],
    ],
)
def test_what_cannot_be_changed_is_refused(sim, body):
    answer = requests.post(f"{sim.url}/_control/coins", json=body, timeout=5)
    assert answer.status_code == 400
    assert sim.state()["coins"]["changed"] == {}
    with pytest.raises(BadFault, match="unknown coin"):
        sim.delist("nowhere")


def test_currencies_cost_the_same_wherever_they_are_asked_for(sim):
    rates = get(sim, "coingecko/api/v3/exchange_rates").json()["rates"]
    assert rates["btc"]["value"] == 1
    assert {one["type"] for one in rates.values()} == {"fiat", "crypto", "commodity"}
    rows = {
        row["symbol"]: float(row["rateUsd"]) for row in get(sim, "coincap/v3/rates").json()["data"]
    }
    assert len(rows) > 20
    for symbol, usd in rows.items():
        value = rates[symbol.lower()]["value"]
        assert abs(rates["usd"]["value"] / value / usd - 1) < 0.003, symbol
