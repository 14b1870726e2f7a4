"""Every candle that is served, held against the ticks of the venue that it names."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cryptodt.tests.truth import Truth
from cryptodt.tests.weather import Weather
from market.intervals import INTERVALS
from market.models import Candle
from providers.simulator import Request

Get = Callable[..., Mapping[str, Any]]
NAMES = ("open", "high", "low", "close", "volume")
OF_CANDLES = ("klines", "candle", "kline", "OHLC")
REASONS = {"not collected", "upstream outage", "upstream empty", "before listing"}


@dataclass
class CandleBook:
    """Reads candles and the ledger of gaps over HTTP, and knows what they should say."""

    truth: Truth
    weather: Weather
    symbols: Sequence[str]
    intervals: Sequence[str]
    begin: int
    tally: Counter[str] = field(default_factory=Counter)

    def check(self, get: Get, symbols: Sequence[str]) -> None:
        """Check all that is served of these; what was wrong once stays so until its turn comes."""
        since = (self.begin - 900) * 1000
        ledger = self._ledger(get)
        for symbol in symbols:
            for interval in self.intervals:
                asked = {"symbol": symbol, "interval": interval, "since": since, "limit": 1000}
                whole = get("/api/ohlcv", **asked)
                self._check_rows(symbol, interval, whole["data"])
                closed = get("/api/ohlcv", **asked, closed_only="true")["data"]
                assert closed == [row for row in whole["data"] if row["state"] != "open"]
                self._check_gaps(whole, interval, ledger.get((f"{symbol}USDT", interval), []))

    def _check_rows(self, symbol: str, interval: str, rows: Sequence[Mapping[str, Any]]) -> None:
        times = [row["timestamp"] for row in rows]
        assert times == sorted(set(times))
        for row in rows:
            at, source = row["timestamp"] // 1000, row["source"]
            told = tuple(Decimal(row[name]) for name in NAMES)
            if row["state"] == "open":
                self._check_open(symbol, interval, at, source, told)
                continue
            true = self.truth.bar(source, symbol, interval, at)
            assert told == true, f"{symbol} {interval} of {source} at {at}: {told}, not {true}"
            assert (row["state"], row["revision"], row["closed"]) == ("closed", 0, True)
            self.tally["closed candles read"] += 1

    def _check_open(
        self, symbol: str, interval: str, at: int, source: str, told: tuple[Decimal, ...]
    ) -> None:
        """An open candle is what its venue said when it was last seen, or when it stood still."""
        row = Candle.objects.get(
            series__asset__symbol=symbol,
            series__currency="USDT",
            series__interval=interval,
            opened_at=at,
        )
        span = (at, at + INTERVALS[interval])
        seen: list[float] = [row.seen_at]
        for spell in self.weather.near(source, row.seen_at, "frozen", "stale"):
            age = spell.options.get("age", 0)
            seen.append(spell.since if spell.kind == "frozen" else row.seen_at - age)
        true = [self.truth.open_bar(source, symbol, span, one) for one in seen]
        assert told in true, f"{symbol} {interval} of {source} at {at}: {told} is none of {true}"
        self.tally["open candles read"] += 1

    def _ledger(self, get: Get) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
        lines: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
        cursor: dict[str, str] = {}
        while True:
            page = get("/api/candles/gaps", limit=1000, **cursor)
            for line in page["data"]:
                assert line["reason"] in REASONS
                assert (line["repairedAt"] is None) == (line["state"] == "open")
                lines.setdefault((line["symbol"], line["interval"]), []).append(line)
            if page["meta"]["next"] is None:
                return lines
            cursor = {"cursor": page["meta"]["next"]}

    def _check_gaps(
        self, whole: Mapping[str, Any], interval: str, ledger: Sequence[Mapping[str, Any]]
    ) -> None:
        """What is missing is told with the answer, and what is told is missing."""
        step = INTERVALS[interval] * 1000
        there = {row["timestamp"]: row["source"] for row in whole["data"]}
        holes = [set(range(h["from"], h["to"], step)) for h in whole["meta"]["gaps"]]
        told = set().union(*holes)
        assert not told & there.keys()
        first, last = min(there), max(there)
        assert set(range(first, last, step)) - there.keys() == {at for at in told if at < last}
        assert whole["complete"] == (not told)
        # A candle that nobody saw the end of is there, and still to be asked for.
        closed = {row["timestamp"] for row in whole["data"] if row["closed"]}
        for line in ledger:
            places = range(line["from"], line["to"], step)
            if line["state"] == "open":
                assert not closed & set(places), f"{line} is not missing"
            else:
                sources = {there[at] for at in places if at in there}
                assert not sources or line["repairedBy"] in sources, f"{line}: {sources}"
                self.tally["repairs told"] += 1

    def check_left_out(
        self, requests: Iterable[Request], counted: Mapping[tuple[str, str, str], int]
    ) -> None:
        """Each answer with false candles in it was refused as a whole, under one reason."""
        lies: Counter[str] = Counter()
        for one in requests:
            spell = self.weather.active(one.provider)
            if one.fault != "wrong_price" or not any(word in one.path for word in OF_CANDLES):
                continue
            assert spell is not None
            told_of = str(one.query) + one.path
            assets = spell.options["assets"] or self.symbols
            lies[one.provider] += any(symbol in told_of for symbol in assets)
        for slug, count in lies.items():
            reasons = {key[2]: n for key, n in counted.items() if key[:2] == (slug, "candles")}
            self.tally["answers with false candles"] += count
            assert sum(reasons.values()) >= count, f"{slug} lied {count} times: {reasons}"

    def check_whole(self, get: Get) -> None:
        """After an hour without faults nothing is missing, from the first candle to the last."""
        for symbol in self.symbols:
            for interval in self.intervals:
                since = (self.begin - 900) * 1000
                told = get("/api/ohlcv", symbol=symbol, interval=interval, since=since, limit=1000)
                assert (told["complete"], told["meta"]["gaps"], told["stale"]) == (True, [], False)
        opened = get("/api/candles/gaps", state="open")["data"]
        assert opened == []
