"""The product as one process: it starts, says what is wrong, recovers, and stops cleanly."""

import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from cryptodt.tests.running import Service, free_port
from cryptodt.tests.test_feed import Talk
from providers.registry import ROWS
from providers.simulator import Simulator


def test_it_stops_cleanly_and_shows_the_operators_password_once(tmp_path: Path, own_database):
    first = Service(tmp_path, own_database, is_first=True).start()
    assert "SIMULATED" in "".join(first.output)
    assert len(first.operator_password) >= 20
    assert first.stop(signal.SIGINT) == 0
    assert first.output[-1] == "CryptoDT has stopped.\n"

    second = Service(tmp_path, own_database).start()
    assert "password" not in "".join(second.output)
    assert second.stop(signal.SIGTERM) == 0


def test_a_database_of_the_other_market_is_refused(tmp_path: Path, own_database):
    Service(tmp_path, own_database).start().stop()
    live = Service(tmp_path, {**own_database, "CRYPTODT_SIMULATED": "0"})
    with pytest.raises(AssertionError, match="holds a simulated market"):
        live.start()


def test_the_exchanges_are_heard_over_their_sockets(tmp_path: Path, own_database):
    # Nobody is asked for prices again in this hour.
    service = Service(tmp_path, {**own_database, "COLLECT_INTERVAL": "3600"}).start()
    try:
        service.wait_until(lambda: _stream_of(service, "binance")["status"] == "online")
        # Coinbase's prices come over its socket only.
        service.wait_until(lambda: "coinbaseexchange" in _sources(service))
        with Talk(service) as talk:
            talk.subscribe("prices:BTC")
            told = [talk.next("update")["data"][0]["lastUpdate"] for _ in range(5)]
        assert told == sorted(set(told))
    finally:
        assert service.stop() == 0


def test_streams_can_be_left_out(tmp_path: Path, own_database):
    service = Service(tmp_path, {**own_database, "ENABLE_STREAMS": "false"}).start()
    try:
        service.wait_until(lambda: service.get("/api/prices")[0] == 200)
        assert _stream_of(service, "binance")["status"] == "unknown"
    finally:
        service.stop()


def _stream_of(service: Service, slug: str) -> dict[str, Any]:
    found = service.get(f"/api/providers/{slug}")[1]["data"]["capabilities"]
    return dict(next(one for one in found if one["capability"] == "stream"))


def _sources(service: Service) -> list[str]:
    status, body = service.get("/api/prices?symbols=BTC")
    return list(body["data"][0]["source"].split("+")) if status == 200 else []


def test_without_internet_it_says_so_shows_no_price_and_recovers(tmp_path: Path, own_database):
    port = free_port()
    service = Service(
        tmp_path,
        {
            **own_database,
            "PROVIDERS_BASE_URL": f"http://127.0.0.1:{port}",
            "COLLECT_INTERVAL": "1",
            "CIRCUIT_BREAKER_TIMEOUT": "1",
        },
    ).start()
    try:
        service.wait_until(lambda: _errors(service).count(None) == 0, seconds=15)
        status, health = service.get("/api/health")
        assert (status, health["status"], health["prices"]["priced"]) == (200, "degraded", 0)
        assert all("cannot be reached" in (error or "") for error in _errors(service))
        status, answer = service.get("/api/prices?symbols=BTC")
        assert (status, answer["error"]["code"]) == (503, "PROVIDER_ERROR")
        assert set(answer["error"]["details"]) >= {"coingecko", "binance", "kraken"}

        with Simulator(port=port):
            service.wait_until(lambda: service.get("/api/prices")[0] == 200)
            # CoinGecko is asked twice a minute, failures included, and takes its time to return.
            service.wait_until(lambda: _errors_of(service, "binance", "kraken") == [None, None])
    finally:
        service.stop()


def test_prices_grow_old_and_say_so_when_every_provider_fails(tmp_path: Path, own_database):
    service = Service(
        tmp_path,
        {
            **own_database,
            "COLLECT_INTERVAL": "1",
            "CACHE_TTL_PRICES": "2",
            # What is broken below is the asking alone.
            "ENABLE_STREAMS": "false",
        },
    ).start()
    try:
        service.wait_until(lambda: service.get("/api/prices?symbols=BTC")[0] == 200)
        for row in ROWS:
            if row.is_default and "quotes" in row.offers:
                service.fault(row.slug, "reset")
        service.wait_until(lambda: service.get("/api/prices?symbols=BTC")[1]["data"][0]["stale"])
        first = service.get("/api/prices?symbols=BTC")[1]["data"][0]
        service.wait_until(
            lambda: service.get("/api/prices?symbols=BTC")[1]["data"][0]["age"] > first["age"]
        )
        later = service.get("/api/prices?symbols=BTC")[1]["data"][0]
        assert later["priceExact"] == first["priceExact"]
        assert later["lastUpdate"] == first["lastUpdate"]
        assert service.get("/api/health")[1]["status"] == "degraded"
    finally:
        service.stop()


def test_a_stop_while_a_provider_hangs_and_sockets_are_open_takes_under_ten_seconds(
    tmp_path: Path, own_database
):
    service = Service(tmp_path, {**own_database, "COLLECT_INTERVAL": "1"}).start()
    service.fault("binance", "hang")
    with connect(service.url.replace("http", "ws") + "/ws") as socket:
        socket.recv()
        threading.Event().wait(1.5)
        assert service.stop() == 0


def _errors_of(service: Service, *slugs: str) -> list[str | None]:
    states = {one["slug"]: one for one in service.get("/api/health")[1]["providers"]}
    return [states[slug]["errorMessage"] for slug in slugs]


def _errors(service: Service) -> list[str | None]:
    return [one["errorMessage"] for one in service.get("/api/health")[1]["providers"]]
