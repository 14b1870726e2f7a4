"""Who hears every quote, reads every answer, and knows what should be in it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from cryptodt.tests.truth import AGGREGATORS, PAIRS, Truth, in_dollars, milliseconds
from cryptodt.tests.weather import Weather
from market.consensus import MAX_AGE, TOGETHER, TOLERANCE, WRONG
from providers.types import Quote

STABLE = "USDT"
FRESH = 30
HALF_WEIGHT = 20
# A rate is some seconds older than what it converts, and moves by less than this share meanwhile.
RATE_DRIFT = Decimal("0.0001")
NEVER_OF_THE_HONEST = {
    reason.replace(" ", "_")
    for reason in (*WRONG, "from the future", "not a price", "said twice", "namesake")
}
# What a question comes to when nothing in its answer can be used.
REFUSALS = {"unreachable", "rate_limited", "blocked", "bad_payload", "not_offered", "late"}
REFUSED_KINDS = {
    "rate_limited", "banned", "geo_blocked", "forbidden", "server_error", "html", "error_body",
    "missing_fields", "nulls", "empty", "hang", "slow_body", "reset", "truncated", "huge",
}  # fmt: skip


class Verdict(Enum):
    TRUE = "true"
    # Its venue's price a while ago: what a feed that stands still says.
    LATE = "late"
    FALSE = "false"


@dataclass
class Oracle:
    """Holds prices against the ticks, and what was left out against what was false."""

    truth: Truth
    weather: Weather
    tally: Counter[str] = field(default_factory=Counter)
    _verdicts: dict[Quote, Verdict] = field(default_factory=dict)
    _shown: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    # -- What the providers said -------------------------------------------------------

    def hear(self, quotes: Iterable[Quote]) -> None:
        for quote in quotes:
            if quote not in self._verdicts:
                verdict = self._verdicts[quote] = self._judge(quote)
                self.tally[f"quotes {verdict.value}"] += 1

    def _judge(self, quote: Quote) -> Verdict:
        at, slug = quote.observed_at.timestamp(), quote.source
        if quote.price == self.truth.price(slug, quote.symbol, quote.currency, at):
            return Verdict.TRUE
        if quote.price in self._late(quote, at):
            return Verdict.LATE
        # Whoever is sound says nothing but the truth: else this book is wrong, or the pump is.
        assert self.weather.near(slug, at, "wrong_price"), f"{quote} is false without a fault"
        return Verdict.FALSE

    def _late(self, quote: Quote, at: float) -> Iterator[Decimal | None]:
        for spell in self.weather.near(quote.source, at, "frozen", "stale"):
            seen = spell.since if spell.kind == "frozen" else at - spell.options["age"]
            if quote.source in AGGREGATORS:
                yield self.truth.refreshed(quote.source, quote.symbol, seen)
            else:
                yield self.truth.price(quote.source, quote.symbol, quote.currency, seen)

    # -- What is shown ----------------------------------------------------------------

    def check_prices(self, body: Mapping[str, Any], quotes: Sequence[Quote]) -> None:
        now = Decimal(body["timestamp"]) / 1000
        items = {item["symbol"]: item for item in body["data"]}
        before, self._shown = self._shown, items
        rates = {
            *(Decimal(one[STABLE]["price"]) for one in (before, items) if STABLE in one),
            *(q.price for q in quotes if q.symbol == STABLE and self._is_sound(q)),
        }
        for symbol, item in items.items():
            age = now - _seconds(item["lastUpdate"])
            assert item["age"] == int(max(age, Decimal(0)))
            assert item["stale"] == (int(age) > FRESH)
            known = before.get(symbol)
            if known is not None and known["lastUpdate"] == item["lastUpdate"]:
                clock = ("age", "stale")
                assert {k: v for k, v in item.items() if k not in clock} == {
                    k: v for k, v in known.items() if k not in clock
                }
                self.tally["prices kept"] += 1
                continue
            assert known is None or item["lastUpdate"] > known["lastUpdate"]
            of = [quote for quote in quotes if quote.symbol == symbol]
            self._check_price(item, known, of, rates)
            self.tally["prices new"] += 1
        assert before.keys() <= items.keys()

    def _check_price(
        self,
        item: Mapping[str, Any],
        known: Mapping[str, Any] | None,
        quotes: Sequence[Quote],
        rates: set[Decimal],
    ) -> None:
        told = item["receipts"]["contributors"]
        excluded = item["receipts"]["excluded"]
        assert item["sources"] == len(told) > 0
        assert item["source"] == "+".join(one["source"] for one in told)
        assert item["belowQuorum"] == (len(told) < 2)
        said = {one["source"]: self._quote_of(one, quotes, rates) for one in told}
        for quote in said.values():
            assert self._verdicts[quote] != Verdict.FALSE, f"{quote} contributed to {item}"
        for one in excluded:
            self._quote_of(one, quotes, rates)
        # Each false quote is left out by name.
        names = {one["source"] for one in excluded}
        false = {q.source for q in quotes if self._verdicts[q] == Verdict.FALSE}
        assert false <= names, f"{false - names} told lies of which nothing is said: {item}"
        assert item["price"] == _median(told, known), item
        self._check_spread(item, said, rates)

    def _quote_of(
        self, receipt: Mapping[str, Any], quotes: Sequence[Quote], rates: set[Decimal]
    ) -> Quote:
        """Return the very quote that a receipt is about."""
        for quote in quotes:
            values = [quote.price]
            if quote.currency != "USD":
                values = [in_dollars(quote.price, rate) for rate in rates]
            same = (quote.source, milliseconds(quote.observed_at))
            if same == (receipt["source"], receipt["observedAt"]) and receipt["price"] in values:
                return quote
        raise AssertionError(f"nobody said what a receipt says: {receipt} of {quotes}")

    def _check_spread(
        self, item: Mapping[str, Any], said: Mapping[str, Quote], rates: set[Decimal]
    ) -> None:
        """The price lies between those that the honest venues had at that very moment."""
        at = float(_seconds(item["lastUpdate"]))
        dollars = [*rates, *self._true(STABLE, "USD", at)]
        honest = [
            *self._true(item["symbol"], "USD", at),
            *(
                in_dollars(price, rate)
                for price in self._true(item["symbol"], STABLE, at)
                for rate in (min(dollars), max(dollars))
            ),
        ]
        chosen = [
            self._verdicts[said[one["source"]]]
            for one in item["receipts"]["contributors"]
            if one["price"] == item["price"] and one["observedAt"] == item["lastUpdate"]
        ]
        assert chosen, f"nobody observed this price then: {item}"
        slack = RATE_DRIFT
        if Verdict.TRUE not in chosen:
            self.tally["prices late"] += 1
            slack = TOLERANCE / 100
        assert min(honest) * (1 - slack) <= item["price"] <= max(honest) * (1 + slack), item

    def _true(self, symbol: str, currency: str, at: float) -> list[Decimal]:
        venues = {*AGGREGATORS, *(venue for venue, _, _ in PAIRS)}
        found = (self.truth.price(venue, symbol, currency, at) for venue in venues)
        return [price for price in found if price is not None]

    def _is_sound(self, quote: Quote) -> bool:
        return quote.currency == "USD" and self._verdicts[quote] != Verdict.FALSE

    # -- What was left out ---------------------------------------------------------------

    def check_left_out(
        self,
        quotes: Sequence[Quote],
        counted: Mapping[tuple[str, str, str], int],
        struck: Mapping[tuple[str, str], int],
        now: datetime,
    ) -> None:
        """Hold what was counted in a round against what was false, and against what was broken.

        `counted` is by provider, capability and reason, `struck` by provider and kind of fault.
        """
        left_out: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        for (slug, capability, reason), count in counted.items():
            if capability == "quotes":
                (refused if reason in REFUSALS else left_out)[slug] += count
        for slug in {quote.source for quote in quotes}:
            own = [quote for quote in quotes if quote.source == slug]
            false = sum(self._verdicts[quote] == Verdict.FALSE for quote in own)
            self.tally["false quotes in rounds"] += false
            assert left_out[slug] >= false, f"{slug} lied {false} times: {counted}"
            if all(
                self._verdicts[q] == Verdict.TRUE and now - q.observed_at < MAX_AGE for q in own
            ):
                wronged = {r for (s, c, r) in counted if s == slug and c == "quotes"}
                assert not wronged & NEVER_OF_THE_HONEST, f"{slug} is wronged: {counted}"
        for (slug, kind), count in struck.items():
            if kind in REFUSED_KINDS and slug != "coinbaseexchange":
                self.tally[f"questions met by {kind}"] += 1
                assert refused[slug], f"{slug} said {kind} {count} times: {counted}"


def _median(told: Sequence[Mapping[str, Any]], known: Mapping[str, Any] | None) -> Decimal:
    """Return the middle of the newest contributors, each counting by its freshness."""
    newest = max(_seconds(one["observedAt"]) for one in told)
    together = [
        one for one in told if newest - _seconds(one["observedAt"]) <= TOGETHER.total_seconds()
    ]
    since = None if known is None else known["lastUpdate"]
    later = [one for one in together if since is None or one["observedAt"] > since]
    ordered = sorted(later or together, key=lambda one: (one["price"], one["source"]))
    half = sum(one["weight"] for one in ordered) / 2
    passed = Decimal(0)
    for one in ordered:
        passed += one["weight"]
        if passed >= half:
            return Decimal(one["price"])
    raise AssertionError("there is a middle to everything")


def _seconds(spelled: str) -> Decimal:
    return Decimal(str(datetime.fromisoformat(spelled).timestamp()))
