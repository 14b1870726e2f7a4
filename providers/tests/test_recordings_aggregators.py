"""Real recorded answers of aggregators beside lists of prices, wherever their folder lies."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from providers import listings
from providers.adapters.coincap import CoinCap
from providers.adapters.coingecko import CoinGecko
from providers.adapters.coinlore import CoinLore
from providers.adapters.coinmarketcap import CoinMarketCap
from providers.adapters.coinmetrics import CoinMetrics
from providers.adapters.coinpaprika import CoinPaprika
from providers.adapters.cryptocompare import CryptoCompare
from providers.exceptions import BadPayload, Blocked, Moved, NotOffered, ProviderError, RateLimited
from providers.parse import from_iso
from providers.parts import updated
from providers.tests.adapters.aggregated import BTC, ETH, ask, named
from providers.tests.listener import answer, refused
from providers.tests.test_recordings import RECORDINGS, exact, names, recorded
from providers.types import Instrument

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings here")

GECKO, PAPRIKA, DATA = CoinGecko(), CoinPaprika(), CryptoCompare()


def global_figures(text):
    return ask(GECKO.global_figures, "/api/v3/global", text)[0]


def trending(text):
    return ask(GECKO.trending, "/api/v3/search/trending", text)[0]


def details(text, one="bitcoin"):
    instrument = Instrument("ONE", {"coingecko": one})
    return ask(GECKO.details, f"/api/v3/coins/{one}", text, instrument)[0]


def history(text):
    return ask(GECKO.history, "/api/v3/coins/bitcoin/market_chart", text, BTC, 30)[0]


def listed(text, count=250):
    return ask(GECKO.listing, "/api/v3/coins/markets", text, count)[0]


def rates(text):
    return ask(GECKO.rates, "/api/v3/exchange_rates", text)[0]


def paprika(text):
    return ask(PAPRIKA.quotes, "/v1/tickers", text, [BTC])[0]


def index_history(text, one="ETH", days=90):
    place = f"/index/cc/v1/historical/{'days' if days > 83 else 'hours'}"
    instrument = Instrument(one, {"cryptocompare": one})
    return ask(DATA.history, place, text, instrument, days)[0]


@pytest.mark.parametrize("name", names("coingecko/global_20*.json"))
def test_every_recorded_market_of_coingecko_is_told_exactly(name):
    figures, data = global_figures(recorded(name)), exact(recorded(name))["data"]
    assert figures.total_market_cap == data["total_market_cap"]["usd"]
    assert figures.total_volume_24h == data["total_volume"]["usd"]
    assert figures.btc_dominance == round(data["market_cap_percentage"]["btc"], 6)
    assert figures.eth_dominance == round(data["market_cap_percentage"]["eth"], 6)
    assert figures.market_cap_change_24h == round(data["market_cap_change_percentage_24h_usd"], 6)
    assert figures.active_assets == data["active_cryptocurrencies"]
    assert int(figures.observed_at.timestamp()) == data["updated_at"]


@pytest.mark.parametrize("name", names("coingecko/search_trending_*.json"))
def test_everything_recorded_as_looked_up_is_told_in_its_order(name):
    items = [row["item"] for row in exact(recorded(name))["coins"]]
    found = trending(recorded(name))
    assert [(one.position, one.upstream_id) for one in found] == [
        (place, item["id"]) for place, item in enumerate(items, 1)
    ]
    assert [one.rank for one in found] == [item["market_cap_rank"] for item in items]
    assert [one.name for one in found] == [item["name"] for item in items]


@pytest.mark.parametrize(
    ("name", "one", "shown"),
    [
        ("coin_bitcoin_full_2021-05", "bitcoin", "Bitcoin"),
        ("coin_bitcoin_lean_2024-05", "bitcoin", "Bitcoin"),
        ("coin_yearn_lean_2024-05", "yearn-finance", "yearn.finance"),
        ("coin_aave_full_2022-06", "aave", "Aave"),
        ("coin_contract_usdt_full_2021-08", "tether", "Tether"),
        ("coin_history_eth_2024-01-01", "ethereum", "Ethereum"),
    ],
)
def test_recorded_details_are_plain_text_and_exact_supplies(name, one, shown):
    text = recorded(f"coingecko/{name}.json")
    found, body = details(text, one), exact(text)
    market = body.get("market_data", {})
    assert found.name == shown
    assert "<a " not in found.description
    assert found.image == body["image"].get("large", "")
    assert found.categories == tuple(one for one in body.get("categories", ()) if one)
    assert found.circulating_supply == market.get("circulating_supply")
    assert found.max_supply == market.get("max_supply")
    assert found.homepage == next(iter(body.get("links", {}).get("homepage", [""])), "")


@pytest.mark.parametrize("name", names("coingecko/markets_*.json"))
def test_every_recorded_list_of_coingecko_is_listed_row_by_row(name):
    found, rows = listed(recorded(name)), exact(recorded(name))
    assert [one.rank for one in found] == sorted(row["market_cap_rank"] for row in rows)
    by_id = {row["id"]: row for row in rows}
    assert {one.upstream_id for one in found} == by_id.keys()
    for one in found:
        row = by_id[one.upstream_id]
        assert (one.symbol, one.name) == (row["symbol"].upper(), row["name"])
        assert (one.price, one.market_cap) == (row["current_price"], row["market_cap"] or None)
        assert one.volume_24h == row["total_volume"]
        assert one.change_24h == round(row["price_change_percentage_24h"], 6)
        assert one.observed_at == from_iso(row["last_updated"])
        assert one.is_active


def test_the_names_of_all_that_coingecko_knows_are_kept_or_named_as_odd():
    known = json.loads(recorded("coingecko/coins_list_2025-08.json"))
    more = {"price": 1, "last_updated": "2025-08-01T00:00:00.000Z"}
    rows = [{**one, **more} for one in known]
    listing = listings.listed_of(rows, {"price": "price"}, updated, source="coingecko")
    found = {one.upstream_id: one for one in listing}
    left_out = {one["id"] for one in known} - found.keys()
    assert "_" in left_out
    assert len(left_out) < 20
    for one in known:
        if one["id"] in found and one["name"].isprintable():
            assert found[one["id"]].name == " ".join(one["name"].split())
            assert found[one["id"]].symbol == " ".join(one["symbol"].split()).upper()


@pytest.mark.parametrize("name", names("coingecko/exchange_rates_*.json"))
def test_every_recorded_rate_is_told_in_dollars(name):
    found, told = rates(recorded(name)), exact(recorded(name))["rates"]
    assert [one.currency for one in found] == [code.upper() for code in told]
    for one in found:
        row = told[one.currency.lower()]
        assert (one.name, one.kind) == (row["name"], row["type"])
        assert round(one.usd * row["value"] / told["usd"]["value"], 15) == 1
        assert len(one.usd.as_tuple().digits) <= 18
    by_currency = {one.currency: one.usd for one in found}
    assert (by_currency["USD"], by_currency["BTC"]) == (1, told["usd"]["value"])


@pytest.mark.parametrize("name", names("coingecko/market_chart_*.json"))
def test_every_recorded_chart_of_coingecko_is_history_point_by_point(name):
    points, body = history(recorded(name)), exact(recorded(name))
    prices, caps, volumes = (
        {int(at): value for at, value in body[column]}
        for column in ("prices", "market_caps", "total_volumes")
    )
    assert len(points) == len(prices)
    # Its last two points are not in order, and belong to one second.
    for point, at in zip(points, sorted(prices), strict=True):
        assert round(point.at.timestamp() * 1000) == at
        assert point.price == prices[at]
        assert (point.market_cap, point.volume_24h) == (caps[at] or None, volumes[at] or None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("error_404_coin_2022-04", BadPayload),
        ("error_422_market_chart_missing_vs", BadPayload),
        ("error_429_rate_limit", RateLimited),
        ("error_500_ohlc_no_params", BadPayload),
        ("markets_empty_2022-02", BadPayload),
        ("global_defi_2021-05", BadPayload),
        ("ohlc_btc_7d_2021-05", BadPayload),
        ("simple_price_btc_usd_2021-05", BadPayload),
    ],
)
@pytest.mark.parametrize("read", [global_figures, trending, details, history, rates])
def test_a_recorded_answer_of_another_kind_is_a_named_error(read, name, kind):
    assert type(named(lambda: read(recorded(f"coingecko/{name}.json")))) is kind


@pytest.mark.parametrize("name", names("coingecko/error_*.json"))
def test_a_recorded_error_of_coingecko_is_not_taken_for_a_list(name):
    assert isinstance(named(lambda: listed(recorded(name))), ProviderError)


def test_the_recorded_list_of_coinpaprika_becomes_its_exact_quote():
    text = recorded("coinpaprika/tickers_list_one_row_2023-07.json")
    (quote,), (row,) = paprika(text), exact(text)
    figures = row["quotes"]["USD"]
    assert (quote.price, quote.rank) == (figures["price"], 1)
    assert (quote.volume_24h, quote.market_cap) == (figures["volume_24h"], figures["market_cap"])
    assert quote.change_7d == figures["percent_change_7d"]
    assert quote.observed_at == from_iso(row["last_updated"])


@pytest.mark.parametrize("name", names("coinpaprika/ticker_btc_*.json"))
def test_each_recorded_row_of_coinpaprika_becomes_its_exact_quote(name):
    (quote,) = paprika(f"[{recorded(name)}]")
    assert quote.price == exact(recorded(name))["quotes"]["USD"]["price"]


def test_recorded_details_of_coinpaprika_are_read():
    text = recorded("coinpaprika/coin_btc_2022-01.json")
    found = ask(PAPRIKA.details, "/v1/coins/btc-bitcoin", text, BTC)[0]
    assert (found.name, found.source) == ("Bitcoin", "coinpaprika")
    assert "Proof Of Work" in found.categories
    assert found.homepage == exact(text)["links"]["website"][0]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("error_404_id_not_found.json", NotOffered),
        ("error_402_historical_2022-06.json", BadPayload),
        ("redirect_301_trailing_slash_events.html", BadPayload),
        ("coin_btc_2022-01.json", BadPayload),
        ("search_ethereum_2022-01.json", BadPayload),
    ],
)
def test_a_recorded_error_of_coinpaprika_has_its_name(name, kind):
    assert type(named(lambda: paprika(recorded(f"coinpaprika/{name}")))) is kind


def test_the_recorded_list_of_coinpaprika_is_listed():
    text = recorded("coinpaprika/tickers_list_one_row_2023-07.json")
    (found,), (row,) = ask(PAPRIKA.listing, "/v1/tickers", text, 10)[0], exact(text)
    assert (found.upstream_id, found.symbol, found.name) == ("btc-bitcoin", "BTC", "Bitcoin")
    assert (found.price, found.rank) == (row["quotes"]["USD"]["price"], 1)


def test_the_recorded_rate_of_coincap_is_told():
    body = exact(recorded("coincap/v2_rates_bitcoin_2020-09.json"))
    row = body["data"]
    text = json.dumps({"data": [row], "timestamp": int(body["timestamp"])})
    (rate,) = ask(CoinCap().rates, "/v3/rates", text)[0]
    assert (rate.currency, rate.name, rate.kind) == ("BTC", "Bitcoin", "crypto")
    assert str(rate.usd) == row["rateUsd"]
    assert int(rate.observed_at.timestamp()) == int(body["timestamp"]) // 1000


@pytest.mark.parametrize("name", names("coincap/v2_asset_*.json"))
def test_each_recorded_row_of_coincap_becomes_its_exact_quote(name):
    body = exact(recorded(name))
    text = json.dumps({**body, "data": [body["data"]], "timestamp": int(body["timestamp"])})
    (quote,) = ask(CoinCap().quotes, "/v3/assets", text, [BTC])[0]
    assert str(quote.price) == body["data"]["priceUsd"]
    assert str(quote.market_cap) == body["data"]["marketCapUsd"]
    assert int(quote.observed_at.timestamp()) == int(body["timestamp"]) // 1000


@pytest.mark.parametrize("name", ["v2_rates_bitcoin_2020-09", "v2_asset_bitcoin_2025-02"])
def test_an_object_of_coincap_is_not_taken_for_a_list(name):
    text = recorded(f"coincap/{name}.json")
    problem = named(lambda: ask(CoinCap().quotes, "/v3/assets", text, [BTC]))
    assert type(problem) is BadPayload


def test_markets_of_coincap_are_not_taken_for_assets():
    text = recorded("coincap/v2_markets_2020-09.json")
    assert ask(CoinCap().quotes, "/v3/assets", text, [BTC])[0] == []


def test_the_recorded_listings_of_coinmarketcap_become_exact_quotes():
    text = recorded("coinmarketcap/listings_latest_2022-01.json")
    rows = {str(row["id"]): row for row in exact(text)["data"]}
    instruments = [Instrument(f"A{one}", {"coinmarketcap": one}) for one in rows]
    place = "/v2/cryptocurrency/quotes/latest"
    found = ask(CoinMarketCap().quotes, place, text, instruments)[0]
    assert len(found) == len(rows)
    for quote in found:
        row = rows[quote.symbol.removeprefix("A")]
        figures = row["quote"]["USD"]
        assert (quote.price, quote.rank) == (figures["price"], row["cmc_rank"])
        assert quote.change_24h == round(figures["percent_change_24h"], 6)
        assert quote.volume_24h == figures["volume_24h"]
        assert quote.market_cap == (figures["market_cap"] or None)


@pytest.mark.parametrize("name", names("coinmarketcap/error_*.json"))
def test_a_recorded_error_of_coinmarketcap_is_a_refused_key(name):
    place = "/v2/cryptocurrency/quotes/latest"
    problem = named(lambda: ask(CoinMarketCap().quotes, place, recorded(name), [BTC]))
    assert type(problem) is Blocked


def test_the_recorded_prices_of_coinmetrics_become_exact_history():
    text = recorded("coinmetrics/asset_metrics_price_2026-07.json")
    points = ask(CoinMetrics().history, "/v4/timeseries/asset-metrics", text, BTC, 7)[0]
    rows = exact(text)["data"]
    assert [str(point.price) for point in points] == [row["PriceUSD"] for row in rows]
    assert points[0].at == from_iso(rows[0]["time"]) + timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "one", "days"),
    [
        ("dataapi_days_ethusd_2020_q2025-11", "ETH", 90),
        ("dataapi_days_ethusd_2025-10", "ETH", 90),
        ("dataapi_days_polusd_after_rename", "POL", 90),
        ("dataapi_days_xrpusd_2021", "XRP", 90),
        ("dataapi_hours_btcusd_2010", "BTC", 7),
    ],
)
def test_recorded_rows_of_coindesk_become_exact_history(name, one, days):
    text = recorded(f"cryptocompare/{name}.json")
    points = index_history(text, one, days)
    rows = [row for row in exact(text)["Data"] if row["OPEN"]]
    assert points
    assert [(point.price, int(point.at.timestamp())) for point in points] == [
        (row["OPEN"], int(row["TIMESTAMP"])) for row in rows
    ]


@pytest.mark.parametrize(
    ("name", "one", "kind"),
    [
        ("dataapi_days_starkeur_2024-02", "STARK", BadPayload),
        ("dataapi_hours_dpiweth_2024-11", "DPI", BadPayload),
        ("dataapi_hours_wetheur_2024-11", "WETH", BadPayload),
        ("error_404_before_first_trade", "BTC", NotOffered),
        ("price_dpi_weth_2024-12", "DPI", BadPayload),
        ("pricemulti_eth_2025-03", "BTC", BadPayload),
    ],
)
def test_recorded_answers_in_other_currencies_are_named_errors(name, one, kind):
    text = recorded(f"cryptocompare/{name}.json")
    assert type(named(lambda: index_history(text, one))) is kind


@pytest.mark.parametrize("name", names("messari/*.json"))
def test_no_aggregator_takes_the_answer_of_another_for_its_own(name):
    text = recorded(name)
    adapters = (
        (GECKO, "/api/v3/coins/markets"),
        (PAPRIKA, "/v1/tickers"),
        (CoinCap(), "/v3/assets"),
        (CoinLore(), "/api/tickers/"),
        (CoinMarketCap(), "/v2/cryptocurrency/quotes/latest"),
        (DATA, "/index/cc/v1/latest/tick"),
    )
    for adapter, place in adapters:
        problem = named(lambda one=adapter, way=place: ask(one.quotes, way, text, [BTC, ETH]))
        assert isinstance(problem, ProviderError)


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("coinpaprika/error_404_id_not_found.json", 404, NotOffered),
        ("coinpaprika/error_402_historical_2022-06.json", 402, BadPayload),
        ("coinpaprika/redirect_301_trailing_slash_events.html", 301, Moved),
        ("coinmarketcap/error_401_sandbox.json", 401, Blocked),
        ("coinmarketcap/error_403_plan.json", 403, Blocked),
        ("cryptocompare/error_404_before_first_trade.json", 404, NotOffered),
        ("messari/error_400.json", 400, BadPayload),
    ],
)
@pytest.mark.usefixtures("live_market")
def test_a_recorded_error_over_the_wire_has_its_name(listen, name, status, kind):
    refused(listen(answer(status, recorded(name).encode())).url, kind)


def test_prices_have_all_the_digits_that_were_recorded():
    text = recorded("coinpaprika/tickers_list_one_row_2023-07.json")
    assert paprika(text)[0].price == Decimal("30538.078793975994")
