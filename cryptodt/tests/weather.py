"""Random faults of all kinds, under which consensus promises what the oracle holds it to.

What no consensus can see is not asked of it, and this is where that is written down:

- Liars who tell the same story at the same moment are fewer than the honest who answer then; of
  those who price the stable coins, at most one lies. Whenever fewer are honest, each lie differs
  from all others and is larger than what the market can have moved.
- A lie smaller than the tolerance between sources is none. A feed that stands still is one for
  its first minutes: what it says is late, and no further from the truth than the tolerance.
- A venue that states no time and serves yesterday's market is alone in it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cryptodt.tests.truth import AGGREGATORS
from providers.simulator import Simulator
from providers.simulator.faults import FAULTS

EXCHANGES = ("binance", "kraken", "okx", "bybit", "kucoin", "gate", "bitfinex")
EVERYBODY = (*EXCHANGES, *AGGREGATORS, "coinbaseexchange")
# Those that say what a stable coin costs in dollars, and answer when they are asked.
PRICE_DOLLARS = ("kraken", "bitfinex")
# Those whose answers are as old as they arrive, whatever is in them.
UNTIMED = {"kraken", "bybit", "gate", "bitfinex"}
# No two are near each other, nor near what the market does.
STORIES = (0.001, 0.01, 0.1, 0.5, 1.5, 2.0, 10.0, 100.0)
AGGREGATORS_STORIES = {"coingecko": 0.3, "coinpaprika": 3.0, "coinlore": 7.0}
SMALL_STORIES = (0.85, 0.92, 1.1, 1.2)
# While these last the clock stands still, and each costs real time.
SLOW = ("hang", "slow_body")
LYING = ("wrong_price", "frozen", "stale")
HONEST = 3
CHANGE = 0.2
HEAL = 0.35
NEVER = float("inf")


@dataclass
class Spell:
    """A fault of one provider, from one moment to another."""

    kind: str
    since: float
    options: Mapping[str, Any]
    until: float = NEVER

    def is_near(self, at: float, slack: float = 60) -> bool:
        return self.since - slack <= at <= self.until + slack


@dataclass
class Weather:
    """Who is broken how, round by round; `reset` is the operator's button of that name."""

    rng: Random
    simulator: Simulator
    symbols: tuple[str, ...]
    reset: Callable[[str], None]
    phase: str = "calm"
    honest: frozenset[str] = frozenset(EVERYBODY)
    spells: dict[str, list[Spell]] = field(default_factory=lambda: {one: [] for one in EVERYBODY})
    slow: list[str] = field(default_factory=list)
    _stories: dict[str, float] = field(default_factory=dict)
    _pair: frozenset[str] = frozenset()

    def rounds(self) -> Iterator[str]:
        """Yield the name of the phase before each round, for ever."""
        while True:
            yield from self._calm()
            self.phase = self.rng.choices(("storm", "lonely", "blackout"), (6, 2, 2))[0]
            self._begin()
            for _ in range(self.rng.randint(10, 60 if self.phase == "blackout" else 30)):
                self._change()
                yield self.phase

    def active(self, slug: str) -> Spell | None:
        told = self.spells[slug]
        return told[-1] if told and told[-1].until == NEVER else None

    def near(self, slug: str, at: float, *kinds: str) -> list[Spell]:
        """Return the faults of some kinds that a word from about then may come from."""
        return [one for one in self.spells[slug] if one.kind in kinds and one.is_near(at)]

    def end_slowness(self) -> None:
        """Let go of whoever hangs, before the clock moves on."""
        for slug in self.slow:
            self._heal(slug)
        self.slow = []

    def clear(self) -> None:
        """Let all be well, and let everybody be asked again."""
        self.phase, self.honest, self._pair = "calm", frozenset(EVERYBODY), frozenset()
        for slug in EVERYBODY:
            self._heal(slug)
            self.reset(slug)

    def _calm(self) -> Iterator[str]:
        self.clear()
        for _ in range(5):
            yield self.phase

    def _begin(self) -> None:
        stories = self.rng.sample(STORIES, len(EXCHANGES))
        self._stories = {**AGGREGATORS_STORIES, **dict(zip(EXCHANGES, stories, strict=True))}
        if self.phase == "blackout":
            self.honest = frozenset()
        elif self.phase == "lonely":
            self.honest = frozenset({self.rng.choice(EXCHANGES)})
        else:
            self._begin_storm()
        for slug in EVERYBODY:
            if slug not in self.honest and self.rng.random() < 0.7:
                self._strike(slug)

    def _begin_storm(self) -> None:
        sure = self.rng.choice(PRICE_DOLLARS)
        others = self.rng.sample([one for one in EXCHANGES if one != sure], HONEST - 1)
        self.honest = frozenset({sure, *others})
        liars = [one for one in EXCHANGES if one not in self.honest]
        for slug in liars:
            if self.rng.random() < 0.3:
                self._stories[slug] = SMALL_STORIES[liars.index(slug)]
        if self.rng.random() < 0.5:
            one, other = self.rng.sample(liars, 2)
            if not {one, other} <= set(PRICE_DOLLARS):
                self._stories[other] = self._stories[one]
                self._pair = frozenset({one, other})

    def _change(self) -> None:
        for slug in EVERYBODY:
            if slug in self.honest or self.rng.random() >= CHANGE:
                continue
            if self.phase != "blackout" and self.rng.random() < HEAL:
                self._heal(slug)
            else:
                self._strike(slug)
            if self.rng.random() < 0.7:
                self.reset(slug)

    def _strike(self, slug: str) -> None:
        kinds = [kind for kind in FAULTS if self._may(slug, kind)]
        weights = [3 if kind in LYING else 0.3 if kind == "huge" else 1 for kind in kinds]
        kind = self.rng.choices(kinds, weights)[0]
        self._end(slug)
        options = self._options(slug, kind)
        self.simulator.fault(slug, kind, **options)
        since = self.simulator.clock()
        self.spells[slug].append(Spell(kind, since, options))
        if kind in SLOW:
            self.slow.append(slug)

    def _may(self, slug: str, kind: str) -> bool:
        if kind in SLOW:
            # Those who conspire must not meet honest ones that are late.
            return not self._pair and len(self.slow) < 2 and self.phase != "blackout"
        if kind == "frozen":
            return self.phase != "blackout"
        if kind == "stale" and slug in UNTIMED:
            others = [self.active(one) for one in UNTIMED - {slug}]
            return self.phase == "storm" and not any(o and o.kind == "stale" for o in others)
        # Bent numbers are right all the same, and whoever tells them is not gone.
        bent = kind in ("numbers_as_strings", "strings_as_numbers")
        return not (bent and self.phase == "blackout")

    def _options(self, slug: str, kind: str) -> dict[str, Any]:
        if kind == "wrong_price":
            few = self.rng.random() < 0.3 and slug not in self._pair
            some = self.rng.sample(self.symbols, 2) if few else None
            return {"factor": self._stories.get(slug, 4.0), "assets": some}
        choices: Mapping[str, tuple[str, tuple[Any, ...]]] = {
            "frozen": ("timestamps", (False, False, True)),
            "stale": ("age", (3600.0, 6 * 3600.0, 86400.0)),
            "server_error": ("status", (500, 502, 503)),
            "rate_limited": ("retry_after", (None, 5, 30)),
            "truncated": ("honest_length", (True, False)),
            "huge": ("megabytes", (40,)),
        }
        if kind not in choices:
            return {}
        name, values = choices[kind]
        return {name: self.rng.choice(values)}

    def _heal(self, slug: str) -> None:
        self._end(slug)
        self.simulator.heal(slug)

    def _end(self, slug: str) -> None:
        spell = self.active(slug)
        if spell is not None:
            spell.until = self.simulator.clock()
