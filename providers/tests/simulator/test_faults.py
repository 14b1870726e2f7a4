"""Every fault over real HTTP, and the panel that switches them."""

import json
import time

import pytest
import requests

from providers.simulator import Simulator
from providers.simulator.faults import FAULTS, BadFault
from providers.tests.simulator.conftest import NOW

PLACES = {
    "coingecko": "coingecko/api/v3/coins/markets?vs_currency=usd&ids=bitcoin",
    "binance": "binance/api/v3/ticker/24hr?symbol=BTCUSDT",
    "kraken": "kraken/0/public/Ticker?pair=XBTUSD",
}
PROVIDERS = list(PLACES)


def ask(sim, provider="binance", timeout=5.0, **more):
    return requests.get(f"{sim.url}/{PLACES[provider]}", timeout=timeout, **more)


def price_in(provider, body):
    if provider == "coingecko":
        return body[0]["current_price"]
    return body["lastPrice"] if provider == "binance" else body["result"]["XXBTZUSD"]["c"][0]


@pytest.mark.parametrize(
    ("kind", "options", "statuses"),
    [
        ("rate_limited", {}, (429, 429, 429)),
        ("banned", {}, (403, 418, 200)),
        ("geo_blocked", {}, (451, 451, 451)),
        ("forbidden", {}, (403, 403, 403)),
        ("server_error", {}, (500, 500, 500)),
        ("server_error", {"status": 502}, (502, 502, 502)),
        ("server_error", {"status": 503}, (503, 503, 503)),
        ("html", {}, (200, 200, 200)),
        ("error_body", {}, (200, 200, 200)),
    ],
)
def test_refusals_have_their_status_and_are_marked(sim, kind, options, statuses):
    for provider, status in zip(PROVIDERS, statuses, strict=True):
        sim.fault(provider, kind, **options)
        answer = ask(sim, provider)
        assert answer.status_code == status
        assert answer.headers["X-Simulated-Market"] == "1"
        assert "BTC" not in answer.text
        sim.heal(provider)
        assert ask(sim, provider).status_code == 200


def test_limits_and_bans_say_how_long(sim):
    sim.fault("kraken", "rate_limited", retry_after=7)
    assert ask(sim, "kraken").headers["Retry-After"] == "7"
    sim.fault("kraken", "rate_limited", retry_after=None)
    assert "Retry-After" not in ask(sim, "kraken").headers
    sim.fault("binance", "banned", retry_after=60)
    answer = ask(sim)
    assert answer.headers["Retry-After"] == "60"
    assert f"banned until {int((NOW + 60) * 1000)}" in answer.json()["msg"]
    assert "X-MBX-USED-WEIGHT-1M" in answer.headers


def test_pages_are_html_and_not_json(sim):
    for kind in ("html", "forbidden"):
        sim.fault("binance", kind)
        answer = ask(sim)
        assert answer.headers["Content-Type"].startswith("text/html")
        with pytest.raises(ValueError, match="Expecting value"):
            answer.json()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_wrong_price_is_ten_times_too_high(sim, provider):
    right = float(price_in(provider, ask(sim, provider).json()))
    sim.fault(provider, "wrong_price")
    assert float(price_in(provider, ask(sim, provider).json())) == pytest.approx(10 * right, 1e-4)
    sim.fault(provider, "wrong_price", factor=1.5, assets=["ETH"])
    assert float(price_in(provider, ask(sim, provider).json())) == pytest.approx(right, 1e-9)


def test_a_frozen_market_repeats_itself_under_new_timestamps():
    now = [NOW]
    with Simulator(clock=lambda: now[0]) as sim:
        before = ask(sim).json()
        sim.fault("binance", "frozen")
        now[0] += 90
        frozen = ask(sim).json()
        assert frozen["lastPrice"] == before["lastPrice"]
        assert frozen["closeTime"] == before["closeTime"] + 90000
        sim.fault("coingecko", "frozen", timestamps=True)
        before = ask(sim, "coingecko").json()
        now[0] += 90
        assert ask(sim, "coingecko").json() == before
        sim.heal()
        assert ask(sim).json()["lastPrice"] != before[0]["current_price"]


@pytest.mark.parametrize("place", ["coins/bitcoin/market_chart", "coins/bitcoin/ohlc"])
def test_a_frozen_provider_answers_charts_too(place):
    now = [NOW]
    with Simulator(clock=lambda: now[0]) as sim:
        sim.fault("coingecko", "frozen")
        now[0] += 86400
        url = f"{sim.url}/coingecko/api/v3/{place}?vs_currency=usd&days=1"
        body = requests.get(url, timeout=5).json()
    rows = body["prices"] if isinstance(body, dict) else body
    assert rows[-1][1:] != []
    assert rows[-1][-1] == rows[-2][-1]


def test_stale_data_carries_stale_timestamps(sim):
    fresh = ask(sim).json()
    sim.fault("binance", "stale")
    stale = ask(sim).json()
    assert stale["closeTime"] == fresh["closeTime"] - 86400000
    assert stale["lastPrice"] == fresh["openPrice"] or stale["lastPrice"] != fresh["lastPrice"]


def test_fields_go_missing_or_null(sim):
    for provider, name in (("coingecko", "current_price"), ("binance", "lastPrice")):
        sim.fault(provider, "missing_fields")
        body = ask(sim, provider).json()
        assert name not in (body[0] if isinstance(body, list) else body)
        sim.fault(provider, "nulls")
        body = ask(sim, provider).json()
        assert (body[0] if isinstance(body, list) else body)[name] is None
    sim.fault("kraken", "nulls", fields=["o"])
    row = ask(sim, "kraken").json()["result"]["XXBTZUSD"]
    assert row["o"] is None
    assert row["h"][1] is None


def test_candles_lose_columns(sim):
    url = f"{sim.url}/binance/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=2"
    sim.fault("binance", "missing_fields")
    assert {len(row) for row in requests.get(url, timeout=5).json()} == {6}
    sim.fault("binance", "nulls")
    assert requests.get(url, timeout=5).json()[0][1:] == [None] * 11


def test_numbers_change_their_type(sim):
    sim.fault("coingecko", "numbers_as_strings")
    assert isinstance(price_in("coingecko", ask(sim, "coingecko").json()), str)
    for provider in ("binance", "kraken"):
        sim.fault(provider, "strings_as_numbers")
        assert isinstance(price_in(provider, ask(sim, provider).json()), float)


def test_empty_is_the_right_envelope_around_nothing(sim):
    for provider, empty in (
        ("coingecko", []),
        ("binance", {}),
        ("kraken", {"error": [], "result": {}}),
    ):
        sim.fault(provider, "empty")
        assert ask(sim, provider).json() == empty


def test_a_hanging_provider_never_answers_and_others_do(sim):
    sim.fault("binance", "hang")
    with pytest.raises(requests.ReadTimeout):
        ask(sim, timeout=0.3)
    assert ask(sim, "kraken").ok


def test_stopping_does_not_wait_for_those_that_hang(sim):
    sim.fault("binance", "hang", count=1)
    with pytest.raises(requests.ReadTimeout):
        ask(sim, timeout=0.2)
    assert ask(sim).ok
    started = time.perf_counter()
    sim.stop()
    assert time.perf_counter() - started < 1


def test_a_slow_body_comes_drop_by_drop(sim):
    sim.fault("binance", "slow_body", bytes_per_second=50)
    started = time.perf_counter()
    with ask(sim, stream=True) as answer:
        assert answer.headers["Content-Length"].isdigit()
        assert len(answer.raw.read(20)) == 20
        assert time.perf_counter() - started > 0.3
        sim.heal("binance")
        assert answer.raw.read().endswith(b"}")


def test_a_reset_is_a_reset(sim):
    sim.fault("kraken", "reset")
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        ask(sim, "kraken")


def test_a_truncated_answer_is_half_an_answer(sim):
    whole = ask(sim).content
    sim.fault("binance", "truncated")
    half = ask(sim)
    assert half.content == whole[: len(whole) // 2]
    with pytest.raises(ValueError, match="column"):
        json.loads(half.content)
    sim.fault("binance", "truncated", honest_length=False)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(sim)


def test_a_huge_answer_goes_on_until_the_client_has_enough(sim):
    sim.fault("binance", "huge", megabytes=3000)
    with ask(sim, stream=True) as answer:
        assert "Content-Length" not in answer.headers
        assert len(answer.raw.read(5_000_000)) == 5_000_000
    assert ask(sim, "kraken").ok
    sim.fault("binance", "huge", megabytes=2)
    assert 2e6 < len(ask(sim).content) < 3e6


def test_a_fault_can_strike_a_few_times_only(sim):
    sim.fault("binance", "server_error", count=2)
    assert [ask(sim).status_code for _ in range(4)] == [500, 500, 200, 200]


def test_a_fault_can_strike_now_and_then_and_always_alike(sim):
    def strikes():
        sim.fault("binance", "server_error", probability=0.5)
        return [ask(sim).status_code for _ in range(40)]

    first = strikes()
    assert {500, 200} == set(first)
    assert first == strikes()


@pytest.mark.parametrize("kind", FAULTS)
def test_every_fault_can_be_set_and_healed_over_http(sim, kind):
    panel = f"{sim.url}/_control"
    made = requests.post(f"{panel}/faults", json={"provider": "kraken", "fault": kind}, timeout=5)
    assert made.status_code == 200
    state = requests.get(f"{panel}/state", timeout=5).json()
    assert state["providers"]["kraken"]["fault"]["kind"] == kind
    assert requests.delete(f"{panel}/faults?provider=kraken", timeout=5).status_code == 200
    assert ask(sim, "kraken").json()["error"] == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "not JSON"),
        (b"[]", "JSON object"),
        (b'{"provider":"binance"}', "'fault' is missing"),
        (b'{"provider":"nobody","fault":"hang"}', "unknown provider"),
        (b'{"provider":"binance","fault":"sulk"}', "unknown fault"),
        (b'{"provider":"binance","fault":"hang","factor":2}', "no option factor"),
        (b'{"provider":"binance","fault":"wrong_price","factor":"2"}', "factor must be"),
        (b'{"provider":"binance","fault":"hang","probability":2}', "probability must be"),
        (b'{"provider":"binance","fault":"hang","count":0}', "count must be"),
        (b'{"provider":"binance","fault":"server_error","status":504}', "status must be"),
        (b'{"provider":"binance","fault":"hang","kind":"x"}', "given as 'fault'"),
        (b'{"provider":"binance","fault":"huge","megabytes":1e9}', "megabytes must be"),
        (b'{"provider":"binance","fault":"hang","since":1}', "no option since"),
    ],
)
def test_bad_control_input_is_refused_in_words(sim, body, message):
    answer = requests.post(f"{sim.url}/_control/faults", data=body, timeout=5)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert ask(sim).ok


def test_bad_faults_are_refused_in_python_too(sim):
    with pytest.raises(BadFault, match="unknown provider"):
        sim.heal("nobody")
    with pytest.raises(BadFault, match="unknown fault"):
        sim.fault("binance", "sulk")


def test_the_panel_heals_everyone_at_once_and_counts_requests(sim):
    for provider in PROVIDERS:
        sim.fault(provider, "server_error")
        ask(sim, provider)
    requests.delete(f"{sim.url}/_control/faults", timeout=5)
    state = requests.get(f"{sim.url}/_control/state", timeout=5).json()
    assert {row["fault"] for row in state["providers"].values()} == {None}
    assert {state["providers"][name]["requests"] for name in PROVIDERS} == {1}
    assert state["simulated_time"] == "2025-11-21T08:05:45.678000+00:00"


def test_requests_are_remembered_with_their_fault(sim):
    ask(sim)
    sim.fault("binance", "empty")
    ask(sim)
    first, second = sim.requests("binance")
    assert (first.path, dict(first.query)) == ("/api/v3/ticker/24hr", {"symbol": "BTCUSDT"})
    assert (first.fault, second.fault) == (None, "empty")
    assert sim.requests("kraken") == []
    sim.forget_requests()
    assert sim.requests() == []
