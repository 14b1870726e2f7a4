"""The simulated venues' sockets: what they say is what they tell over HTTP, faults included."""

import contextlib
import json
import time
from decimal import Decimal

import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect

from providers.rows.exchanges import STREAMS
from providers.simulator import Simulator
from providers.simulator.venue import fixed
from providers.simulator.wire import binance, bybit, coinbaseexchange, kraken_names, okx
from providers.tests.simulator.conftest import NOW
from providers.tests.streams.lines import PAIRS
from providers.types import Candle


class Clock:
    now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sim(clock):
    with Simulator(seed=7, clock=clock, tick=0.02) as simulator:
        yield simulator


@contextlib.contextmanager
def opened(sim, slug, number=0):
    """Open a venue's socket and subscribe to bitcoin."""
    stream, pair = STREAMS[slug], PAIRS[slug]
    one = stream.sockets([pair], [pair])[number]
    url = f"ws{sim.url.removeprefix('http')}/{slug}{one.path}"
    with connect(url, compression=None, proxy=None) as client:
        for message in one.hello:
            client.send(message)
        yield client


def ticks(client, slug):
    """Yield what our own reader makes of the frames."""
    pair = PAIRS[slug]
    while True:
        yield from STREAMS[slug].read(client.recv(timeout=5), {pair.name: pair}).ticks


def end_of(client, slug):
    """Return how the connection ends."""
    try:
        for _ in ticks(client, slug):
            continue
    except ConnectionClosed as ended:
        return ended


def first(client, slug, kind):
    return next(one for one in ticks(client, slug) if getattr(one, kind) is not None)


@pytest.mark.parametrize("slug", PAIRS)
def test_a_ticker_tells_the_venues_own_price(sim, slug):
    with opened(sim, slug) as client:
        assert client.response.headers["X-Simulated-Market"] == "1"
        quote = first(client, slug, "quote").quote
    view = sim.view(slug)
    wanted = next(one for one in pairs_of(sim, slug) if one.base == "BTC")
    assert quote.price == Decimal(fixed(view.last(wanted), wanted.decimals))
    assert abs(quote.observed_at.timestamp() - NOW) < 0.001


def pairs_of(sim, slug):
    return {
        "binance": binance.PAIRS.values(),
        "kraken": [one.pair for one in kraken_names.LISTINGS],
        "coinbaseexchange": coinbaseexchange.PAIRS.values(),
        "okx": okx.PAIRS.values(),
        "bybit": bybit.PAIRS.values(),
    }[slug]


@pytest.mark.parametrize("slug", sorted(PAIRS.keys() - {"coinbaseexchange"}))
def test_a_candle_closes_when_its_minute_is_over(sim, clock, slug):
    minute = int(NOW) // 60 * 60
    with opened(sim, slug, number=1 if slug == "okx" else 0) as client:
        assert first(client, slug, "candle").candle.opened_at.timestamp() == minute
        clock.now = minute + 60.5
        told = (one.candle for one in ticks(client, slug) if one.candle)
        seen: list[Candle] = []
        while not seen or seen[-1].opened_at.timestamp() == minute:
            seen.append(next(told))
    pair = next(one for one in pairs_of(sim, slug) if one.base == "BTC")
    bar = sim.view(slug).bar(pair, minute, minute + 60)
    last = seen[-2]
    assert last.is_closed is (slug != "kraken")
    numbers = (last.open, last.high, last.low, last.close)
    assert numbers == tuple(Decimal(fixed(one, pair.decimals)) for one in bar[:4])
    assert last.volume == Decimal(fixed(bar.volume, pair.lot_decimals))


def test_okx_has_no_candles_on_its_public_socket(sim):
    wish = STREAMS["okx"].sockets([], [PAIRS["okx"]])[0].hello[0]
    with connect(f"ws{sim.url.removeprefix('http')}/okx/ws/v5/public", proxy=None) as client:
        client.send(wish)
        assert json.loads(client.recv(timeout=5))["code"] == "60018"
        client.send("ping")
        assert client.recv(timeout=5) == "pong"


def test_a_path_without_a_socket_is_not_found(sim):
    url = f"ws{sim.url.removeprefix('http')}/binance/nowhere"
    with pytest.raises(InvalidStatus) as refused, connect(url, proxy=None):
        pytest.fail("it was opened")
    assert refused.value.response.status_code == 404


def test_what_blocks_sockets_leaves_http_alone(sim):
    sim.fault("binance", "stream_blocked")
    with pytest.raises(InvalidStatus) as refused, opened(sim, "binance"):
        pytest.fail("it was opened")
    assert refused.value.response.status_code == 403
    assert sim.respond("binance", "/api/v3/time", {})[0].status == 200
    sim.fault("binance", "geo_blocked")
    with pytest.raises(InvalidStatus) as refused, opened(sim, "binance"):
        pytest.fail("it was opened")
    assert refused.value.response.status_code == 451


@pytest.mark.parametrize(
    ("kind", "error"), [("stream_drop", 1001), ("stream_reset", None), ("stream_blocked", None)]
)
def test_a_socket_ends_politely_or_not(sim, kind, error):
    with opened(sim, "binance") as client:
        first(client, "binance", "quote")
        sim.fault("binance", kind)
        ended = end_of(client, "binance")
    assert (ended.rcvd and ended.rcvd.code) == error
    assert isinstance(ended, ConnectionClosedOK) is (error is not None)


def test_a_mute_channel_is_mute_while_others_speak(sim):
    sim.fault("binance", "stream_mute", channels=["candle"])
    with opened(sim, "binance") as client:
        told = ticks(client, "binance")
        assert all(next(told).quote is not None for _ in range(5))


def test_frames_come_twice(sim):
    sim.fault("binance", "stream_duplicate")
    with opened(sim, "binance") as client:
        client.recv(timeout=5)
        assert client.recv(timeout=5) == client.recv(timeout=5)


def test_frames_change_places(sim, clock):
    sim.fault("coinbaseexchange", "stream_reordered")
    with opened(sim, "coinbaseexchange") as client:
        told = ticks(client, "coinbaseexchange")
        orders = [next(told).order for _ in range(4)]
    assert orders[0] > orders[1]
    assert orders[2] > orders[3] > orders[0]


@pytest.mark.parametrize(
    ("kind", "is_told"), [("stream_lost", False), ("stream_sequence_gap", True)]
)
def test_frames_are_lost_and_the_heartbeat_tells_or_does_not(sim, kind, is_told):
    with opened(sim, "coinbaseexchange") as client:
        last = first(client, "coinbaseexchange", "quote").trade
        sim.fault("coinbaseexchange", kind, every=1)
        beats: list[int] = []
        while len(beats) < 5:
            said = json.loads(client.recv(timeout=5))
            if said["type"] == "ticker":
                last, beats = said["trade_id"], []
            elif said["type"] == "heartbeat":
                beats.append(said["last_trade_id"])
    assert (max(beats) > last) is is_told


def test_a_huge_frame_is_as_long_as_it_says(sim):
    sim.fault("binance", "stream_huge", megabytes=2)
    with opened(sim, "binance") as client:
        assert end_of(client, "binance").sent.code == 1009


def test_slow_frames_are_late_and_come(sim):
    sim.fault("binance", "stream_slow", seconds=0.3)
    with opened(sim, "binance") as client:
        client.recv(timeout=5)
        started = time.monotonic()
        client.recv(timeout=5)
        assert time.monotonic() - started > 0.2


def test_open_sockets_are_counted_and_end_with_the_simulator():
    simulator = Simulator(seed=7, tick=0.02).start()
    with opened(simulator, "kraken") as client:
        first(client, "kraken", "quote")
        assert simulator.state()["providers"]["kraken"]["sockets"] == 1
        simulator.stop()
        assert end_of(client, "kraken") is not None
