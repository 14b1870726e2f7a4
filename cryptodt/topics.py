"""What can be subscribed to: the TOPICS table, and what is typed as a topic -> one of its rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings

from cryptodt.common.broadcast import now_ms
from cryptodt.common.errors import NoData, NotYet, Refusal
from cryptodt.frames import Age
from cryptodt.health import status_shape
from market.candle_query import candle_query
from market.candle_snapshot import name_of
from market.resolver import symbol_of
from market.selectors.assets import index
from market.selectors.candle_answers import latest_rows
from market.selectors.figures import TOTALS_EVERY
from market.selectors.overview import overview_object
from market.selectors.prices import PriceQuery, price_items, untracked
from market.selectors.series import is_kept
from market.services import demand
from market.services.asked import ask_for
from market.snapshot import UNTRACKED, observed_in, with_age_of

LONGEST = 120
# How many candles a snapshot holds, the open one included.
CANDLES_SHOWN = "10"
TEST = "test"

Items = Mapping[str, str]


class UnknownTopic(Refusal):
    kind = "UNKNOWN_TOPIC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of topic. Of a state only the latest matters; of events every single one."""

    name: str
    about: str
    is_state: bool
    # What follows its name: nothing, or what it may name.
    argument: str = ""
    is_argument_needed: bool = False
    # After so many seconds without a message its source is taken to be silent.
    silent_after: Callable[[], float]
    resolve: Callable[["Row", str], "Topic"]
    # When what is shown happened, as far as it says so.
    happened: Callable[[Items], int | None]
    # Where items say how old they are: how that is said later.
    age: Age | None = None
    # Which items are told to who listens to all of them; the others only by their own names.
    is_for_all: Callable[[str], bool] = lambda text: True


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic as clients call it, under the key that the broadcast counts it by."""

    name: str
    key: str
    is_state: bool
    silent_after: float
    # How it stands now, read from what is stored.
    load: Callable[[], Items]
    # When what was loaded happened.
    happened: Callable[[Items], int | None]
    # Whose it is, where that is what a tier limits; None is all of them.
    symbol: str | None = None
    # The address whose limits loading it counts against; nothing for what lies ready.
    counts_as: str = ""
    # Has it collected for as long as this is called again and again, where it is not for everybody.
    keep: Callable[[], None] | None = None

    @property
    def longest_throttle(self) -> int:
        """Return for how many milliseconds news may be held back: nothing gets stale by it."""
        return int(self.silent_after * 500)


def topic_of(typed: object) -> Topic:
    """Return the topic meant. Raises a refusal that says what there is."""
    if not isinstance(typed, str):
        raise UnknownTopic("A topic is a text.", details=_accepted())
    if not 0 < len(typed) <= LONGEST:
        raise _unknown(typed)
    name, _, argument = typed.strip().partition(":")
    row = BY_NAME.get(name.lower())
    if row is None or (argument and not row.argument):
        raise _unknown(typed)
    if row.is_argument_needed and not argument:
        raise UnknownTopic(f"`{name}` needs more: {name}:{row.argument}.", details=_accepted())
    return row.resolve(row, argument)


def _unknown(typed: str) -> UnknownTopic:
    return UnknownTopic(f"There is no topic {typed[:40]!r} here.", details=_accepted())


def _accepted() -> dict[str, Any]:
    return {"accepted": [shown(row) for row in TOPICS]}


def shown(row: Row) -> str:
    """Return how a row is written: `candles:<pair>:<interval>`."""
    if not row.argument:
        return row.name
    return (
        f"{row.name}:{row.argument}" if row.is_argument_needed else f"{row.name}[:{row.argument}]"
    )


def public_name(key: str) -> str:
    """Return how clients call what the broadcast counts under a key: a pair has no slash there."""
    return key.replace("/", "")


def is_offered(key: str) -> bool:
    """Say whether somebody may listen to what the broadcast counts under a key: `candles` alone is
    nobody's, and a total of the market is told with all of them."""
    name, _, argument = key.partition(":")
    row = BY_NAME.get(name)
    return row is not None and (bool(row.argument) if argument else not row.is_argument_needed)


def _prices(row: Row, argument: str) -> Topic:
    if not argument:
        return _topic(row, row.name, lambda: price_items(index().tracked))
    symbol = symbol_of(argument, index())
    # What is not collected for everybody is from then on, because somebody asked for it.
    counts_as = "/api/prices" if untracked(PriceQuery((symbol,))) else ""

    def keep() -> None:
        ask_for(untracked(PriceQuery((symbol,))))

    def load() -> Items:
        keep()
        return price_items([symbol])

    return _topic(row, f"{row.name}:{symbol}", load, symbol, counts_as, keep)


def _candles(row: Row, argument: str) -> Topic:
    pair, _, interval = argument.rpartition(":")
    query = candle_query(
        {"symbol": [pair], "interval": [interval], "limit": [CANDLES_SHOWN]}, index()
    )
    series = (query.symbol, query.currency, query.interval)

    def load() -> Items:
        rows, is_tracked = latest_rows(query)
        if not is_tracked:
            demand.want_series(*series)
        return {name_of(*series): rows.decode()} if rows else {}

    def keep() -> None:
        if not is_kept(*series):
            demand.want_series(*series)

    return _topic(row, f"{row.name}:{name_of(*series)}", load, query.symbol, "/api/ohlcv", keep)


def _alone(load: Callable[[], Items]) -> Callable[[Row, str], Topic]:
    return lambda row, _: _topic(row, row.name, load)


def _topic(
    row: Row,
    key: str,
    load: Callable[[], Items],
    symbol: str | None = None,
    counts_as: str = "",
    keep: Callable[[], None] | None = None,
) -> Topic:
    return Topic(
        name=public_name(key),
        key=key,
        is_state=row.is_state,
        silent_after=row.silent_after(),
        load=lambda: _loaded(load),
        happened=row.happened,
        symbol=symbol,
        counts_as=counts_as,
        keep=keep,
    )


def _loaded(load: Callable[[], Items]) -> Items:
    try:
        return load()
    except (NoData, NotYet):
        # Nothing so far is how it stands; what comes is told when it comes.
        return {}


def _overview() -> Items:
    return {"overview": overview_object().decode()}


def _status() -> Items:
    return {"status": orjson.dumps(status_shape()).decode()}


def _observed(items: Items) -> int | None:
    return max((at for text in items.values() if (at := observed_in(text))), default=None)


def _opened(items: Items) -> int | None:
    """Return when the last candle opened: that is the last that is known to have happened."""
    bars = [one for text in items.values() for one in orjson.loads(text)]
    return max((int(one["timestamp"]) for one in bars), default=None)


def _as_of(items: Items) -> int | None:
    return max((int(orjson.loads(text)["timestamp"]) for text in items.values()), default=None)


def _aged(text: str, sent_ms: int) -> str:
    return with_age_of(text, sent_ms, fresh_seconds=settings.CACHE_TTL_PRICES)


def _is_tracked(text: str) -> bool:
    return UNTRACKED not in text


STATUS_EVERY = 10

TOPICS = (
    Row(
        name="prices",
        about="The prices that changed, of all tracked assets or of one.",
        is_state=True,
        argument="<symbol>",
        silent_after=lambda: float(settings.CACHE_TTL_PRICES),
        resolve=_prices,
        happened=_observed,
        age=_aged,
        is_for_all=_is_tracked,
    ),
    Row(
        name="candles",
        about="The candles of a pair and interval that opened, changed, closed or were corrected.",
        is_state=False,
        argument="<pair>:<interval>",
        is_argument_needed=True,
        silent_after=lambda: float(settings.CACHE_TTL_OHLCV),
        resolve=_candles,
        happened=_opened,
    ),
    Row(
        name="overview",
        about="The totals of the whole market, movers and trends.",
        is_state=True,
        silent_after=lambda: float(settings.CACHE_TTL_MARKET + TOTALS_EVERY),
        resolve=_alone(_overview),
        happened=_as_of,
    ),
    Row(
        name="status",
        about="How the installation does: the prices, the providers and its parts.",
        is_state=True,
        silent_after=lambda: 3.0 * STATUS_EVERY,
        resolve=_alone(_status),
        # It was looked at for this answer.
        happened=lambda _: now_ms(),
    ),
    Row(
        name=TEST,
        about="A count of seconds that always runs, to try a client with. It is no market data.",
        is_state=False,
        silent_after=lambda: 5.0,
        resolve=_alone(dict),
        happened=lambda _: now_ms() // 1000 * 1000,
    ),
)
BY_NAME = {row.name: row for row in TOPICS}
