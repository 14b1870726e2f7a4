"""Streams from the venues' sockets to the store: prices, candles, and what happens without them."""

import json
import threading
import time
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import OperationalError

from cryptodt.common import broadcast
from market.models import Candle, Gap, Price, Series
from market.services.candles import record_candles, series_of
from market.snapshot import iso
from market.tasks import streams as tasks
from market.tasks.candles import collect_candles
from market.tasks.quotes import collect_quotes
from market.tasks.streams import Intake, Listening, wanted
from market.tests.quotes import given_assets
from market.tests.simulated import kept, moment, true_bar, values
from market.tests.tasks.conftest import NOON, given_points
from providers import calls, gateway, held, roster
from providers.adapters.ccxt_exchange import CcxtExchange
from providers.models import Provider
from providers.registry import ROWS
from providers.selectors import observed_of, provider_detail, provider_states
from providers.services import sync_roster
from providers.simulator import Simulator
from providers.stream import Pace
from providers.tray import Batch
from providers.types import Candle as Bar

STREAMING = ("binance", "kraken", "coinbaseexchange", "okx", "bybit")
SWIFT = Pace(silent_kind=2, silent_channel=10, watch=0.1, first_delay=0.05, longest_delay=0.2)


@pytest.fixture
def sim(settings, transactional_db):
    """The simulated venues, listened to by nobody yet; two assets are tracked."""
    settings.SIMULATED = True
    settings.PROVIDER_URLS = {}
    settings.PROVIDER_STREAM_URLS = {}
    settings.SUPPORTED_INTERVALS = ["1m"]
    sync_roster()
    Provider.objects.exclude(slug__in=STREAMING).update(is_on=False)
    roster.changed()
    given_assets(settings, "BTC", "ETH")
    for row in ROWS:
        if isinstance(row.adapter, CcxtExchange):
            row.adapter._listed = None
    with Simulator(seed=7, tick=0.1) as simulator:
        settings.PROVIDERS_BASE_URL = simulator.url
        yield simulator
        simulator.heal()


@pytest.fixture
def listening(sim):
    """The streams as `up` runs them, less patient."""
    one = Listening(pace=SWIFT)
    one.start()
    yield one
    one.stop(seconds=15)


def until(is_true, seconds=20.0):
    end = time.monotonic() + seconds
    while not (found := is_true()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found


def bitcoin():
    return Price.objects.filter(asset__symbol="BTC").first()


def streamed(*slugs):
    """Say whether all these are heard."""
    return all(held.streamed(slug) is not None for slug in slugs)


def told_by(slug):
    known = held.streamed(slug)
    return known.quotes if known is not None else ()


def newer_than(row):
    return lambda: (now := bitcoin()) and now.observed_at > row.observed_at and now


def test_streamed_prices_are_agreed_on_without_anybody_being_asked(sim, listening):
    row = until(lambda: (found := bitcoin()) and len(found.sources) >= 4 and found)
    truth = Decimal(str(sim.market.price("BTC", row.observed_at)))
    assert abs(row.price / truth - 1) < Decimal("0.01")
    later = until(newer_than(row))
    assert later.observed_at > row.observed_at
    assert not [one for one in sim.requests("binance") if "ticker" in one.path]


def test_a_streamed_price_is_told_to_everybody_once_it_can_be_read(sim, listening, monkeypatch):
    until(lambda: streamed(*STREAMING))
    told, enough = [], threading.Event()

    def hear(message):
        decoded = json.loads(message)
        if decoded["topic"] != "prices":
            return
        for symbol, text in decoded["items"].items():
            row = Price.objects.get(asset__symbol=symbol)
            told.append((symbol, json.loads(text)["lastUpdate"], iso(row.observed_at)))
        if len(told) >= 12:
            enough.set()

    monkeypatch.setattr(broadcast, "publish", hear)
    assert enough.wait(20)
    assert {"BTC", "ETH"} <= {symbol for symbol, *_ in told}
    assert all(said == stored for _, said, stored in told)


def test_what_a_stream_tells_beside_an_answer_is_one_voice(sim, listening):
    until(lambda: streamed("binance", "kraken"))
    collect_quotes()
    voices = [quote.source for quote in gateway.heard() if quote.symbol == "BTC"]
    assert len(voices) == len(set(voices))
    assert {"binance", "kraken", "coinbaseexchange"} <= set(voices)


def test_with_streams_blocked_polling_carries_on(sim, listening):
    until(lambda: streamed("binance", "kraken"))
    for slug in STREAMING:
        sim.fault(slug, "stream_blocked")
    until(lambda: not any(one["sockets"] for one in sim.state()["providers"].values()))
    collect_quotes()
    before = bitcoin()
    # The venues' times are told in whole seconds here and there.
    until(lambda: sim.clock() > before.observed_at.timestamp() + 1)
    collect_quotes()
    after = bitcoin()
    assert after.observed_at > before.observed_at
    assert len(after.sources) >= 2


def test_a_stream_that_disagrees_is_put_aside(sim, listening):
    until(lambda: streamed("binance", "kraken", "okx", "coinbaseexchange"))
    sim.fault("okx", "wrong_price", factor=1.5)
    truth = float(sim.market.price("BTC", sim.clock()))
    until(lambda: any(one.price > truth * 1.2 for one in told_by("okx")))
    for _ in range(3):
        collect_quotes()
    aside = Provider.objects.get(slug="okx")
    assert aside.aside_until is not None
    assert abs(float(bitcoin().price) / truth - 1) < 0.01
    # Nobody listens to it any more.
    until(lambda: sim.state()["providers"]["okx"]["sockets"] == 0)
    until(lambda: held.streamed("okx") is None)


def test_the_health_of_a_stream_is_told_like_any_other(sim, listening):
    until(lambda: streamed("binance"))
    until(lambda: observed_of("binance", "stream").newest_at is not None)
    until(lambda: told_of("binance")["status"] == "online")
    sim.fault("binance", "stream_mute")
    until(lambda: told_of("binance")["errorKind"] == "silent")
    assert "say nothing" in told_of("binance")["errorMessage"]
    # It still answers when it is asked.
    collect_quotes()
    states = {one.slug: one.status for one in provider_states()}
    assert states["binance"] == "online"


def told_of(slug):
    found = provider_detail(slug)["capabilities"]
    return next(one for one in found if one["capability"] == "stream")


# -- Candles -----------------------------------------------------------------------------


def test_streamed_candles_go_on_where_the_collection_ended(sim):
    collect_candles()
    before = series_of("BTC", "USDT", "1m")
    listening = Listening(pace=SWIFT)
    listening.start()
    try:
        first = until(lambda: kept(before)[-1])
        until(lambda: kept(before)[-1].seen_at > first.seen_at + 1)
        last = kept(before)[-1]
        assert last.source.slug == "binance"
        assert last.state == Candle.State.OPEN
    finally:
        listening.stop(seconds=15)
    assert not Gap.objects.exists()


@pytest.fixture
def intake(world):
    """A series that the collection began, and what takes streamed candles in."""
    collect_candles()
    world.asked()
    return Intake()


def bar(world, second, *, source="binance", is_closed=True, symbol="BTC", **changes):
    """Return a candle as its venue would tell it."""
    first, high, low, last, volume = true_bar(
        world.simulator, "okx" if source == "okx" else "binance", symbol, second, "1m"
    )
    one = Bar(
        symbol=symbol,
        currency="USDT",
        interval="1m",
        opened_at=moment(second),
        open=first,
        high=high,
        low=low,
        close=last,
        volume=volume,
        is_closed=is_closed,
        source=source,
    )
    return replace(one, **changes)


def take(intake, *candles):
    intake._read_at = float("-inf")
    intake._stored_at.clear()
    intake.take(Batch({}, candles))


def minutes():
    return {row.opened_at: row for row in kept(series_of("BTC", "USDT", "1m"))}


def test_a_candle_is_complete_as_soon_as_its_venue_says_so(world, intake):
    world.pass_by(60)
    take(intake, bar(world, NOON), bar(world, NOON + 60, is_closed=False))
    row = minutes()[NOON]
    assert (row.state, row.source.slug) == (Candle.State.CLOSED, "binance")
    assert values(row) == true_bar(world.simulator, "binance", "BTC", NOON, "1m")
    assert minutes()[NOON + 60].state == Candle.State.OPEN
    assert world.asked() == []


def test_an_old_frame_does_not_open_a_candle_again(world, intake):
    world.pass_by(60)
    take(intake, bar(world, NOON))
    take(intake, bar(world, NOON, is_closed=False))
    assert minutes()[NOON].state == Candle.State.CLOSED


def test_a_lost_minute_is_asked_for_and_then_the_stream_goes_on(world, intake):
    world.pass_by(180)
    take(intake, bar(world, NOON + 120), bar(world, NOON + 180, is_closed=False))
    # A hole is never stored over: it would be taken for complete.
    assert max(minutes()) == NOON
    collect_candles()
    assert world.asked("binance")
    found = minutes()
    for second in (NOON, NOON + 60, NOON + 120):
        assert found[second].state == Candle.State.CLOSED
        told = true_bar(world.simulator, "binance", "BTC", second, "1m")
        assert values(found[second]) == told
    world.pass_by(60)
    take(intake, bar(world, NOON + 180))
    assert minutes()[NOON + 180].state == Candle.State.CLOSED
    assert not Gap.objects.filter(repaired_at=None).exists()


def test_a_lost_minute_is_asked_for_at_once_and_not_when_the_next_one_begins(
    world, intake, monkeypatch
):
    sent = []
    monkeypatch.setattr(
        "market.tasks.streams.current_app.send_task", lambda name, **_: sent.append(name)
    )
    world.pass_by(180)
    world.break_everybody()
    collect_candles()
    world.simulator.heal()
    world.asked()
    # It was tried in this minute.
    collect_candles()
    assert world.asked() == []
    take(intake, bar(world, NOON + 120))
    assert sent == [collect_candles.name]
    collect_candles()
    assert world.asked("binance")
    found = minutes()
    assert all(found[at].state == Candle.State.CLOSED for at in (NOON, NOON + 60, NOON + 120))


def test_a_series_goes_on_with_one_venue_at_a_time(world, intake):
    world.pass_by(60)
    take(intake, bar(world, NOON), bar(world, NOON, source="okx"))
    assert minutes()[NOON].source.slug == "binance"
    world.pass_by(60)
    take(intake, bar(world, NOON + 60, source="okx"))
    assert NOON + 60 not in minutes()
    # The first one has been silent for too long.
    intake._heard_at["BTC", "USDT"]["binance"] -= tasks.LEAD + 1
    take(intake, bar(world, NOON + 60, source="okx"))
    assert minutes()[NOON + 60].source.slug == "okx"


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        (
            "outlier",
            {"close": Decimal(1), "low": Decimal(1), "open": Decimal(1), "high": Decimal(1)},
        ),
        ("from_the_future", {"opened_at": moment(NOON + 3600)}),
        ("from_the_future", {"opened_at": moment(NOON + 60)}),
        ("bad_payload", {"opened_at": moment(NOON + 1)}),
    ],
)
def test_a_streamed_candle_is_judged_like_any_other(world, intake, reason, change):
    world.pass_by(45)
    given_points(world)
    world.pass_by(15)
    before = minutes()
    take(intake, bar(world, NOON, **change))
    assert {at: values(row) for at, row in minutes().items()} == {
        at: values(row) for at, row in before.items()
    }
    assert calls.reasons_last_hour("binance", "stream") == {reason: 1}


def test_what_nobody_collects_is_not_stored(world, intake):
    take(intake, bar(world, NOON, symbol="DOGE"), bar(world, NOON, source="coinlore"))
    assert minutes()[NOON].state == Candle.State.OPEN
    assert not Series.objects.filter(asset__symbol="DOGE").exists()


def test_a_series_begins_with_the_collection_and_not_in_the_middle(world):
    assert wanted().candles == ()
    Intake().take(Batch({}, (bar(world, NOON, is_closed=False),)))
    assert not Candle.objects.exists()
    collect_candles()
    assert wanted().candles == (("BTC", "USDT"), ("ETH", "USDT"))


def test_a_series_that_cannot_be_stored_holds_up_no_other(world, intake, monkeypatch, caplog):
    def refuse(series, candles, *, now):
        if series.asset.symbol == "BTC":
            raise OperationalError("the row is locked")
        return record_candles(series, candles, now=now)

    world.pass_by(60)
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "record_candles", refuse)
        for _ in range(5):
            take(intake, bar(world, NOON), bar(world, NOON, symbol="ETH"))
    ether = {row.opened_at: row for row in kept(series_of("ETH", "USDT", "1m"))}
    assert ether[NOON].state == Candle.State.CLOSED
    assert minutes()[NOON].state == Candle.State.OPEN
    assert len([one for one in caplog.records if "cannot be stored" in one.message]) == 1
    # Nothing more is said of it, and what waits is stored as soon as that works.
    take(intake)
    assert minutes()[NOON].state == Candle.State.CLOSED
    assert values(minutes()[NOON]) == true_bar(world.simulator, "binance", "BTC", NOON, "1m")


def test_a_series_that_cannot_be_stored_is_tried_ever_less_often(world, intake, monkeypatch):
    tried = []

    def refuse(series, candles, *, now):
        tried.append(1)
        raise OperationalError("the row is locked")

    monkeypatch.setattr(tasks, "record_candles", refuse)
    world.pass_by(60)
    for _ in range(50):
        intake.take(Batch({}, (bar(world, NOON),)))
    assert len(tried) == 1


def test_open_candles_are_not_stored_more_often_than_needed(world, intake):
    intake.take(Batch({}, (bar(world, NOON, is_closed=False, volume=Decimal(1)),)))
    intake.take(Batch({}, (bar(world, NOON, is_closed=False, volume=Decimal(2)),)))
    assert minutes()[NOON].volume == 1
    intake._stored_at.clear()
    intake.take(Batch({}, ()))
    # What was not stored then is stored a little later.
    assert minutes()[NOON].volume == 2
