"""What the venues' frames mean: exact, in order, and refused by name when odd."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.exceptions import BadPayload, ProviderError
from providers.stream import Stream
from providers.streams.binance import Binance
from providers.streams.bybit import Bybit
from providers.streams.coinbaseexchange import CoinbaseExchange
from providers.streams.kraken import Kraken
from providers.streams.okx import OKX
from providers.tests.conftest import PAYLOADS
from providers.types import Pair

STREAMS: dict[str, tuple[Stream, Pair]] = {
    "binance": (Binance(), Pair("BTC", "USDT", "BTCUSDT")),
    "kraken": (Kraken(), Pair("BTC", "USD", "XXBTZUSD")),
    "coinbaseexchange": (CoinbaseExchange(), Pair("BTC", "USD", "BTC-USD")),
    "bybit": (Bybit(), Pair("BTC", "USDT", "BTCUSDT")),
    "okx": (OKX(), Pair("BTC", "USDT", "BTC-USDT")),
}
WITH_CANDLES = sorted(STREAMS.keys() - {"coinbaseexchange"})
FRAMES = sorted(
    (slug, path.stem) for slug in STREAMS for path in (PAYLOADS / slug).glob("stream_*.json")
)
MINUTE = datetime(2025, 11, 21, 8, 5, tzinfo=UTC)
RECORDINGS = Path(__file__).resolve().parents[4] / "shared" / "recordings"


def frame(slug, name):
    return (PAYLOADS / slug / f"{name}.json").read_text(encoding="utf-8").strip()


def read(slug, text, pair=None):
    stream, usual = STREAMS[slug]
    one = pair or usual
    return stream.read(text, {one.name: one})


def heard(slug, name):
    return read(slug, frame(slug, name))


@pytest.mark.parametrize(
    ("slug", "price", "second", "change"),
    [
        ("binance", "71377.45000000", "46.012", "-1.126"),
        ("kraken", "71370.2", "46.012345", "-0.33"),
        ("coinbaseexchange", "71366.91", "45.927011", None),
        ("bybit", "71377.4", "46.012", "-1.1300"),
        ("okx", "71376.9", "46.012", None),
    ],
)
def test_a_ticker_is_a_quote_with_the_venues_own_digits_and_time(slug, price, second, change):
    (tick,) = heard(slug, "stream_ticker").ticks
    quote, pair = tick.quote, STREAMS[slug][1]
    assert (quote.symbol, quote.currency, quote.source) == ("BTC", pair.currency, slug)
    assert str(quote.price) == price
    assert quote.observed_at == datetime.fromisoformat(f"2025-11-21T08:05:{second}+00:00")
    assert quote.change_24h == (None if change is None else Decimal(change))


@pytest.mark.parametrize("slug", WITH_CANDLES)
def test_an_open_candle_says_that_it_is_open(slug):
    (tick,) = heard(slug, "stream_candle_open").ticks
    candle = tick.candle
    assert (candle.opened_at, candle.interval, candle.is_closed) == (MINUTE, "1m", False)
    assert candle.low <= candle.open <= candle.high
    assert candle.volume > 0


@pytest.mark.parametrize("slug", ["binance", "bybit", "okx"])
def test_a_candle_is_complete_when_the_venue_says_so(slug):
    first = heard(slug, "stream_candle_closed").ticks[0]
    assert (first.candle.opened_at, first.candle.is_closed) == (MINUTE, True)
    assert first.candle.close == Decimal(71375)
    assert first.order > heard(slug, "stream_candle_open").ticks[0].order


def test_candles_of_bybit_come_in_the_order_of_time():
    closed, opened = heard("bybit", "stream_candle_closed").ticks
    assert (closed.candle.is_closed, opened.candle.is_closed) == (True, False)
    assert closed.order < opened.order


def test_of_krakens_first_candles_all_but_the_newest_are_complete():
    before, newest = heard("kraken", "stream_candle_snapshot").ticks
    assert (before.candle.is_closed, newest.candle.is_closed) == (True, False)
    assert before.order < newest.order


def test_a_candle_of_kraken_is_not_complete_because_the_next_one_is_there():
    text = frame("kraken", "stream_candle_snapshot").replace('"snapshot"', '"update"')
    assert [tick.candle.is_closed for tick in read("kraken", text).ticks] == [False, False]


def test_a_ticker_of_kraken_that_does_not_say_when_is_no_quote():
    told = json.loads(frame("kraken", "stream_ticker"))
    del told["data"][0]["timestamp"]
    assert read("kraken", json.dumps(told)).ticks == ()


@pytest.mark.parametrize(
    ("slug", "name"), [one for one in FRAMES if one[1] in ("stream_ack", "stream_beat")]
)
def test_nods_and_beats_say_nothing(slug, name):
    found = heard(slug, name)
    assert (found.ticks, found.refused, found.is_leaving) == ((), "", False)


@pytest.mark.parametrize("slug", sorted(STREAMS))
def test_a_refusal_is_told_in_the_venues_words(slug):
    assert len(heard(slug, "stream_refused").refused) > 10


@pytest.mark.parametrize("slug", ["binance", "okx"])
def test_a_farewell_is_understood(slug):
    assert heard(slug, "stream_leaving").is_leaving


def test_the_heartbeat_of_coinbase_tells_the_last_trade():
    (tick,) = heard("coinbaseexchange", "stream_ticker").ticks
    assert heard("coinbaseexchange", "stream_beat").trades == {tick.channel: tick.trade}


def test_a_ticker_of_coinbase_that_does_not_say_when_is_no_quote():
    assert heard("coinbaseexchange", "stream_ticker_first").ticks == ()


@pytest.mark.parametrize("slug", sorted(STREAMS))
def test_a_pair_that_nobody_asked_for_is_refused(slug):
    with pytest.raises(BadPayload, match="nobody asked for"):
        read(slug, frame(slug, "stream_ticker"), Pair("ETH", "EUR", "ETHEUR"))


@pytest.mark.parametrize("slug", WITH_CANDLES)
def test_a_candle_that_cannot_be_is_refused(slug):
    text = (
        frame(slug, "stream_candle_open").replace("71366.6", "99999.9").replace("71355.1", "9e9")
    )
    with pytest.raises(BadPayload, match="cannot be"):
        read(slug, text)


@pytest.mark.parametrize("slug", sorted(STREAMS))
def test_what_is_said_on_a_socket_names_every_channel(slug):
    stream, pair = STREAMS[slug]
    sockets = stream.sockets([pair], [pair] if slug in WITH_CANDLES else [])
    assert sum(len(one.channels) for one in sockets) == (2 if slug in WITH_CANDLES else 1)
    for one in sockets:
        assert one.path.startswith("/")
        assert all(isinstance(json.loads(message), dict) for message in one.hello)


def test_bybit_is_asked_for_ten_topics_at_once():
    pairs = [Pair(f"A{n}", "USDT", f"A{n}USDT") for n in range(12)]
    (socket,) = Bybit().sockets(pairs, pairs)
    assert [len(json.loads(one)["args"]) for one in socket.hello] == [10, 10, 4]


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["9" * 400, "-1", "1e5", "", "NaN", "0", "1763712346012"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@st.composite
def bent(draw):
    """A frame of a venue in which something is not what it should be."""
    slug, name = draw(st.sampled_from([one for one in FRAMES if one != ("okx", "stream_beat")]))
    return slug, json.dumps(_bent(draw, json.loads(frame(slug, name))))


def _bent(draw, value):
    how = draw(st.integers(0, 5))
    if how == 0:
        return draw(ODD)
    if isinstance(value, dict) and value:
        name = draw(st.sampled_from(sorted(value)))
        rest = {key: one for key, one in value.items() if key != name}
        return rest if how == 1 else {**rest, name: _bent(draw, value[name])}
    if isinstance(value, list) and value:
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _bent(draw, value[place]), *value[place + 1 :]]
    return draw(ODD)


@settings(max_examples=600)
@given(bent())
def test_a_bent_frame_is_refused_or_says_what_can_be(case):
    slug, text = case
    try:
        found = read(slug, text)
    except ProviderError:
        return
    for tick in found.ticks:
        one = tick.quote or tick.candle
        assert one.symbol == "BTC"
        assert (tick.quote is None) or tick.quote.price > 0
        assert (tick.candle is None) or 0 < tick.candle.low <= tick.candle.high


@settings(max_examples=200)
@given(st.sampled_from(sorted(STREAMS)), st.text(max_size=200))
def test_any_text_is_refused_or_says_nothing(slug, text):
    try:
        assert read(slug, text).ticks == ()
    except ProviderError:
        return


def recorded(name):
    """Return the frames that were received, as they came."""
    for line in (RECORDINGS / name).read_text(encoding="utf-8").splitlines():
        held = json.loads(line) if line else {}
        if held.get("dir") == "recv":
            yield held["raw"]
        elif line and "dir" not in held:
            yield line


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings here")
@pytest.mark.parametrize(
    ("slug", "name", "pair", "least"),
    [
        ("binance", "binance/ws_ticker_kline_2022-05.jsonl", ("ETH", "USDT", "ETHUSDT"), 1),
        ("binance", "binance/ws_kline_bookticker_2021-10.jsonl", ("NKN", "USDT", "NKNUSDT"), 1),
        ("kraken", "kraken/ws_v2_ticker_frames_2026-07.jsonl", ("BTC", "USD", "XXBTZUSD"), 1),
        (
            "coinbaseexchange",
            "coinbase_exchange/ws_ticker_frames_2022.jsonl",
            ("BTC", "USD", "BTC-USD"),
            1,
        ),
        (
            "coinbaseexchange",
            "coinbase_exchange/ws_ticker_2021-04.jsonl",
            ("YFI", "BTC", "YFI-BTC"),
            1,
        ),
        ("okx", "okx/ws_tickers_2022-05.jsonl", ("BTC", "USDT", "BTC-USDT"), 5),
        ("okx", "okx/ws_v5_frames.jsonl", ("ACT", "USDT", "ACT-USDT"), 1),
    ],
)
def test_real_frames_are_understood(slug, name, pair, least):
    ticks, said = [], []
    for text in recorded(name):
        try:
            ticks += read(slug, text, Pair(*pair)).ticks
        except BadPayload as error:
            said.append(str(error))
    # Recordings hold other pairs and other channels beside what we ask for.
    others = ("unknown", "nobody asked for", "data is no object", "neither data nor an answer")
    assert [one for one in said if not any(other in one for other in others)] == []
    assert len(ticks) >= least
    assert all((tick.quote or tick.candle).symbol == pair[0] for tick in ticks)
