"""A line to a venue: what breaks it is noticed, named, and mended; what comes is in order."""

import asyncio
from dataclasses import replace

import pytest

from providers import breaker
from providers.line import Line
from providers.registry import BY_SLUG
from providers.roster import Member
from providers.selectors import observed_of
from providers.stream import Pace
from providers.streams.binance import Binance
from providers.tests.streams.lines import (
    PAIRS,
    SWIFT,
    Ear,
    listening,
    opened,
    stream_of,
    trouble,
    until,
)


@pytest.mark.parametrize("slug", PAIRS)
async def test_a_line_tells_what_the_venue_says(sim, slug):
    async with listening(slug) as (ear, line):
        await ear.more(5)
        assert line.problem is None
    view = sim.view(slug)
    for quote in ear.quotes:
        assert abs(float(quote.price) / float(view.market.price("BTC", view.now)) - 1) < 0.02
        assert quote.source == slug
    # Within one second of the market a candle may be told twice alike.
    assert set(ear.counts) <= {"repeated"}
    assert observed_of(slug, "stream").failure == ""


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("stream_reset", "unreachable"),
        ("stream_drop", "unreachable"),
        ("stream_mute", "silent"),
        ("stream_garbage", "bad_payload"),
        ("stream_huge", "unreachable"),
    ],
)
async def test_what_breaks_an_open_line_is_named_and_mended(sim, kind, reason):
    # Whoever pours something huge out is busy with it, and not silent.
    pace = replace(SWIFT, silent_kind=5, silent_channel=5) if kind == "stream_huge" else SWIFT
    async with listening(pace=pace) as (ear, line):
        await ear.more()
        # Twice what is read, and no more: the simulator shares this process.
        sim.fault("binance", kind, **({"megabytes": 2} if kind == "stream_huge" else {}))
        await until(lambda: trouble().get(reason))
        sim.heal()
        await ear.more()
        await until(lambda: line.problem is None)
    assert observed_of("binance", "stream").failure == ""


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("stream_blocked", "blocked"),
        ("forbidden", "blocked"),
        ("server_error", "unreachable"),
        ("reset", "unreachable"),
        ("truncated", "bad_payload"),
    ],
)
async def test_what_keeps_a_line_from_opening_is_named_until_it_opens(
    sim, kind, reason, monkeypatch
):
    monkeypatch.setattr("providers.services.BLOCKED_PAUSE", 0.01)
    monkeypatch.setattr("providers.breaker._spread", lambda *_: 0.0001)
    sim.fault("binance", kind)
    async with listening() as (ear, line):
        await until(lambda: trouble().get(reason))
        assert ear.ticks == []
        sim.heal()
        await ear.more()
        await until(lambda: line.problem is None)
    assert observed_of("binance", "stream").failure == ""


@pytest.mark.parametrize(
    ("kind", "channel", "said"),
    [(0.4, 60, "channels of candle"), (60, 0.4, "channel candle:BTCUSDT")],
)
async def test_what_is_mute_is_noticed_while_the_rest_speaks(sim, kind, channel, said):
    sim.fault("binance", "stream_mute", channels=["candle"])
    pace = replace(SWIFT, silent_kind=kind, silent_channel=channel)
    async with listening(pace=pace) as (ear, _):
        await until(lambda: said in observed_of("binance", "stream").failure)
        assert ear.quotes
        assert not [tick for tick in ear.ticks if tick.candle]


@pytest.mark.parametrize(
    ("kind", "channel", "thin"), [(60, 0.2, "candle:BTCUSDT"), (0.2, 60, "candle")]
)
async def test_a_thin_market_is_given_more_time_each_time(sim, kind, channel, thin):
    pace = Pace(silent_kind=kind, silent_channel=channel, watch=0.02, first_delay=0.01)
    sim.fault("binance", "stream_mute", channels=["candle"])
    async with listening(pace=pace) as (_, line):
        await until(lambda: opened(sim) >= 4)
        assert line._memory.patience[thin] >= 0.8
        sim.heal()
        await until(lambda: thin not in line._memory.patience)


async def test_frames_that_come_twice_are_told_once(sim):
    sim.fault("binance", "stream_duplicate")
    async with listening(channels=("ticker",)) as (ear, _):
        await ear.more(6)
    orders = [tick.order for tick in ear.ticks]
    assert orders == sorted(set(orders))
    assert ear.counts.count("repeated") >= 5


@pytest.mark.parametrize("slug", ["binance", "coinbaseexchange", "okx"])
async def test_frames_in_the_wrong_order_never_turn_back_the_time(sim, slug):
    sim.fault(slug, "stream_reordered")
    async with listening(slug, channels=("ticker",)) as (ear, _):
        await ear.more(6)
    orders = [tick.order for tick in ear.ticks]
    assert orders == sorted(orders)
    assert "out_of_order" in ear.counts


async def test_a_gap_in_the_numbers_is_noticed_and_mended(sim):
    async with listening("coinbaseexchange") as (ear, _):
        await ear.more()
        sim.fault("coinbaseexchange", "stream_sequence_gap", every=1)
        await until(lambda: trouble("coinbaseexchange").get("sequence_gap"))
        sim.heal()
        await ear.more()


async def test_lost_frames_do_no_harm(sim):
    sim.fault("binance", "stream_lost", every=2)
    async with listening() as (ear, line):
        await ear.more(6)
        assert line.problem is None


async def test_slow_frames_keep_the_time_at_which_they_were_seen(sim):
    sim.fault("binance", "stream_slow", seconds=0.3)
    async with listening(channels=("ticker",)) as (ear, _):
        await ear.more(2)
        assert sim.clock() - ear.quotes[-1].observed_at.timestamp() > 0.3


async def test_a_line_is_renewed_before_its_end_and_nothing_is_missed(sim):
    # Exchanges end a connection after a day.
    assert Pace().lifetime < 24 * 3600
    pace = Pace(silent_kind=5, silent_channel=5, lifetime=0.3, first_delay=0.01)
    async with listening(pace=pace, channels=("ticker",)) as (ear, line):
        await ear.more(1)
        open_at_once = set()
        while opened(sim) < 5:
            open_at_once.add(sim.state()["providers"]["binance"]["sockets"])
            await asyncio.sleep(0.005)
        assert line.problem is None
    # The next one spoke before the last one was closed, and nothing was told twice.
    assert open_at_once == {1, 2}
    times = [quote.observed_at for quote in ear.quotes]
    assert times == sorted(set(times))
    assert trouble() == {}


async def test_a_line_whose_successor_fails_goes_on(sim):
    pace = Pace(silent_kind=5, silent_channel=5, lifetime=0.2, first_delay=0.05)
    async with listening(pace=pace, channels=("ticker",)) as (ear, line):
        await ear.more()
        sim.fault("binance", "forbidden")
        await until(lambda: opened(sim) >= 4)
        await ear.more(5)
        assert line.problem is None
        assert sim.state()["providers"]["binance"]["sockets"] == 1


async def test_a_line_that_cannot_be_renewed_asks_ever_less_often(sim, monkeypatch):
    waits = []

    def delay(_, attempt):
        waits.append(attempt)
        return 0.02

    monkeypatch.setattr(Line, "_delay", delay)
    pace = Pace(silent_kind=5, silent_channel=5, lifetime=0.2)
    async with listening(pace=pace, channels=("ticker",)) as (ear, line):
        await ear.more()
        sim.fault("binance", "forbidden")
        await until(lambda: len(waits) >= 5)
        assert line.problem is None
    assert waits[:5] == [0, 1, 2, 3, 4]
    assert ear.counts.count("blocked") >= 5


async def test_a_line_that_ends_while_its_last_connection_is_closed_leaves_nothing_open(sim):
    pace = Pace(silent_kind=5, silent_channel=5, lifetime=0.05)
    for pause in range(8):
        async with listening(pace=pace, channels=("ticker",)) as (ear, _):
            await ear.more(2)
            await until(lambda: sim.state()["providers"]["binance"]["sockets"] == 2)
            await asyncio.sleep(pause / 500)
        await until(lambda: sim.state()["providers"]["binance"]["sockets"] == 0)


async def test_a_store_that_is_away_ends_no_line(sim, monkeypatch, caplog):
    away = []

    def refuse(*_, **__):
        away.append(1)
        raise OSError("the cache cannot be reached")

    with monkeypatch.context() as patched:
        for name in ("breaker.allows", "services.record_success", "services.record_failure"):
            patched.setattr(f"providers.{name}", refuse)
        patched.setattr("providers.line.LOOK", 0.02)
        async with listening() as (ear, _):
            await until(lambda: len(away) >= 5)
            patched.setattr("providers.breaker.allows", lambda _: True)
            await ear.more()
            # It fails and comes back while nobody can write that down.
            sim.fault("binance", "stream_reset", count=1)
            known = opened(sim)
            await until(lambda: opened(sim) > known)
            await ear.more()
    told = [one for one in caplog.records if "cannot be kept" in one.message]
    assert 1 <= len([one for one in told if one.levelname == "WARNING"]) <= 3


async def test_other_wishes_are_told_on_a_new_connection(sim):
    async with listening(channels=("ticker",)) as (ear, line):
        await ear.more()
        pair = PAIRS["binance"]
        line.want(stream_of("binance").sockets([pair], [pair])[0], {pair.name: pair})
        await until(lambda: any(tick.candle for tick in ear.ticks))
    assert opened(sim) == 2


async def test_a_venue_that_fails_too_often_rests(sim, settings):
    settings.CIRCUIT_BREAKER_THRESHOLD = 3
    sim.fault("binance", "stream_reset")
    async with listening() as (_, _line):
        await until(lambda: breaker.read("binance:stream").state == "open")
        await asyncio.sleep(0.3)
    assert opened(sim) == 3


async def test_the_waits_between_attempts_grow_and_differ(sim):
    async with listening(pace=Pace()) as (_, line):
        found = []
        for attempt in range(9):
            found.append([line._delay(attempt) for _ in range(20)])
    assert all(0.5 <= one <= 1 for one in found[0])
    assert all(30 <= one <= 60 for one in found[8])
    assert all(len(set(waits)) > 1 for waits in found)


async def test_no_socket_leads_into_this_network_unless_an_operator_says_so(sim, settings):
    settings.PROVIDERS_BASE_URL = ""
    row = BY_SLUG["binance"]
    near = f"ws{sim.url.removeprefix('http')}/binance"

    class Near(Binance):
        origins = (near, near, near)

    member = Member(replace(row, stream=Near()), "stream", place=0, key="", is_on=True)
    pair, ear = PAIRS["binance"], Ear()
    socket = Near().sockets([pair], [])[0]
    line = Line(member, socket, {pair.name: pair}, pace=SWIFT, take=ear.take, count=ear.count)
    task = asyncio.ensure_future(line.keep())
    try:
        await until(lambda: line.problem is not None)
        assert "this network" in str(line.problem)
        assert opened(sim) == 0
        settings.PROVIDER_STREAM_URLS = {"binance": near}
        await ear.more()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_live_market_takes_no_simulated_socket(sim, settings):
    settings.SIMULATED = False
    async with listening() as (ear, line):
        await until(lambda: line.problem is not None)
        assert "is a simulator" in str(line.problem)
    assert ear.ticks == []
