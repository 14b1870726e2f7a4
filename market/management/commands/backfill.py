"""Fetch candles from long ago, as far back as the upstreams go."""

import sys
import time
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cryptodt.common.errors import Refusal
from market.intervals import interval_of
from market.models import Gap, Series
from market.selectors.series import CURRENCY, known_symbols
from market.services.candles import series_of
from market.tasks.backfill import Progress, fill_since, left_since

BAR = 30
PERCENT = 100
MINUTE = 60
INTERRUPTED = 130
# What no upstream has is no failure of ours.
PROVEN = (Gap.Reason.UPSTREAM_EMPTY, Gap.Reason.BEFORE_LISTING)
MOST_TOLD = 10


class Command(BaseCommand):
    help = (
        "Fetch the candles that are missing since a day, within every provider's budget. Run it "
        "again after an interruption: what is stored is not asked for twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--symbols", required=True, help="such as BTC,ETH")
        parser.add_argument("--interval", required=True, help="1m, 5m, 15m, 1h, 4h, 1d or 1w")
        parser.add_argument("--since", required=True, help="such as 2024-01-01, in UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        since = day_of(options["since"])
        all_series = series_named(options["symbols"], options["interval"])
        try:
            unfilled = [gap for series in all_series for gap in self.fill(series, since)]
        except KeyboardInterrupt:
            self.stdout.write("\nStopped. Run the same command again to go on from here.")
            sys.exit(INTERRUPTED)
        if unfilled:
            raise CommandError(
                f"{len(unfilled)} gaps could not be filled; they stay written down."
            )

    def fill(self, series: Series, since: datetime) -> list[Gap]:
        """Fill one series; return the gaps that somebody may still be able to fill."""
        name = f"{series.asset.symbol}{series.currency} {series.interval}"
        for progress in fill_since(series, since):
            self.show(name, progress)
            if progress.is_waiting:
                # Budgets are counted by the minute of the clock.
                time.sleep(MINUTE - time.time() % MINUTE + 1)
        if self.stdout.isatty():
            self.stdout.write("")
        left = left_since(series, since)
        for gap in left[:MOST_TOLD]:
            self.stdout.write(f"{name}: {spelled(gap)}")
        if len(left) > MOST_TOLD:
            self.stdout.write(f"{name}: and {len(left) - MOST_TOLD} more gaps")
        return [gap for gap in left if gap.reason not in PROVEN]

    def show(self, name: str, progress: Progress) -> None:
        share = progress.stored * PERCENT // progress.wanted if progress.wanted else PERCENT
        said = f"{progress.stored} of {progress.wanted} candles"
        if progress.is_waiting:
            said += ", waiting for the next minute's budget"
        if not self.stdout.isatty():
            self.stdout.write(f"{name}: {share} %, {said}")
            return
        bar = "#" * (share * BAR // PERCENT)
        # To the end of the line, so that nothing of a longer line before it stays.
        self.stdout.write(f"\r{name} [{bar:<{BAR}}] {share:3} %  {said}\033[K", ending="")
        self.stdout.flush()


def series_named(typed: str, interval: str) -> list[Series]:
    words = list(dict.fromkeys(word.strip().upper() for word in typed.split(",") if word.strip()))
    known = known_symbols()
    unknown = [word for word in words if word not in known]
    if unknown or not words:
        some = ", ".join(known[:20])
        raise CommandError(
            f"--symbols names assets that are known here, such as {some};"
            f" not {', '.join(unknown) or 'nothing'}."
        )
    try:
        return [series_of(word, CURRENCY, interval_of(interval)) for word in words]
    except Refusal as refusal:
        raise CommandError(f"--interval: {refusal.message}") from None


def day_of(typed: str) -> datetime:
    try:
        moment = datetime.fromisoformat(typed.strip())
    except ValueError:
        raise CommandError(f"--since is a day such as 2024-01-01, not {typed[:40]!r}.") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not 0 <= moment.timestamp() < timezone.now().timestamp():
        raise CommandError("--since lies in the past, and not before 1970.")
    return moment


def spelled(gap: Gap) -> str:
    start, end = (datetime.fromtimestamp(one, UTC) for one in (gap.start, gap.end))
    said = "; ".join(f"{source} {words}" for source, words in gap.said.items())
    return f"nothing from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}: {gap.reason} ({said})"
