"""Exchanges through ccxt: it knows every venue's addresses and shapes, our pump does the asking."""

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import ccxt

from providers import exchange_data
from providers.adapter import Tap
from providers.ccxt_bridge import ODD, depth_of, listed, most_candles, named, translated
from providers.exceptions import BadPayload, NotOffered
from providers.parse import from_milliseconds, known, number
from providers.types import Candle, CandleAsk, Instrument, OrderBook, Pair, Quote

# What an asset is priced in, best first: dollars need no conversion.
CURRENCIES = ("USD", "USDT", "USDC")

# Pairs come and go; what a venue lists is read anew after this time, and after each odd answer.
LISTING_AGE = timedelta(hours=1)


class CcxtExchange:
    """One exchange: a single ccxt instance with its listing, shared by all threads."""

    def __init__(
        self,
        exchange_id: str,
        *,
        states_time: bool | None = True,
        market_type: Literal["spot", "swap"] = "spot",
    ) -> None:
        self.id = exchange_id
        # Where a venue does not say when it saw a price, it is as old as the answer;
        # None where nobody has looked yet, so that what it says is taken and not demanded.
        self.states_time = states_time
        self.market_type = market_type
        self._listed: Any = None
        self._listed_at = datetime.min.replace(tzinfo=UTC)
        self._listing = threading.Lock()

    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]:
        with self._asking(BadPayload, NotOffered):
            exchange = self._ready(tap)
            wanted = dict(self._pairs(instruments, exchange.markets))
            if not wanted:
                raise NotOffered("lists none of the assets asked for")
            tickers = exchange.fetch_tickers(list(wanted))
            told = ((tickers[pair], symbol) for pair, symbol in wanted.items() if pair in tickers)
            quotes = [self._quote(ticker, symbol, tap) for ticker, symbol in told]
            return [quote for quote in quotes if quote is not None]

    def pairs(
        self, tickers: Sequence[Instrument], candles: Collection[tuple[str, str]], tap: Tap
    ) -> tuple[list[Pair], list[Pair]]:
        """Return where it prices the instruments best, and whose candles of those it has."""
        with self._asking():
            markets = self._ready(tap).markets
            bars = [name for one in candles if (name := self._found(*one, markets))]
            best = [name for name, _ in self._pairs(tickers, markets)]
            return named(best, markets), named(bars, markets)

    def candles(self, ask: CandleAsk, tap: Tap) -> list[Candle]:
        with self._asking():
            exchange = self._ready(tap)
            pair = self._pair(ask.symbol, ask.currency, exchange.markets)
            if ask.interval not in (exchange.timeframes or {}):
                raise NotOffered(f"has no candles of {ask.interval}")
            since = None if ask.since is None else int(ask.since.timestamp() * 1000)
            # A later candle proves that the last is complete, and a start between two costs one.
            enough = ask.limit + 2
            limit = min(enough, most_candles(exchange) or enough)
            rows = exchange.fetch_ohlcv(pair, ask.interval, since, limit)
            return exchange_data.chosen(exchange_data.candles(rows, ask, self.id), ask)

    def order_book(self, symbol: str, currency: str, depth: int, tap: Tap) -> OrderBook:
        with self._asking():
            exchange = self._ready(tap)
            pair = self._pair(symbol, currency, exchange.markets)
            told = exchange.fetch_order_book(pair, depth_of(exchange, depth))
            stamp = told.get("timestamp")
            book = OrderBook(
                symbol=symbol,
                currency=currency,
                bids=tuple(exchange_data.level(row) for row in told["bids"]),
                asks=tuple(exchange_data.level(row) for row in told["asks"]),
                observed_at=tap.now() if stamp is None else from_milliseconds(stamp),
                source=self.id,
            )
            return exchange_data.order_book(book, depth)

    @contextmanager
    def _asking(self, *doubted: type[Exception]) -> Iterator[None]:
        """Name what goes wrong; after these errors the listing is read anew."""
        try:
            yield
        except (ccxt.BaseError, BadPayload, NotOffered, *ODD) as error:
            problem = translated(error)
            if isinstance(error, ccxt.BadSymbol) or isinstance(problem, doubted):
                self._listed = None
            raise problem from None

    def _ready(self, tap: Tap) -> Any:
        with self._listing:
            exchange = self._listed
            if exchange is None or tap.now() - self._listed_at >= LISTING_AGE:
                exchange = listed(self.id, self.market_type, tap)
                self._listed, self._listed_at = exchange, tap.now()
        exchange.fetch.use(tap)
        return exchange

    def _pairs(
        self, instruments: Sequence[Instrument], markets: Mapping[str, Any]
    ) -> Iterator[tuple[str, str]]:
        """Yield the venue's best pair for each instrument that it trades."""
        for instrument in instruments:
            found = (self._found(instrument.symbol, one, markets) for one in CURRENCIES)
            if name := next(filter(None, found), None):
                yield name, instrument.symbol

    def _pair(self, symbol: str, currency: str, markets: Mapping[str, Any]) -> str:
        name = self._found(symbol, currency, markets)
        if name is None:
            raise NotOffered(f"does not trade {symbol} in {currency}")
        return name

    def _found(self, symbol: str, currency: str, markets: Mapping[str, Any]) -> str | None:
        # A perpetual is paid out in dollars of one kind or another.
        endings = [f":{one}" for one in CURRENCIES] if self.market_type == "swap" else [""]
        names = (f"{symbol}/{currency}{ending}" for ending in endings)
        trading = (n for n in names if n in markets and markets[n].get("active") is not False)
        return next(trading, None)

    def _quote(self, ticker: Mapping[str, Any], symbol: str, tap: Tap) -> Quote | None:
        price = known(ticker, "last")
        if price is None:
            # Listed, and never traded.
            return None
        stamp = ticker.get("timestamp")
        is_told = self.states_time or (self.states_time is None and stamp is not None)
        return Quote(
            symbol=symbol,
            price=price,
            currency=ticker["symbol"].partition("/")[2].partition(":")[0],
            source=self.id,
            observed_at=from_milliseconds(stamp) if is_told else tap.now(),
            change_24h=number(ticker, "percentage"),
        )
