"""Recording candles: nothing known is lost, and nothing that closed changes in silence."""

import orjson
import pytest
from django.db import IntegrityError, connection, transaction

from cryptodt.common import broadcast
from cryptodt.common.errors import InvalidInterval, InvalidSymbol
from market import candle_snapshot
from market.models import Candle, Correction, Series, Source
from market.services.candles import Stored, record_candles, series_of
from market.tests.candles import NOW, OPEN, bars, candle, given_series, record

pytestmark = pytest.mark.django_db
MINUTE = 60


@pytest.fixture
def series():
    return given_series()


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


def only(series):
    (bar,) = bars(series)
    return bar


def test_a_series_is_made_once_and_needs_its_asset(series):
    assert series_of("BTC", "USDT", "1m") == series
    assert Series.objects.count() == 1
    with pytest.raises(InvalidSymbol):
        series_of("NOBODY", "USDT", "1m")
    with pytest.raises(InvalidInterval):
        series_of("BTC", "USDT", "7m")


def test_new_candles_are_added_with_their_state_and_source(series):
    stored = record(series, candle(series, 0), candle(series, 1, closed=False, source="kraken"))
    assert stored == Stored(added=2, newest=OPEN + MINUTE)
    first, second = bars(series)
    assert (first.opened_at, first.state, first.revision, first.source) == (OPEN, 1, 0, "binance")
    assert (second.state, second.source, second.seen_at) == (0, "kraken", OPEN)


def test_the_same_twice_changes_nothing(series, told, on_commit):
    said = [candle(series, 0), candle(series, 1, closed=False)]
    record(series, *said)
    told.clear()
    with on_commit():
        assert record(series, *said) == Stored()
    assert told == []


def test_nothing_is_stored_of_nothing(series):
    assert record(series) == Stored()


def test_an_open_candle_follows_its_source_until_it_closes(series):
    record(series, candle(series, close="100", closed=False))
    assert record(series, candle(series, close="101", closed=False), later=10).updated == 1
    assert only(series).close == "101"
    assert record(series, candle(series, close="102"), later=60).updated == 1
    assert (only(series).close, only(series).state, only(series).revision) == ("102", 1, 0)
    assert not Correction.objects.exists()


def test_an_open_candle_that_did_not_move_was_still_seen(series):
    record(series, candle(series, closed=False))
    assert record(series, candle(series, closed=False), later=30).updated == 1
    assert only(series).seen_at == OPEN + 30


def test_what_was_seen_earlier_does_not_replace_what_was_seen_later(series):
    record(series, candle(series, close="105", closed=False), later=30)
    assert record(series, candle(series, close="101", closed=False), later=20) == Stored()
    assert only(series).close == "105"


def test_a_clock_that_was_set_back_does_not_stop_an_open_candle(series):
    record(series, candle(series, close="105", closed=False), later=7200)
    assert record(series, candle(series, close="101", closed=False), later=20).updated == 1


def test_another_source_waits_for_two_intervals_of_silence(series):
    record(series, candle(series, close="100", closed=False))
    from_kraken = candle(series, close="101", closed=False, source="kraken")
    assert record(series, from_kraken, later=2 * MINUTE) == Stored()
    assert record(series, from_kraken, later=2 * MINUTE + 1).updated == 1
    assert (only(series).close, only(series).source) == ("101", "kraken")


def test_another_source_may_prove_that_a_candle_closed(series):
    record(series, candle(series, close="100", closed=False))
    assert record(series, candle(series, close="101", source="kraken"), later=1).updated == 1
    assert (only(series).close, only(series).source, only(series).state) == ("101", "kraken", 1)


def test_a_closed_candle_never_opens_again(series):
    record(series, candle(series, close="100"))
    again = candle(series, close="101", closed=False)
    assert record(series, again, later=500) == Stored()
    assert (only(series).close, only(series).state) == ("100", 1)


def test_a_closed_candle_is_nobody_elses_to_change(series):
    record(series, candle(series, close="100"))
    assert record(series, candle(series, close="101", source="kraken"), later=500) == Stored()
    assert only(series).close == "100"


def test_a_correction_is_counted_and_what_was_before_is_kept(series):
    record(series, candle(series, close="100"))
    stored = record(series, candle(series, close="101"), candle(series, 1), later=60)
    assert stored == Stored(added=1, corrected=1, newest=OPEN + MINUTE)
    record(series, candle(series, close="101.5"), later=120)
    bar = bars(series)[0]
    assert (bar.close, bar.state, bar.revision) == ("101.5", 2, 2)
    kept = Correction.objects.order_by("revision").values_list("revision", "close", "replaced_at")
    assert [(r, f"{close:f}", at) for r, close, at in kept] == [
        (0, "100", OPEN + 60),
        (1, "101", OPEN + 120),
    ]


def test_the_same_number_spelled_otherwise_is_no_correction(series):
    record(series, candle(series, close="100.5"))
    assert record(series, candle(series, close="100.500"), later=60) == Stored()


@pytest.mark.parametrize("state", [0, 1])
def test_no_writer_changes_a_closed_candle_in_silence(series, state):
    record(series, candle(series, close="100"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Candle.objects.filter(series=series).update(close="101", state=state)
    assert only(series).close == "100"


def test_one_source_has_one_word_for_one_candle(series):
    first, last = candle(series, close="101", closed=False), candle(series, close="102")
    stored = record(series, first, last, candle(series, close="103", closed=False))
    assert (stored.added, stored.corrected) == (1, 0)
    assert (only(series).close, only(series).state) == ("102", 1)


def test_two_sources_in_one_batch_do_not_mix(series):
    record(series, candle(series, close="101"), candle(series, close="102", source="kraken"))
    assert (only(series).close, only(series).source) == ("101", "binance")


def test_a_candle_of_another_series_is_refused_whole(series):
    with pytest.raises(ValueError, match="does not belong"):
        record(series, candle(series), candle(given_series("ETH"), 1))
    assert bars(series) == []


def test_a_batch_that_fails_leaves_nothing_behind(series, monkeypatch):
    monkeypatch.setattr("market.services.candles._counts", None)
    with pytest.raises(TypeError), transaction.atomic():
        record(series, candle(series))
    assert not Source.objects.exists()
    assert bars(series) == []


def test_a_name_whose_insert_was_rolled_back_is_made_again(series):
    with transaction.atomic():
        record(series, candle(series))
        transaction.set_rollback(True)
    record(series, candle(series, source="kraken"), candle(series, 1))
    assert [bar.source for bar in bars(series)] == ["kraken", "binance"]


def test_whoever_is_told_can_read_it_already(series, told, on_commit):
    before = candle_snapshot.version_of("BTC/USDT:1m")
    with on_commit():
        record(series, candle(series, close="1E-12"), candle(series, 1, closed=False))
        assert told == []
    (message,) = (orjson.loads(one) for one in told)
    assert message["topic"] == "candles"
    assert message["version"] == candle_snapshot.version_of("BTC/USDT:1m") > before
    assert '"close":0.000000000001,' in message["items"]["BTC/USDT:1m"]
    shown = orjson.loads(message["items"]["BTC/USDT:1m"])
    assert [bar["timestamp"] for bar in shown] == [OPEN * 1000, (OPEN + MINUTE) * 1000]
    assert [bar["state"] for bar in shown] == ["closed", "open"]


def test_all_that_changed_is_told_or_that_it_is_too_much(series, told, on_commit):
    with on_commit():
        record(series, *(candle(series, -n) for n in range(1, 101)))
    items = orjson.loads(told.pop())["items"]["BTC/USDT:1m"]
    assert [one["timestamp"] for one in orjson.loads(items)] == [
        (OPEN - n * 60) * 1000 for n in range(100, 0, -1)
    ]
    with on_commit():
        record(series, *(candle(series, n) for n in range(101)), later=1)
    assert orjson.loads(told.pop())["items"] == {"BTC/USDT:1m": "null"}
    assert told == []


def test_a_large_batch_is_stored_like_a_small_one(series):
    many = [candle(series, number, str(number)) for number in range(2500)]
    assert record(series, *many).added == 2500
    again = [*many[:-1], candle(series, 2499, "1"), candle(series, 2500, "7", source="kraken")]
    stored = record(series, *again, later=60)
    assert stored == Stored(added=1, corrected=1, newest=OPEN + 2500 * MINUTE)
    assert [bar.close for bar in bars(series)] == [*(str(n) for n in range(2499)), "1", "7"]


def test_recording_takes_a_fixed_number_of_queries(series, django_assert_max_num_queries):
    record(series, candle(series))
    with django_assert_max_num_queries(11):
        record_candles(series, [candle(series, n) for n in range(1, 500)], now=NOW)
    assert connection.in_atomic_block
