"""Exchanges through ccxt: it knows every venue's addresses and shapes, our pump does the asking."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import ccxt

from providers.adapter import Tap
from providers.exceptions import BadPayload, Blocked, NotOffered, RateLimited, Unreachable
from providers.parse import from_milliseconds, number, positive, read_json
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
    (ccxt.NetworkError, Unreachable),
    (ccxt.BaseError, BadPayload),
)

OPTIONS = {"fetchMarkets": {"types": ["spot"]}, "warnOnFetchOpenOrdersWithoutSymbol": False}


class CcxtExchange:
    """One exchange. Its instances are per thread, because ccxt keeps state between calls."""

    def __init__(self, exchange_id: str, *, states_24h_change: bool = True) -> None:
        self.id = exchange_id
        # Some venues count their change from midnight; that is no 24-hour change.
        self.states_24h_change = states_24h_change
        self._local = threading.local()
        self._listed: Any = None

    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        try:
            exchange = self._ready(tap)
            wanted = dict(pairs(instruments, exchange.markets))
            if not wanted:
                raise NotOffered("lists none of the assets asked for")
            tickers = exchange.fetch_tickers(list(wanted))
        except ccxt.BaseError as error:
            raise translated(error) from error
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            # ccxt reads answers without looking; an odd one surfaces as any of these.
            raise BadPayload(
                f"its answer has an unknown shape ({type(error).__name__})"
            ) from error
        return [
            self._quote(tickers[pair], symbol, tap)
            for pair, symbol in wanted.items()
            if pair in tickers
        ]

    def _ready(self, tap: Tap) -> Any:
        exchange = getattr(self._local, "exchange", None)
        if exchange is None:
            exchange = getattr(ccxt, self.id)({"options": OPTIONS, "enableRateLimit": False})
            # Strings, because a float has lost digits already.
            exchange.number = str
            exchange.has["fetchCurrencies"] = False
            self._local.exchange = exchange
        exchange.fetch = Fetch(exchange, tap)
        if self._listed is None:
            exchange.load_markets()
            if not exchange.markets:
                raise BadPayload("lists no markets at all")
            self._listed = exchange
        elif exchange.markets is None:
            exchange.set_markets_from_exchange(self._listed)
        return exchange

    def _quote(self, ticker: Mapping[str, Any], symbol: str, tap: Tap) -> Quote:
        stamp = ticker.get("timestamp")
        return Quote(
            symbol=symbol,
            price=positive(ticker, "last"),
            currency=ticker["symbol"].partition("/")[2],
            source=self.id,
            observed_at=from_milliseconds(stamp) if stamp else tap.now(),
            change_24h=number(ticker, "percentage") if self.states_24h_change else None,
        )


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
        decoded = read_json(answer.text, fractions=str)
        self.exchange.handle_errors(
            200, "OK", url, method, answer.headers, answer.text, decoded, headers or {}, body
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


def translated(error: ccxt.BaseError) -> Exception:
    kind = next(ours for theirs, ours in ERRORS if isinstance(error, theirs))
    return kind(f"refused: {str(error)[:200]}", retry_after=60 if kind is RateLimited else None)
