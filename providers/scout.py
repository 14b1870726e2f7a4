"""The way out for looking at strangers: one address after another, each looked at before."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urljoin, urlsplit

from providers import added, asking, budget, http
from providers.adapter import Tap
from providers.exceptions import (
    BadPayload,
    Moved,
    OverBudget,
    ProviderError,
    RateLimited,
    Unreachable,
)
from providers.row import Row
from providers.types import Answer

CALL_SECONDS = 8.0
# Nobody asked us to come: a handful of questions a minute is all that a host is asked.
PER_MINUTE = 8
PAUSE = 3600
MOST_MOVES = 3
# Far more than pages and feeds need, and little enough to be read through in seconds.
LARGEST = 2_000_000
# So many that cannot be reached, and nobody who can: there is no internet here.
HOPELESS = 5


@dataclass(frozen=True, slots=True)
class Page:
    """What came, from where in the end, and how long that took."""

    address: str
    text: str
    milliseconds: int


class Scout:
    """Asks for one run, which ends in time and gives up when there is no way out."""

    def __init__(self, *, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._answered = 0
        self._unreachable = 0
        self.asked = 0

    @property
    def is_over(self) -> bool:
        return self._left <= 0 or self.is_hopeless

    @property
    def is_hopeless(self) -> bool:
        return self._unreachable >= HOPELESS and not self._answered

    @property
    def _left(self) -> float:
        return self._ends - time.monotonic()

    def read(self, slug: str, address: str) -> Page:
        """Return what stands at an address, or where that leads to; or raise ProviderError."""
        for _ in range(MOST_MOVES + 1):
            row = row_at(slug, address)
            started = time.monotonic()
            try:
                answer = self.ask(row, row.adapter.path, most=LARGEST)
            except Moved as moved:
                address = _joined(address, moved.location)
                continue
            took = round((time.monotonic() - started) * 1000)
            return Page(row.origin + row.adapter.path, answer.text, took)
        raise BadPayload("leads from one address to the next")

    def tap_for(self, row: Row) -> Tap:
        return Tap(get=partial(self.ask, row), key="", now=lambda: datetime.now(UTC))

    def ask(
        self,
        row: Row,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        most: int = http.LARGEST_BODY,
    ) -> Answer:
        name = f"discovery:{urlsplit(urljoin(row.origin, path)).netloc}"
        if self.is_over:
            raise OverBudget("was not asked: the time for this search is over")
        if not budget.take(name, per_minute=PER_MINUTE):
            raise OverBudget("was not asked: its host was asked enough for now")
        self.asked += 1
        try:
            answer = http.get(
                asking.placed(path, row, row.addresses[0]),
                params=params,
                headers=headers,
                seconds=max(0.1, min(CALL_SECONDS, self._left)),
                public_only=not row.is_redirected,
                most=most,
            )
        except Unreachable:
            self._unreachable += 1
            raise
        except ProviderError as error:
            self._answered += 1
            if isinstance(error, RateLimited):
                budget.pause(name, seconds=error.retry_after or PAUSE)
            raise
        self._answered += 1
        return answer


def row_at(slug: str, address: str) -> Row:
    """Return the row of a page or feed at an address, if that is one that may be asked."""
    try:
        return added.feed(slug, slug, added.checked_address("rss", address))
    except added.BadAddress as error:
        raise BadPayload(f"leads to what may not be asked: {error}") from None


def _joined(address: str, location: str) -> str:
    try:
        return urljoin(address, location)
    except ValueError:
        return ""
