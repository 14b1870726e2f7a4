"""What a read costs the store: nothing when it is warm, and when nothing is, three questions."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection

from market import snapshot
from market.models import Rate
from market.selectors.assets import stored_entries
from market.selectors.candle_answers import KEPT
from market.tests.api.test_figures import EVERY as FIGURES
from market.tests.candles import candle, given_candles, given_series, record
from market.tests.figures import given_days, given_protocols, given_totals, given_trending
from market.tests.quotes import NOW, given_assets, given_price
from market.tests.selectors.test_standings import given_standing

pytestmark = pytest.mark.django_db
TOPICS = ("assets", "prices", "rates", "standings", "overview", "trending", "defi", "tvl")
# What is not kept is read from the store each time.
KEPT_WARM = [
    "/api/prices",
    "/api/prices?symbols=btc,ethereum&convert=EUR&detail=full",
    "/api/market/prices",
    "/api/ohlcv?symbol=BTC&interval=1m",
    "/api/ohlcv?symbol=BTC/USDT&interval=1m&limit=3&order=desc",
    "/api/hf/ohlcv?symbol=BTCUSDT&interval=1m",
    "/api/service/history?symbol=BTC&interval=1m",
    "/api/market/history?symbol=BTC&interval=1m",
    "/api/market",
    "/api/market?symbols=BTC&sort=-change",
    "/api/coins/top",
    "/api/assets",
    *FIGURES,
    "/api/service/rate?pair=BTC/EUR",
    "/api/service/rate/batch?pairs=BTC/EUR,ETH/BTC",
    "/api/service/market-status",
]
READ_EACH_TIME = [
    "/api/assets/BTC",
    "/api/candles/gaps?symbol=BTC&interval=1m",
    "/api/prices/history/BTC",
]


@pytest.fixture(autouse=True)
def _market(settings):
    with time_machine.travel(NOW + timedelta(seconds=5), tick=False):
        given_assets(settings, "BTC", "ETH")
        given_price("BTC", "64000", change_24h=Decimal(2), volume_24h=Decimal("9e9"))
        given_price("ETH", "3000", change_24h=Decimal(-2), volume_24h=Decimal("9e9"))
        given_standing("ETH", 2, "3000.5")
        Rate.objects.create(
            currency="EUR", name="Euro", kind="fiat", usd=Decimal("1.07"), source="a+b",
            observed_at=NOW,
        )  # fmt: skip
        given_totals()
        given_trending("pepe", "bonk")
        given_protocols(3)
        given_days(0, 1, 2)
        series = given_series()
        # The store knows of a hole, so that there is something to explain.
        given_candles(series, [*range(-10, -5), *range(-3, 0)])
        record(series, candle(series, 0, "1234.5", closed=False))
        snapshot.publish_assets(stored_entries())
        yield


def forget_everything():
    """Leave what a process has that was just started, and finds nothing published."""
    cache.delete_many([f"snapshot:{topic}:version" for topic in TOPICS])
    KEPT.clear()
    # Django tries this out once in the life of a process.
    assert connection.features.supports_json_field


@pytest.mark.parametrize("url", KEPT_WARM)
def test_a_cold_read_asks_the_store_three_times_at_most_and_a_warm_one_never(
    client, url, django_assert_max_num_queries, django_assert_num_queries
):
    forget_everything()
    with django_assert_max_num_queries(3):
        assert client.get(url).status_code == 200
    with django_assert_num_queries(0):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize("url", READ_EACH_TIME)
def test_what_is_read_from_the_store_takes_three_questions_too(
    client, url, django_assert_max_num_queries
):
    forget_everything()
    with django_assert_max_num_queries(3):
        assert client.get(url).status_code == 200
