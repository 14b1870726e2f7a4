"""What the caller wants to know of candles: parameters -> one frozen question, or a refusal."""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from hashlib import blake2s

from cryptodt.common.errors import InvalidInterval, InvalidRequest, InvalidSymbol
from market.intervals import INTERVALS, MINUTE, interval_of
from market.parameters import ECHOED, Parameters, choice, moment, one, whole, yes_or_no
from market.resolver import Index, pair_of

DEFAULT_INTERVAL = "1h"
DEFAULT_LIMIT, MOST_BARS = 100, 1000
GAP_STATES = ("all", "open", "repaired")
_MOST_GAPS = 2**53
# Some callers write an interval as its minutes.
_BY_MINUTES = {str(seconds // MINUTE): interval for interval, seconds in INTERVALS.items()}
_CURSOR = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)
_PLACE = re.compile(r"([0-9]{1,12})\.([0-9a-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleQuery:
    """One page of candles: of which pair and interval, from where, how many, in which order.

    Times are seconds. A candle belongs to a span when it opens at `since` or later and before
    `until`. `after` is the open time of the last bar of the page before.
    """

    symbol: str
    currency: str
    interval: str
    limit: int = DEFAULT_LIMIT
    since: int | None = None
    until: int | None = None
    newest_first: bool = False
    closed_only: bool = False
    after: int | None = None

    @property
    def pair(self) -> str:
        return f"{self.symbol}{self.currency}"

    @property
    def walks_forward(self) -> bool:
        """Say where the next page lies. Without a beginning, the latest come first, and each
        further page is older, in whatever order its own candles are."""
        return self.since is not None and not self.newest_first

    def cursor(self, after: int) -> str:
        """Return the word that asks for the page behind this bar."""
        place = f"{after}.{self._question()}"
        return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")

    def at(self, cursor: str) -> "CandleQuery":
        """Return the same question continued; a cursor of another one is refused."""
        place = _PLACE.fullmatch(_decoded(cursor))
        if place is None:
            raise InvalidRequest(
                "`cursor` is what `meta.next` of the page before said, unchanged.",
                details={"parameter": "cursor", "value": cursor[:ECHOED]},
            )
        if place[2] != self._question():
            raise InvalidRequest(
                "`cursor` belongs to another question: symbol, interval, since, until, order and "
                "closed_only stay the same from page to page.",
                details={"parameter": "cursor", "value": cursor[:ECHOED]},
            )
        return replace(self, after=int(place[1]))

    def _question(self) -> str:
        """Tell questions apart; how many fit on a page may change from one page to the next."""
        question = (
            self.symbol,
            self.currency,
            self.interval,
            self.since,
            self.until,
            self.newest_first,
            self.closed_only,
        )
        return blake2s(repr(question).encode(), digest_size=4).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class GapQuery:
    """One page of the ledger of gaps. What is None does not matter."""

    symbol: str | None
    currency: str | None
    interval: str | None
    since: int | None
    until: int | None
    state: str
    limit: int
    after: int


def candle_query(typed: Parameters, index: Index) -> CandleQuery:
    """Return the question, or refuse and say what is accepted; other parameters are ignored."""
    symbol, currency = pair_typed(typed, index)
    since, until = span_typed(typed)
    query = CandleQuery(
        symbol=symbol,
        currency=currency,
        interval=interval_typed(typed) or DEFAULT_INTERVAL,
        limit=whole(typed, "limit", least=1, most=MOST_BARS, default=DEFAULT_LIMIT),
        since=since,
        until=until,
        newest_first=choice(typed, "order", ("asc", "desc"), default="asc") == "desc",
        closed_only=yes_or_no(typed, "closed_only"),
    )
    cursor = one(typed, "cursor")
    return query if cursor is None else query.at(cursor)


def gap_query(typed: Parameters, index: Index) -> GapQuery:
    """Return what is asked of the ledger of gaps; everything may be left out."""
    symbol, currency = pair_typed(typed, index) if "symbol" in typed else (None, None)
    since, until = span_typed(typed)
    return GapQuery(
        symbol=symbol,
        currency=currency,
        interval=interval_typed(typed),
        since=since,
        until=until,
        state=choice(typed, "state", GAP_STATES, default=GAP_STATES[0]),
        limit=whole(typed, "limit", least=1, most=MOST_BARS, default=DEFAULT_LIMIT),
        # The number of a line is its place; there is nothing to it that could be mistaken.
        after=whole(typed, "cursor", least=1, most=_MOST_GAPS, default=_MOST_GAPS),
    )


def pair_typed(typed: Parameters, index: Index) -> tuple[str, str]:
    """Return the asset and the currency that its candles are in: USDT, unless another is typed."""
    text = one(typed, "symbol")
    if text is None:
        raise InvalidSymbol(
            "`symbol` is missing: say whose candles you want, such as symbol=BTC.",
            details={"parameter": "symbol"},
        )
    pair = pair_of(text, index)
    if pair.currency == pair.symbol:
        raise InvalidSymbol(
            f"{pair.symbol} has no price in itself: name the other side too, such as "
            f"{pair.symbol}/USD.",
            details={"symbol": text[:ECHOED]},
        )
    return pair.symbol, pair.currency


def interval_typed(typed: Parameters) -> str | None:
    """Return the interval under either of its names; two that differ are refused."""
    words = {
        name: text for name in ("interval", "timeframe") if (text := one(typed, name)) is not None
    }
    meant = {interval_of(_BY_MINUTES.get(text, text)) for text in words.values()}
    if len(meant) > 1:
        raise InvalidInterval(
            "`interval` and `timeframe` are two names of one thing, and differ here.",
            details={**words, "accepted": list(INTERVALS)},
        )
    return meant.pop() if meant else None


def span_typed(typed: Parameters) -> tuple[int | None, int | None]:
    since, until = moment(typed, "since"), moment(typed, "until")
    if since is not None and until is not None and since >= until:
        raise InvalidRequest(
            "`since` must be before `until`: candles open at `since` or later, before `until`.",
            details={"since": since * 1000, "until": until * 1000},
        )
    return since, until


def _decoded(cursor: str) -> str:
    if not _CURSOR.fullmatch(cursor):
        return ""
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""
