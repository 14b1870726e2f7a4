"""Recording prices: store once, show after the commit, lose nothing when telling fails."""

import json
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest
from django.db import transaction

from cryptodt.common import broadcast
from market.catalog import LISTINGS
from market.models import Asset, Price, PricePoint
from market.selectors import prices as selectors
from market.selectors.assets import index
from market.selectors.prices import PriceQuery, warm_prices
from market.services.assets import sync_assets
from market.services.prices import record_quotes
from market.tests.quotes import NOW, given_assets, given_price, quote, stored

STEP = timedelta(seconds=5)


@pytest.fixture
def told(monkeypatch):
    """What is broadcast."""
    messages: list[bytes] = []
    publish = broadcast.publish

    def tell(message):
        publish(message)
        messages.append(message)

    monkeypatch.setattr(broadcast, "publish", tell)
    return messages


@pytest.fixture
def on_commit(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture(autouse=True)
def _assets(db, settings):
    given_assets(settings, "BTC", "ETH", "SHIB")


def shown(symbol="BTC"):
    return json.loads(selectors.price_items([symbol])[symbol])


def test_one_price_in_the_store_the_answer_and_the_broadcast_is_one_string(
    client, on_commit, told
):
    with on_commit():
        record_quotes([quote("binance", "64000.50"), quote("kraken", "64000.5000")], now=NOW)
        record_quotes([quote(symbol="SHIB", price="1.230E-12")], now=NOW)
    for symbol, written in (("BTC", "64000.5"), ("SHIB", "0.00000000000123")):
        assert format(stored(symbol).price, "f") == written
        literal = f'"price":{written},"priceExact":"{written}","priceUsd":{written},'.encode()
        assert literal in client.get(f"/api/prices?symbols={symbol}").content
        assert any(
            literal in orjson.loads(message)["items"].get(symbol, "").encode() for message in told
        )


def test_the_broadcast_is_what_a_reader_can_read_already(monkeypatch, on_commit):
    read_when_told = []
    monkeypatch.setattr(
        broadcast,
        "publish",
        lambda message: read_when_told.append(
            (orjson.loads(message)["items"]["BTC"], shown()["priceExact"])
        ),
    )
    with on_commit():
        record_quotes([quote(price="64001")], now=NOW)
    ((told, read),) = read_when_told
    assert json.loads(told)["priceExact"] == read == "64001"


def test_one_run_is_one_message_with_all_that_changed(on_commit, told):
    with on_commit():
        record_quotes([quote(), quote(symbol="ETH", price="3000")], now=NOW)
    (message,) = told
    assert set(orjson.loads(message)["items"]) == {"BTC", "ETH"}


def test_what_is_not_tracked_is_no_news_of_all_prices(on_commit):
    def places():
        topics = ("prices", "prices:BTC", "prices:USDT")
        return [broadcast.position(topic).offset for topic in topics]

    before = places()
    with on_commit():
        record_quotes([quote(one, "1", symbol="USDT") for one in ("kraken", "okx")], now=NOW)
    alone = places()
    with on_commit():
        tether = [quote(one, "1", symbol="USDT", age=-5) for one in ("kraken", "okx")]
        record_quotes([quote(), *tether], now=NOW + STEP)
    together = places()
    assert [now - then for now, then in zip(alone, before, strict=True)] == [0, 0, 1]
    assert [now - then for now, then in zip(together, alone, strict=True)] == [1, 1, 1]


def test_nothing_new_is_not_written_and_not_told(on_commit, told):
    with on_commit():
        record_quotes([quote()], now=NOW)
    told.clear()
    with on_commit() as callbacks:
        recorded = record_quotes([quote()], now=NOW + STEP)
    assert recorded.changed == ()
    assert callbacks == []
    assert told == []
    assert stored().recorded_at == NOW


def test_the_same_price_seen_later_is_news(on_commit, told):
    with on_commit():
        record_quotes([quote()], now=NOW)
        record_quotes([quote(age=-5)], now=NOW + STEP)
    assert stored().observed_at == NOW + STEP
    assert len(told) == 2


def test_an_older_observation_never_replaces_a_newer_one(on_commit, told):
    given_price(price="64000", observed_at=NOW)
    recorded = record_quotes([quote("kraken", "63990", age=20)], now=NOW)
    assert recorded.changed == ()
    assert stored().price == 64000


def test_the_first_price_of_a_minute_stands_for_it():
    for age, price in ((0, "64000"), (-10, "64001"), (-29, "64002"), (-30, "64003")):
        now = NOW - timedelta(seconds=age)
        record_quotes([quote("binance", price, age=age), quote(price=price, age=age)], now=now)
    minute = int(NOW.timestamp()) // 60 * 60
    points = PricePoint.objects.order_by("at")
    assert [(point.at - minute, str(point.price)) for point in points] == [
        (0, "64000"),
        (60, "64003"),
    ]
    assert stored().price == 64003
    assert Price.objects.count() == 1


def test_a_failing_broadcast_loses_nothing(client, on_commit, monkeypatch):
    def fail(message):
        raise ConnectionError("Redis went away")

    monkeypatch.setattr(broadcast, "publish", fail)
    with on_commit():
        recorded = record_quotes([quote(price="64001")], now=NOW)
    assert recorded.changed == ("BTC",)
    assert stored().price == 64001
    assert client.get("/api/prices?symbols=BTC").json()["data"][0]["priceExact"] == "64001"


def test_a_snapshot_that_could_not_be_written_is_right_after_the_next_round(
    on_commit, told, monkeypatch
):
    with on_commit():
        record_quotes([quote(price="64000")], now=NOW)
    with monkeypatch.context() as broken, on_commit():
        broken.setattr("market.snapshot.publish", lambda items: 1 / 0)
        record_quotes([quote(price="64001", age=-5)], now=NOW + STEP)
    assert stored().price == 64001
    with on_commit():
        record_quotes([quote(price="64002", age=-10)], now=NOW + 2 * STEP)
    assert shown()["priceExact"] == "64002"


def test_a_rollback_shows_nothing(told):
    with transaction.atomic():
        record_quotes([quote()], now=NOW)
        transaction.set_rollback(True)
    assert not Price.objects.exists()
    assert not PricePoint.objects.exists()
    assert told == []
    assert selectors.price_items(["BTC"]) == {}


def test_what_was_stored_and_never_shown_is_shown_by_the_next_round_even_without_news(
    on_commit, told
):
    assert selectors.price_items(["BTC"]) == {}
    # Nothing that waits for the commit runs here, as in a process that dies right after it.
    record_quotes([quote()], now=NOW)
    assert selectors.price_items(["BTC"]) == {}
    record_quotes([], now=NOW + STEP)
    assert "64000" in selectors.price_items(["BTC"])["BTC"]
    assert list(orjson.loads(told[0])["items"]) == ["BTC"]
    record_quotes([], now=NOW + STEP)
    assert len(told) == 1


def test_every_round_with_news_has_a_greater_version(on_commit, told):
    for number in range(3):
        with on_commit():
            record_quotes([quote(age=-number)], now=NOW + timedelta(seconds=number))
    versions = [orjson.loads(message)["version"] for message in told]
    assert versions == sorted(set(versions))
    assert selectors.price_answer(PriceQuery()).version == versions[-1]


def test_a_round_leaves_the_others_prices_in_the_snapshot(on_commit, told):
    with on_commit():
        record_quotes([quote()], now=NOW)
    with on_commit():
        record_quotes([quote(symbol="ETH", price="3000")], now=NOW)
    assert set(selectors.price_items(["BTC", "ETH"])) == {"BTC", "ETH"}


def test_a_quote_in_tether_is_converted_by_what_tether_costs_in_this_round():
    quotes = [
        quote("binance", "64000", currency="USDT"),
        quote("kraken", "0.995", symbol="USDT"),
        quote("coingecko", "0.995", symbol="USDT"),
    ]
    record_quotes(quotes, now=NOW)
    assert stored().price == Decimal("63680")


def test_a_quote_in_tether_is_no_price_while_nobody_knows_what_tether_costs():
    recorded = record_quotes([quote("binance", "64000", currency="USDT")], now=NOW)
    assert recorded.refused == {"BTC": "no fresh quote"}
    assert not Price.objects.exists()


@pytest.mark.parametrize(("hours", "converts"), [(23, True), (25, False)])
def test_a_price_of_tether_from_yesterday_converts_and_an_older_one_does_not(hours, converts):
    given_price("USDT", "0.5", observed_at=NOW - timedelta(hours=hours))
    record_quotes([quote("binance", "64000", currency="USDT")], now=NOW)
    assert Price.objects.filter(asset__symbol="BTC", price=Decimal(32000)).exists() is converts


def test_a_refusal_is_told_with_its_reason_and_the_old_price_stays():
    given_price(price="64000", observed_at=NOW - STEP)
    recorded = record_quotes([quote(price="640000")], now=NOW)
    assert recorded.changed == ()
    assert recorded.refused == {"BTC": "no fresh quote"}
    assert stored().price == 64000


def test_a_quote_for_an_unknown_asset_is_not_stored():
    assert record_quotes([quote(symbol="NOPE")], now=NOW).changed == ()
    assert not Price.objects.exists()


def test_figures_come_only_from_those_who_are_believed():
    given_price(price="64000", observed_at=NOW - STEP)
    liar = quote("binance", "640000", market_cap=Decimal(1), change_24h=Decimal(99))
    honest = quote("kraken", "64001", change_24h=Decimal("1.25"))
    record_quotes([liar, honest], now=NOW)
    row = stored()
    assert (row.change_24h, row.market_cap) == (Decimal("1.25"), None)
    assert row.sources == ["kraken"]
    assert row.below_quorum


def test_an_asset_that_is_no_longer_listed_keeps_its_history(settings):
    record_quotes([quote()], now=NOW)
    given_assets(settings, "ETH")
    assert list(index().tracked) == ["ETH"]
    assert stored().price == 64000


def test_a_price_says_that_its_asset_is_no_longer_tracked_before_the_next_round(settings):
    given_assets(settings, "BTC")
    record_quotes([quote()], now=NOW)
    before = warm_prices()
    assert b'"tracked":true' in before.items["BTC"].head
    given_assets(settings, "ETH")
    assert b'"tracked":false' in warm_prices().items["BTC"].head
    assert warm_prices().version > before.version


def test_an_operators_name_for_an_asset_survives_the_next_start(settings):
    Asset.objects.filter(symbol="BTC").update(name="Bitcoin Core")
    sync_assets()
    assert Asset.objects.get(symbol="BTC").name == "Bitcoin Core"


def test_assets_follow_the_settings_in_order_and_by_their_present_names(settings):
    given_assets(settings, "eth", "MATIC", "BTC", "POL", "XBT")
    assert list(index().tracked) == ["ETH", "POL", "BTC"]
    hidden = Asset.objects.filter(symbol__in=("USDT", "USDC"), is_listed=False)
    assert hidden.count() == 2


def test_a_new_name_at_a_provider_reaches_an_asset_that_is_stored_already():
    Asset.objects.filter(symbol="BTC").update(ids={"coingecko": "bitcoin"})
    sync_assets()
    ids = Asset.objects.get(symbol="BTC").ids
    assert (ids["coingecko"], ids["coinpaprika"]) == ("bitcoin", "btc-bitcoin")


def test_a_name_that_an_operator_wrote_is_kept():
    Asset.objects.filter(symbol="BTC").update(ids={"coinpaprika": "", "ours": "xbt"})
    sync_assets()
    ids = Asset.objects.get(symbol="BTC").ids
    assert (ids["coinpaprika"], ids["ours"], ids["coinlore"]) == ("", "xbt", "90")


def test_no_two_listings_have_one_name_at_a_provider():
    names = [pair for listing in LISTINGS for pair in listing.ids.items()]
    assert len(names) == len(set(names))


def test_after_a_clock_was_set_back_prices_go_on():
    ahead = NOW + timedelta(hours=1)
    record_quotes([quote(price="60000", age=-3600)], now=ahead)
    record_quotes([quote(price="63000")], now=NOW)
    assert stored().price == Decimal(63000)


@pytest.mark.parametrize(
    ("figure", "absurd"),
    [("rank", 10**20), ("change_24h", Decimal("1e58")), ("market_cap", Decimal("1e59"))],
)
def test_an_absurd_figure_is_left_out_and_the_price_stays(figure, absurd):
    record_quotes([quote(price="60000", **{figure: absurd})], now=NOW)
    assert (stored().price, getattr(stored(), figure)) == (Decimal(60000), None)
