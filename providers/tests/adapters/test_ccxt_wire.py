"""Every default exchange over real HTTP, from the tap to the simulator and back, whole and broken."""

from datetime import UTC, datetime, timedelta

import pytest

from providers import asking
from providers.adapter import CAPABILITIES
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited, Unreachable
from providers.roster import Member
from providers.rows.exchanges import ROWS
from providers.simulator import Simulator
from providers.simulator.venue import fixed
from providers.simulator.wire import binance, bitfinex, bybit, coinbaseexchange, gate, kucoin, okx
from providers.simulator.wire.kraken_names import LISTINGS
from providers.tests.conftest import BTC, DOGE, ETH
from providers.types import CandleAsk, Instrument

NOW = 1763712345.678
MOMENT = datetime.fromtimestamp(NOW, UTC)
DEFAULTS = [row for row in ROWS if row.is_default]
CASES = [
    (row, capability) for row in DEFAULTS for capability in row.offers if capability != "stream"
]
PAIRS = {
    "binance": binance.PAIRS["BTCUSDT"],
    "kraken": next(one.pair for one in LISTINGS if one.pair.base == "BTC"),
    "coinbaseexchange": coinbaseexchange.PAIRS["BTC-USD"],
    "okx": okx.PAIRS["BTC-USDT"],
    "bybit": bybit.PAIRS["BTCUSDT"],
    "kucoin": kucoin.PAIRS["BTC-USDT"],
    "gate": gate.PAIRS["BTC_USDT"],
    "bitfinex": bitfinex.PAIRS["BTCUSD"],
}


def case_id(case):
    return f"{case[0].slug}-{case[1]}"


@pytest.fixture
def sim(settings):
    """The simulated upstreams with a clock that stands still."""
    settings.SIMULATED = True
    settings.PROVIDER_URLS = {}
    with Simulator(seed=7, clock=lambda: NOW) as simulator:
        settings.PROVIDERS_BASE_URL = simulator.url
        yield simulator


@pytest.fixture(autouse=True)
def _strangers():
    """Let each test meet exchanges that were never asked before."""
    for row in DEFAULTS:
        row.adapter._listed = None


def ask(row, capability, *question):
    questions = {
        "quotes": ((BTC, ETH, DOGE),),
        "candles": (CandleAsk("BTC", PAIRS[row.slug].quote, "1h", limit=24),),
        "order_book": ("BTC", PAIRS[row.slug].quote, 20),
    }
    tap = asking._tap(Member(row, capability, place=0, key="", is_on=True))
    method = getattr(row.adapter, CAPABILITIES[capability])
    return method(*(question or questions[capability]), tap)


@pytest.fixture(autouse=True)
def _our_clock(time_machine):
    time_machine.move_to(MOMENT, tick=False)


@pytest.mark.parametrize("row", DEFAULTS, ids=lambda row: row.slug)
def test_what_is_read_is_what_was_told(sim, row):
    pair, view = PAIRS[row.slug], sim.view(row.slug)

    def price(ticks):
        return float(fixed(ticks, pair.decimals))

    if "quotes" in row.offers:
        quote = next(one for one in ask(row, "quotes") if one.symbol == "BTC")
        assert float(quote.price) == price(view.last(pair))
        assert abs((quote.observed_at - MOMENT).total_seconds()) < 1
    candles = ask(row, "candles")
    assert len(candles) == 24
    for candle in candles:
        start = int(candle.opened_at.timestamp())
        bar = view.bar(pair, start, start + 3600)
        told = (candle.open, candle.high, candle.low, candle.close)
        assert [float(one) for one in told] == [price(ticks) for ticks in bar[:4]]
        assert float(candle.volume) == float(fixed(bar.volume, pair.lot_decimals))
        assert candle.is_closed is (start + 3600 <= NOW)
    book = ask(row, "order_book")
    bids, asks = view.book(pair, 20)
    assert [float(one.price) for one in book.bids] == [price(ticks) for ticks, _ in bids]
    assert [float(one.price) for one in book.asks] == [price(ticks) for ticks, _ in asks]


@pytest.mark.parametrize("row", DEFAULTS, ids=lambda row: row.slug)
def test_candles_since_a_time_are_the_first_ones(sim, row):
    since = MOMENT - timedelta(hours=30, minutes=7)
    found = ask(row, "candles", CandleAsk("BTC", PAIRS[row.slug].quote, "1h", since, 4))
    first = datetime(2025, 11, 20, 2, tzinfo=UTC)
    assert [one.opened_at for one in found] == [first + timedelta(hours=n) for n in range(4)]
    assert all(one.is_closed for one in found)


@pytest.mark.parametrize("row", DEFAULTS, ids=lambda row: row.slug)
def test_every_interval_that_is_offered_is_there(sim, row):
    ask(row, "candles")
    offered = row.adapter._listed.timeframes
    for interval in sorted({"1m", "5m", "15m", "1h", "4h", "1d", "1w"} & offered.keys()):
        found = ask(row, "candles", CandleAsk("BTC", PAIRS[row.slug].quote, interval, limit=5))
        assert len(found) == 5, interval
        assert [one.is_closed for one in found] == [True] * 4 + [False], interval


@pytest.mark.parametrize("row", DEFAULTS, ids=lambda row: row.slug)
def test_assets_under_other_names_are_found(sim, row):
    if "quotes" not in row.offers:
        pytest.skip("it is not asked for prices")
    found = ask(row, "quotes", tuple(Instrument(s) for s in ("BTC", "DOGE", "POL", "USDC")))
    assert {one.symbol for one in found} == {"BTC", "DOGE", "POL", "USDC"}


@pytest.mark.parametrize("case", CASES, ids=case_id)
@pytest.mark.parametrize(
    ("fault", "options", "kinds"),
    [
        ("rate_limited", {"retry_after": 7}, (RateLimited,)),
        ("geo_blocked", {}, (Blocked,)),
        ("forbidden", {}, (Blocked,)),
        ("server_error", {}, (Unreachable,)),
        ("server_error", {"status": 503}, (Unreachable,)),
        ("html", {}, (BadPayload,)),
        ("error_body", {}, (BadPayload, Unreachable)),
        ("truncated", {}, (BadPayload,)),
        ("truncated", {"honest_length": False}, (Unreachable,)),
        ("reset", {}, (Unreachable,)),
    ],
)
def test_a_fault_has_its_name(sim, case, fault, options, kinds):
    ask(*case)
    sim.fault(case[0].slug, fault, **options)
    with pytest.raises(ProviderError) as caught:
        ask(*case)
    assert type(caught.value) in kinds


@pytest.mark.parametrize("case", CASES, ids=case_id)
@pytest.mark.parametrize("fault", ["missing_fields", "nulls", "empty"])
def test_what_is_missing_is_never_made_up(sim, case, fault):
    right = ask(*case)
    sim.fault(case[0].slug, fault)
    try:
        found = ask(*case)
    except ProviderError:
        return
    if isinstance(found, list):
        assert all(one in right for one in found)
    else:
        assert (found.bids, found.asks) == (right.bids, right.asks)


@pytest.mark.parametrize("case", CASES, ids=case_id)
@pytest.mark.parametrize("fault", ["numbers_as_strings", "strings_as_numbers"])
def test_numbers_of_another_type_are_the_same_numbers(sim, case, fault):
    right = ask(*case)
    sim.fault(case[0].slug, fault)
    try:
        found = ask(*case)
    except BadPayload:
        # Read as a float, its times no longer fit.
        return
    if isinstance(found, list):
        assert [one.opened_at for one in found if case[1] == "candles"] == [
            one.opened_at for one in right if case[1] == "candles"
        ]
        assert len(found) == len(right)
    else:
        assert found.bids[0].price == right.bids[0].price
