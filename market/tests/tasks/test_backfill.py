"""The backfill over HTTP: complete, resumable, within budgets, and plain about what is left."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from market.management.commands import backfill as command
from market.models import Gap
from market.services.candles import series_of
from market.tasks import repair as tasks
from market.tests.quotes import given_assets
from market.tests.simulated import kept, moment, true_bar, values
from market.tests.tasks.conftest import BEGIN, NOON
from providers import budget
from providers.simulator.market import OPENED

DAYS = 60
SINCE = moment(NOON) - timedelta(days=DAYS)


class Terminal(StringIO):
    def isatty(self):
        return True


def run(output=None, **options):
    said = output or StringIO()
    known = {"symbols": "BTC", "interval": "1h", "since": SINCE.isoformat()}
    call_command("backfill", stdout=said, **{**known, **options})
    return said.getvalue()


def hours():
    return kept(series_of("BTC", "USDT", "1h"))


def test_everything_since_a_day_is_fetched_exactly(world):
    said = run()
    rows = hours()
    assert [row.opened_at for row in rows] == list(
        range(NOON - DAYS * 86400, BEGIN // 3600 * 3600, 3600)
    )
    for row in rows[:3] + rows[-3:]:
        assert values(row) == true_bar(world.simulator, "binance", "BTC", row.opened_at, "1h")
    first, *_, last = said.splitlines()
    assert first == f"BTCUSDT 1h: 0 %, 0 of {DAYS * 24} candles"
    assert last == f"BTCUSDT 1h: 100 %, {DAYS * 24} of {DAYS * 24} candles"


def test_what_is_stored_is_not_asked_for_again(world):
    run()
    world.asked()
    assert "100 %" in run()
    assert world.asked() == []
    run(since=(SINCE - timedelta(days=10)).isoformat())
    assert world.asked() == ["binance"]
    assert len(hours()) == (DAYS + 10) * 24


def test_several_symbols_are_fetched_in_turn(world):
    said = run(symbols="BTC, eth,BTC", since=(moment(NOON) - timedelta(days=1)).isoformat())
    assert said.count("BTCUSDT 1h: 100 %") == said.count("ETHUSDT 1h: 100 %") == 1


def test_an_interruption_loses_nothing(world, monkeypatch):
    with monkeypatch.context() as interrupted:

        def repair_once(gap, known=tasks.repair):
            if hours():
                raise KeyboardInterrupt
            return known(gap)

        interrupted.setattr("market.tasks.backfill.repair", repair_once)
        output = StringIO()
        with pytest.raises(SystemExit) as stopped:
            run(output)
    assert stopped.value.code == command.INTERRUPTED
    assert "go on from here" in output.getvalue()
    half = len(hours())
    assert 0 < half < DAYS * 24
    run()
    assert len(hours()) == DAYS * 24


def test_a_spent_budget_is_waited_for(world, monkeypatch):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        world.pass_by(seconds)

    taken = budget.take
    monkeypatch.setattr("market.management.commands.backfill.time.sleep", sleep)
    monkeypatch.setattr(
        budget, "take", lambda slug, **_: bool(pauses) and taken(slug, per_minute=9)
    )
    said = run()
    assert pauses == [60 - BEGIN % 60 + 1]
    assert "waiting for the next minute's budget" in said
    assert len(hours()) == DAYS * 24


def test_it_reaches_back_to_the_listing_and_says_so(world):
    said = run(interval="1d", since="2017-12-01")
    day = datetime.fromtimestamp(OPENED, UTC)
    assert f"nothing from 2017-12-01 00:00 to {day:%Y-%m-%d} 00:00: before listing" in said
    assert "binance has none that old" in said


def test_what_could_not_be_filled_is_an_error_and_stays_written_down(world):
    world.break_everybody()
    output = StringIO()
    with pytest.raises(CommandError, match="1 gaps could not be filled"):
        run(output)
    assert "upstream outage" in output.getvalue()
    assert "binance HTTP 500" in output.getvalue()
    assert Gap.objects.get().repaired_at is None


def test_a_terminal_gets_a_bar(world):
    said = run(Terminal())
    assert f"\rBTCUSDT 1h [{'#' * 30}] 100 %" in said
    assert said.endswith("\n")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"symbols": "NWHR"}, "not NWHR"),
        ({"symbols": " , "}, "not nothing"),
        ({"symbols": "BTC\0"}, "--symbols names assets"),
        ({"interval": "7m"}, "1m, 5m, 15m, 1h, 4h, 1d, 1w"),
        ({"since": "yesterday"}, "such as 2024-01-01, not 'yesterday'"),
        ({"since": "2999-01-01"}, "lies in the past"),
        ({"since": "1969-12-31"}, "lies in the past"),
        ({"since": "0001-01-01"}, "lies in the past"),
    ],
)
def test_what_it_does_not_understand_it_refuses(settings, options, said):
    given_assets(settings, "BTC")
    with pytest.raises(CommandError, match=said):
        run(**options)
