"""ccxt behind our tap: its way out replaced, its numbers kept exact, its listings kept small."""

import re
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import ccxt

from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, NotOffered, RateLimited, Unreachable
from providers.parse import read_json
from providers.types import Pair

# First match wins, so the narrow classes stand before the wide ones.
ERRORS = (
    (ccxt.RateLimitExceeded, RateLimited),
    (ccxt.DDoSProtection, RateLimited),
    (ccxt.AuthenticationError, Blocked),
    (ccxt.BadSymbol, NotOffered),
    (ccxt.NotSupported, NotOffered),
    (ccxt.OperationFailed, Unreachable),
    (ccxt.BaseError, BadPayload),
)
# ccxt reads answers without looking; an odd one surfaces as any of these.
ODD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
# Python reads digits with underscores in between; no venue writes them.
GROUPED = re.compile(r"[+-]?[\d.][\d_.]*")

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    # Prices with what is offered at each, where the default is single orders.
    "bitfinex": {"fetchOrderBook": {"precision": "P0"}},
    # It would read all tickers, for the fees of each pair.
    "kucoin": {"fetchMarkets": {"fetchTickersFees": False}},
}
# What makes a long listing short, where a venue lets us choose.
LISTING_PARAMS: Mapping[str, Mapping[str, str]] = {
    "binance": {"showPermissionSets": "false", "symbolStatus": "TRADING"},
}
# Where a candle says itself that it is complete: the column, and what stands there then.
CLOSED: Mapping[str, tuple[int, str]] = {
    "okx": (8, "1"),
    "okxus": (8, "1"),
    "myokx": (8, "1"),
    "gate": (7, "true"),
    "gateeu": (7, "true"),
}
# How many levels of a book may be asked for; elsewhere the venue decides.
DEPTHS: Mapping[str, tuple[int, ...]] = {
    "binance": (5, 10, 20, 50, 100, 500, 1000),
    "kraken": (10, 25, 100, 500),
    "okx": (1, 5, 20, 50, 100, 400),
    "bybit": (1, 25, 50, 100, 200),
    "kucoin": (20, 100),
    "gate": (5, 10, 20, 50, 100, 1000),
    "bitfinex": (25, 100, 250),
    "htx": (5, 10, 20, 150),
}
UNUSED = frozenset(
    {"taker", "maker", "margin", "created", "percentage", "tierBased", "feeSide", "uppercaseId"}
)


class Market(dict[str, Any]):
    """A pair as a venue lists it: only what it says, and None for the rest."""

    def __missing__(self, name: str) -> None:
        return None


class Fetch:
    """Stands where ccxt would open its own connection, and asks through the tap in use."""

    def __init__(self, exchange: Any) -> None:
        self.exchange = exchange
        self._local = threading.local()

    def use(self, tap: Tap) -> None:
        """Ask through this tap in this thread from now on."""
        self._local.tap = tap

    def milliseconds(self) -> int:
        return int(self._local.tap.now().timestamp() * 1000)

    def __call__(
        self, url: str, method: str = "GET", headers: Any = None, body: Any = None
    ) -> Any:
        if method != "GET":
            raise NotOffered(f"answers to {method} only, and we only read")
        answer = self._local.tap.get(url)
        text = answer.text.strip()
        decoded = read_json(text, fractions=str)
        # Bitfinex says so in a list; ccxt looks into it when the status was 500.
        is_error = isinstance(decoded, list) and decoded[:1] == ["error"]
        self.exchange.handle_errors(
            500 if is_error else 200, "OK", url, method, answer.headers, text, decoded, {}, body
        )
        return decoded


def listed(exchange_id: str, market_type: str, tap: Tap) -> Any:
    """Return an exchange that knows its pairs of one type, and nothing else of its listing.

    It may be asked by several threads at once: nothing in it changes but whose tap is used.
    """
    exchange = _bare(exchange_id)
    _only(exchange, market_type)
    exchange.fetch.use(tap)
    rows = exchange.fetch_markets(dict(LISTING_PARAMS.get(exchange_id, {})))
    markets = [_small(row) for row in rows if row and row[market_type]]
    exchange.markets = {market["symbol"]: market for market in markets}
    exchange.markets_by_id = {}
    for market in markets:
        exchange.markets_by_id.setdefault(market["id"], []).append(market)
    if not markets:
        raise BadPayload("lists no markets at all")
    return exchange


def _bare(exchange_id: str) -> Any:
    options = OPTIONS.get(exchange_id, {})
    exchange = getattr(ccxt, exchange_id)({"options": options, "enableRateLimit": False})
    # Strings, because a float has lost digits already.
    exchange.number = str
    # It would take a text for a list of letters.
    exchange.safe_string = partial(_string, exchange.safe_string)
    # It would fill a missing price with one that it computes from the others.
    exchange.safe_ticker = _as_told
    # It writes out each zero of a precision, and a venue may claim a billion of them.
    exchange.parse_precision = str
    # It would make floats of the levels of a book.
    exchange.parse_order_book_bid_ask = partial(_level, exchange)
    # It would drop rows, and what they say beside the prices.
    exchange.parse_ohlcvs = partial(_bars, exchange)
    exchange.has["fetchCurrencies"] = False
    exchange.fetch = Fetch(exchange)
    # What it asks for up to now is up to the tap's now.
    exchange.milliseconds = exchange.fetch.milliseconds
    exchange.seconds = lambda: exchange.milliseconds() // 1000
    return exchange


def _only(exchange: Any, market_type: str) -> None:
    """Let it read the listing of one type of pair, where it knows several."""
    chosen = exchange.options.get("fetchMarkets")
    types = chosen.get("types") if isinstance(chosen, dict) else None
    if isinstance(types, list) and market_type in types:
        chosen["types"] = [market_type]
    elif isinstance(types, dict) and market_type in types:
        chosen["types"] = {market_type: types[market_type]}


def _small(row: Mapping[str, Any]) -> Market:
    market = Market()
    for name, value in row.items():
        if name == "active" or (value and isinstance(value, str | int) and name not in UNUSED):
            market[name] = _copy(value) if isinstance(value, str) else value
    return market


def _copy(text: str) -> str:
    """Return the one copy of a word, made anew: the listing's own would keep its pages in memory."""
    return sys.intern(text.encode(errors="surrogatepass").decode(errors="surrogatepass"))


def _as_told(ticker: Mapping[str, Any], market: Any = None) -> Mapping[str, Any]:
    return ticker


def _string(read: Callable[..., Any], holder: Any, key: Any, default: Any = None) -> Any:
    found = default if isinstance(holder, str) else read(holder, key, default)
    if isinstance(found, str) and "_" in found and GROUPED.fullmatch(found):
        # ccxt reckons with it as Python does, and would make 1000 of 1_000.
        raise BadPayload(f"{found[:60]!r} is no number")
    return found


def _level(
    exchange: Any, row: Any, price_at: int | str = 0, amount_at: int | str = 1, *_: Any
) -> list[Any]:
    return [exchange.safe_string(row, price_at), exchange.safe_string(row, amount_at)]


def _bars(exchange: Any, rows: Any, market: Any = None, *_: Any, **__: Any) -> list[list[Any]]:
    """Return each row as its six numbers, and whether it says that it is complete."""
    return [[*exchange.parse_ohlcv(row, market)[:6], _says_closed(exchange, row)] for row in rows]


def _says_closed(exchange: Any, row: Any) -> bool | None:
    if exchange.id not in CLOSED:
        return None
    column, word = CLOSED[exchange.id]
    return bool(row[column] == word) if len(row) > column else None


def named(names: Iterable[str], markets: Mapping[str, Any]) -> list[Pair]:
    """Return pairs by our names for them and the venue's own."""
    parted = [(name, *name.partition(":")[0].split("/", 1)) for name in names]
    return [Pair(symbol, currency, markets[name]["id"]) for name, symbol, currency in parted]


def depth_of(exchange: Any, wanted: int) -> int | None:
    """Return how many levels to ask for: the least that are enough, or the most there are."""
    choices = DEPTHS.get(exchange.id)
    return min((c for c in choices if c >= wanted), default=choices[-1]) if choices else None


def most_candles(exchange: Any) -> int | None:
    """Return how many candles it gives at once, where ccxt knows."""
    spot = (exchange.features or {}).get("spot") or {}
    most = (spot.get("fetchOHLCV") or {}).get("limit")
    return most if isinstance(most, int) else None


def translated(error: Exception) -> Exception:
    if isinstance(error, BadPayload | NotOffered):
        return error
    kind = next((ours for theirs, ours in ERRORS if isinstance(error, theirs)), None)
    if kind is None:
        return BadPayload(f"its answer has an unknown shape ({type(error).__name__})")
    return kind(f"refused: {str(error)[:200]}", retry_after=60 if kind is RateLimited else None)
