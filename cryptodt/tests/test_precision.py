"""The smallest and the longest price, digit for digit: wire, store, REST, socket, restart."""

import json
import re
from datetime import UTC, datetime

import pytest
from websockets.sync.client import connect
from werkzeug import Response

from cryptodt.tests.running import Service

pytestmark = pytest.mark.timeout(90)
# As an upstream may write them, and as they are told.
PRICES = {
    "bitcoin": ("123456789.123456789012", "123456789.123456789012"),
    "dogecoin": ("1e-12", "0.000000000001"),
}
SYMBOLS = {"bitcoin": "BTC", "dogecoin": "DOGE"}
TOLD = re.compile(r'"symbol":"(\w+)"[^{}]*?"price":([^,]+),"priceExact":"([^"]+)"')
EXPECTED = {(SYMBOLS[coin], told, told) for coin, (_, told) in PRICES.items()}


def markets(request):
    """Answer as CoinGecko does, with numbers that no float could carry."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    rows = [
        f'{{"id":"{coin}","symbol":"{SYMBOLS[coin].lower()}","name":"{coin.title()}",'
        f'"current_price":{written},"last_updated":"{now}"}}'
        for coin, (written, _) in PRICES.items()
    ]
    return Response(f"[{','.join(rows)}]", content_type="application/json")


def read(service):
    return set(TOLD.findall(json_text(service)))


def json_text(service):
    status, body = service.get_text("/api/prices?symbols=BTC,DOGE")
    return body if status == 200 else ""


@pytest.fixture
def upstream(httpserver):
    httpserver.expect_request("/coingecko/api/v3/coins/markets").respond_with_handler(markets)
    return httpserver


def test_no_digit_is_lost_on_the_way(upstream, tmp_path, own_database):
    service = Service(
        tmp_path,
        {
            **own_database,
            "CRYPTODT_SIMULATED": "0",
            "SUPPORTED_SYMBOLS": "BTC,DOGE",
            "PROVIDERS_BASE_URL": upstream.url_for("").rstrip("/"),
        },
        is_first=True,
    ).start()
    try:
        service.wait_until(lambda: len(read(service)) == 2)
        assert read(service) == EXPECTED
        with connect(service.url.replace("http", "ws") + "/ws") as socket:
            socket.send(json.dumps({"type": "subscribe", "symbols": ["BTC", "DOGE"]}))
            heard: set[tuple[str, ...]] = set()
            while len(heard) < 2:
                heard |= set(TOLD.findall(str(socket.recv(timeout=15))))
        assert heard == EXPECTED
        # Nothing but the store is left of them now.
        service.stop()
        upstream.clear()
        service.start()
        service.wait_until(lambda: len(read(service)) == 2)
        assert read(service) == EXPECTED
    finally:
        service.stop()
