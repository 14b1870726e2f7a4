"""The three formats over real HTTP: shapes, digits, refusals."""

import re
import time

import pytest
import requests

from providers.simulator import Simulator
from providers.tests.simulator.conftest import NOW


def get(sim, place, **params):
    return requests.get(f"{sim.url}/{place}", params=params, timeout=5)


def gecko(sim, place, **params):
    return get(sim, f"coingecko/api/v3/{place}", **params)


def binance(sim, place, **params):
    return get(sim, f"binance/api/v3/{place}", **params)


def kraken(sim, place, **params):
    return get(sim, f"kraken/0/public/{place}", **params)


def test_every_answer_is_marked_as_simulated(sim):
    for place in ("", "nowhere", "_control/state", "_control/what", "binance/what"):
        assert get(sim, place).headers["X-Simulated-Market"] == "1", place
    assert requests.post(f"{sim.url}/kraken/0", timeout=5).headers["X-Simulated-Market"] == "1"
    assert requests.put(f"{sim.url}/kraken/0", timeout=5).headers["X-Simulated-Market"] == "1"


def test_binance_spells_every_number_with_eight_decimals(sim):
    row = binance(sim, "ticker/24hr", symbol="BTCUSDT").json()
    spelled = [v for k, v in row.items() if isinstance(v, str) and k not in ("symbol",)]
    spelled.remove(row["priceChangePercent"])
    assert all(re.fullmatch(r"-?\d+\.\d{8}", text) for text in spelled), spelled
    assert row["closeTime"] == int(NOW * 1000)
    assert row["closeTime"] - row["openTime"] == 86400000
    assert float(row["lowPrice"]) <= float(row["lastPrice"]) <= float(row["highPrice"])
    assert row["lastId"] - row["firstId"] + 1 == row["count"]
    assert row["lastPrice"] in (row["bidPrice"], row["askPrice"])


def test_binance_endpoints_agree_with_each_other(sim):
    ticker = binance(sim, "ticker/24hr", symbols='["ETHUSDT","BTCUSDT"]').json()
    assert [row["symbol"] for row in ticker] == ["BTCUSDT", "ETHUSDT"]
    prices = {row["symbol"]: row["price"] for row in binance(sim, "ticker/price").json()}
    assert prices["BTCUSDT"] == ticker[0]["lastPrice"]
    book = binance(sim, "depth", symbol="BTCUSDT", limit=5).json()
    top = binance(sim, "ticker/bookTicker", symbol="BTCUSDT").json()
    assert (book["bids"][0][0], book["asks"][0][0]) == (top["bidPrice"], top["askPrice"])
    assert len(book["bids"]) == len(book["asks"]) == 5
    candle = binance(sim, "klines", symbol="BTCUSDT", interval="1d").json()[-1]
    assert candle[4] == prices["BTCUSDT"]


def test_binance_candles_are_chosen_as_asked(sim):
    start = int(NOW) // 60 * 60000 - 600000
    query = {"symbol": "BTCUSDT", "interval": "1m"}
    rows = binance(sim, "klines", **query, startTime=start, endTime=start + 299999).json()
    assert [row[0] for row in rows] == [start + 60000 * i for i in range(5)]
    assert [row[6] for row in rows] == [start + 60000 * i + 59999 for i in range(5)]
    assert all(len(row) == 12 for row in rows)
    later = binance(sim, "klines", **query, startTime=start + 1, limit=1).json()
    assert later == rows[1:2]
    assert len(binance(sim, "klines", **query).json()) == 500
    assert len(binance(sim, "klines", **query, limit=5000).json()) == 1000


@pytest.mark.parametrize(
    ("place", "query", "code"),
    [
        ("ticker/price", {"symbol": "NOPEUSDT"}, -1121),
        ("ticker/price", {"symbols": '["BTCUSDT","NOPEUSDT"]'}, -1121),
        ("ticker/price", {"symbol": "btcusdt"}, -1100),
        ("ticker/price", {"symbols": "BTCUSDT"}, -1100),
        ("ticker/price", {"symbol": "BTCUSDT", "symbols": '["BTCUSDT"]'}, -1128),
        ("ticker/price", {"symbol": "BTCUSDT", "color": "red"}, -1104),
        ("ticker/24hr", {"type": "HUGE"}, -1130),
        ("ping", {"a": "b"}, -1101),
        ("klines", {"symbol": "BTCUSDT"}, -1102),
        ("klines", {"interval": "1m"}, -1102),
        ("klines", {"symbol": "BTCUSDT", "interval": "7m"}, -1120),
        ("klines", {"symbol": "BTCUSDT", "interval": "1m", "limit": "-3"}, -1100),
        ("depth", {"symbol": "BTCUSDT", "limit": "0"}, -1130),
    ],
)
def test_binance_refuses_as_binance_does(sim, place, query, code):
    answer = binance(sim, place, **query)
    assert answer.status_code == 400
    assert answer.json()["code"] == code


def test_binance_counts_weight(sim):
    first = int(binance(sim, "ticker/24hr").headers["X-MBX-USED-WEIGHT-1M"])
    assert first == 80
    second = int(binance(sim, "depth", symbol="BTCUSDT").headers["X-MBX-USED-WEIGHT-1M"])
    assert second in (85, 5)


def test_kraken_uses_its_old_names_and_its_own_digits(sim):
    body = kraken(sim, "Ticker", pair="XBTUSD,XDG/USD,SOLUSD,USDTZUSD").json()
    assert body["error"] == []
    assert list(body["result"]) == ["XXBTZUSD", "XDGUSD", "SOLUSD", "USDTZUSD"]
    row = body["result"]["XXBTZUSD"]
    assert re.fullmatch(r"\d+\.\d0000", row["c"][0])
    assert [len(row[key]) for key in "abcvptlh"] == [3, 3, 2, 2, 2, 2, 2, 2]
    assert isinstance(row["o"], str)
    assert set(row["t"]) == {int(count) for count in row["t"]}
    modern = kraken(sim, "Ticker", pair="XBTUSD", assetVersion="1").json()["result"]
    assert list(modern) == ["BTC/USD"]


def test_kraken_keeps_720_candles_and_the_running_one(sim):
    body = kraken(sim, "OHLC", pair="XBTUSD", interval=60).json()["result"]
    rows = body["XXBTZUSD"]
    assert len(rows) == 721
    assert body["last"] == rows[-2][0]
    assert all(len(row) == 8 for row in rows)
    assert re.fullmatch(r"\d+\.\d", rows[0][1])
    again = kraken(sim, "OHLC", pair="XBTUSD", interval=60, since=body["last"]).json()["result"]
    assert again["XXBTZUSD"] == rows[-1:]


@pytest.mark.parametrize(
    ("place", "query", "error"),
    [
        ("Ticker", {"pair": "NOPE"}, "EQuery:Unknown asset pair"),
        ("Ticker", {"pair": "XBTUSD,NOPE"}, "EQuery:Unknown asset pair"),
        ("AssetPairs", {"pair": "NOPE"}, "EQuery:Unknown asset pair"),
        ("Assets", {"asset": "NOPE"}, "EQuery:Unknown asset"),
        ("OHLC", {}, "EGeneral:Invalid arguments"),
        ("OHLC", {"pair": "XBTUSD", "interval": "7"}, "EGeneral:Invalid arguments"),
        ("OHLC", {"pair": "XBTUSD", "since": "now"}, "EGeneral:Invalid arguments"),
        ("Depth", {"pair": "XBTUSD", "count": "0"}, "EGeneral:Invalid arguments"),
        ("Nothing", {}, "EGeneral:Unknown method"),
    ],
)
def test_kraken_refuses_inside_a_200(sim, place, query, error):
    answer = kraken(sim, place, **query)
    assert answer.status_code == 200
    assert answer.json() == {"error": [error]}


def test_kraken_tells_its_time_and_state(sim):
    assert kraken(sim, "Time").json()["result"] == {
        "unixtime": int(NOW),
        "rfc1123": "Fri, 21 Nov 25 08:05:45 +0000",
    }
    assert kraken(sim, "SystemStatus").json()["result"]["status"] == "online"


def test_coingecko_rows_are_complete_and_a_little_old(sim):
    query = {"vs_currency": "usd", "price_change_percentage": "1h,24h,7d"}
    rows = gecko(sim, "coins/markets", **query, sparkline="true").json()
    assert [row["market_cap_rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["id"] == "bitcoin"
    assert isinstance(rows[0]["current_price"], int)
    stamps = {row["last_updated"] for row in rows}
    assert len(stamps) > 20
    assert min(stamps) > "2025-11-21T08:05:15"
    assert max(stamps) < "2025-11-21T08:05:45"
    for row in rows:
        assert row["low_24h"] <= row["current_price"] <= row["high_24h"] <= row["ath"], row["id"]
        assert len(row["sparkline_in_7d"]["price"]) == 168
        assert -90 < row["price_change_percentage_7d_in_currency"] < 900


def test_coingecko_pages_orders_and_leaves_out_what_it_does_not_know(sim):
    page = gecko(sim, "coins/markets", vs_currency="usd", per_page=250, page=5)
    assert len(page.json()) == int(page.headers["Total"]) - 1000
    assert gecko(sim, "coins/markets", vs_currency="usd", page=99).json() == []
    rows = gecko(sim, "coins/markets", vs_currency="usd", order="id_asc", per_page=3).json()
    assert [row["id"] for row in rows] == ["aave", "algorand", "aptos"]
    some = gecko(sim, "coins/markets", vs_currency="eur", ids="bitcoin,nothing, ethereum")
    assert [row["id"] for row in some.json()] == ["bitcoin"]
    assert some.headers["Total"] == "1"
    assert gecko(sim, "coins/markets", vs_currency="usd", ids="nothing").json() == []


def test_coingecko_simple_prices(sim):
    query = {"ids": "tether,bitcoin,nothing", "vs_currencies": "usd,nothing"}
    body = gecko(sim, "simple/price", **query, include_last_updated_at="true").json()
    assert list(body) == ["bitcoin", "tether"]
    assert set(body["tether"]) == {"usd", "last_updated_at"}
    assert 0.99 < body["tether"]["usd"] < 1.01
    bare = gecko(sim, "simple/price", ids="bitcoin", vs_currencies="nothing").json()
    assert bare == {"bitcoin": {}}


def test_coingecko_charts_have_the_usual_number_of_points(sim):
    for days, count in ((1, 289), (30, 721), (365, 366)):
        query = {"vs_currency": "usd", "days": days}
        body = gecko(sim, "coins/bitcoin/market_chart", **query).json()
        assert {len(column) for column in body.values()} == {count}
        assert body["prices"][-1][0] == int(NOW * 1000)
    candles = gecko(sim, "coins/bitcoin/ohlc", vs_currency="usd", days=7).json()
    assert len(candles) == 42
    assert all(low <= min(o, c) <= max(o, c) <= high for _, o, high, low, c in candles)


def test_coingecko_lists(sim):
    assert gecko(sim, "ping").json() == {"gecko_says": "(V3) To the Moon!"}
    assert {"id": "ripple", "symbol": "xrp", "name": "XRP"} in gecko(sim, "coins/list").json()
    world = gecko(sim, "global").json()["data"]
    assert 99 > sum(world["market_cap_percentage"].values()) > 90
    assert len(gecko(sim, "search/trending").json()["coins"]) == 15


@pytest.mark.parametrize(
    ("place", "query", "status", "error"),
    [
        ("coins/markets", {}, 422, "Missing parameter vs_currency"),
        ("coins/markets", {"vs_currency": "nothing"}, 422, "invalid vs_currency"),
        ("simple/price", {"vs_currencies": "usd"}, 422, "Missing parameter ids"),
        ("coins/nothing/market_chart", {}, 404, "coin not found"),
        ("coins/bitcoin/market_chart", {"vs_currency": "usd"}, 422, "Missing parameter days"),
        ("nowhere", {}, 404, "Incorrect path. Please check https://www.coingecko.com/api/"),
    ],
)
def test_coingecko_refuses_as_coingecko_does(sim, place, query, status, error):
    answer = gecko(sim, place, **query)
    assert answer.status_code == status
    assert answer.json() == {"error": error}


def test_coingecko_sells_what_is_older_than_a_year(sim):
    answer = gecko(sim, "coins/bitcoin/market_chart", vs_currency="usd", days="max")
    assert answer.status_code == 401
    assert answer.json()["error"]["status"]["error_code"] == 10012


def test_the_clock_can_run_faster():
    with Simulator(speed=600) as sim:
        before = sim.clock()
        time.sleep(0.1)
        assert sim.clock() - before > 50


def test_the_same_seed_and_moment_give_the_same_bytes(sim):
    with Simulator(seed=7, clock=lambda: NOW) as twin:
        for place in ("coingecko/api/v3/coins/markets?vs_currency=usd", "kraken/0/public/Ticker"):
            assert get(sim, place).content == get(twin, place).content
