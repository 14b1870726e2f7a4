"""Exchanges through ccxt: it knows every venue's addresses and shapes, our pump does the asking."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import ccxt

from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, NotOffered, RateLimited, Unreachable
from providers.parse import from_milliseconds, known, number, read_json
from providers.types import Instrument, Quote

# What an asset is priced in, best first: dollars need no conversion.
CURRENCIES = ("USD", "USDT", "USDC")

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

OPTIONS = {"fetchMarkets": {"types": ["spot"]}, "warnOnFetchOpenOrdersWithoutSymbol": False}

# Pairs come and go; what a venue lists is read anew after this time, and after each odd answer.
LISTING_AGE = timedelta(hours=1)


class CcxtExchange:
    """One exchange. Its instances are per thread, because ccxt keeps state between calls."""

    def __init__(self, exchange_id: str, *, states_time: bool = True) -> None:
        self.id = exchange_id
        # Where a venue does not say when it saw a price, it is as old as the answer.
        self.states_time = states_time
        self._local = threading.local()
        self._listed: Any = None
        self._listed_at = datetime.min.replace(tzinfo=UTC)

    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        try:
            return self._asked(instruments, tap)
        except (ccxt.BaseError, BadPayload, NotOffered, *ODD) as error:
            problem = translated(error)
            if isinstance(problem, BadPayload | NotOffered):
                self._listed = None
            raise problem from None

    def _asked(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        exchange = self._ready(tap)
        wanted = dict(pairs(instruments, exchange.markets))
        if not wanted:
            raise NotOffered("lists none of the assets asked for")
        tickers = exchange.fetch_tickers(list(wanted))
        told = ((tickers[pair], symbol) for pair, symbol in wanted.items() if pair in tickers)
        quotes = [self._quote(ticker, symbol, tap) for ticker, symbol in told]
        return [quote for quote in quotes if quote is not None]

    def _ready(self, tap: Tap) -> Any:
        exchange = getattr(self._local, "exchange", None)
        if exchange is None:
            exchange = getattr(ccxt, self.id)({"options": OPTIONS, "enableRateLimit": False})
            # Strings, because a float has lost digits already.
            exchange.number = str
            # It would fill a missing price with one that it computes from the others.
            exchange.safe_ticker = as_told
            # It writes out each zero of a precision, and a venue may claim a billion of them.
            exchange.parse_precision = str
            exchange.has["fetchCurrencies"] = False
            self._local.exchange = exchange
        exchange.fetch = Fetch(exchange, tap)
        listed = self._listed
        if listed is None or tap.now() - self._listed_at >= LISTING_AGE:
            exchange.load_markets(reload=True)
            if not exchange.markets:
                raise BadPayload("lists no markets at all")
            self._listed, self._listed_at = exchange, tap.now()
        elif exchange is not listed:
            exchange.set_markets_from_exchange(listed)
        return exchange

    def _quote(self, ticker: Mapping[str, Any], symbol: str, tap: Tap) -> Quote | None:
        price = known(ticker, "last")
        if price is None:
            # Listed, and never traded.
            return None
        stamp = ticker.get("timestamp")
        return Quote(
            symbol=symbol,
            price=price,
            currency=ticker["symbol"].partition("/")[2],
            source=self.id,
            observed_at=from_milliseconds(stamp) if self.states_time else tap.now(),
            change_24h=number(ticker, "percentage"),
        )


def as_told(ticker: Mapping[str, Any], market: Any = None) -> Mapping[str, Any]:
    return ticker


class Fetch:
    """Stands where ccxt would open its own connection, and asks through ours."""

    def __init__(self, exchange: Any, tap: Tap) -> None:
        self.exchange = exchange
        self.tap = tap

    def __call__(
        self, url: str, method: str = "GET", headers: Any = None, body: Any = None
    ) -> Any:
        parts = urlsplit(url)
        answer = self.tap.get(f"{parts.path}?{parts.query}" if parts.query else parts.path)
        text = answer.text.strip()
        decoded = read_json(text, fractions=str)
        self.exchange.handle_errors(
            200, "OK", url, method, answer.headers, text, decoded, headers or {}, body
        )
        return decoded


def pairs(
    instruments: Sequence[Instrument], markets: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield the venue's best pair for each instrument that it trades."""
    for instrument in instruments:
        for currency in CURRENCIES:
            market = markets.get(f"{instrument.symbol}/{currency}")
            if market and market.get("spot") and market.get("active") is not False:
                yield market["symbol"], instrument.symbol
                break


def translated(error: Exception) -> Exception:
    if isinstance(error, BadPayload | NotOffered):
        return error
    kind = next((ours for theirs, ours in ERRORS if isinstance(error, theirs)), None)
    if kind is None:
        return BadPayload(f"its answer has an unknown shape ({type(error).__name__})")
    return kind(f"refused: {str(error)[:200]}", retry_after=60 if kind is RateLimited else None)
