"""What can go wrong with a provider, on demand: one row per kind, one fault at a time."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

from providers.simulator.noise import uniform

Stage = Literal["market", "answer", "body", "wire", "socket"]


class Kind(NamedTuple):
    # market: other prices; answer: another answer; body: the answer bent; wire: badly sent;
    # socket: only what is streamed.
    stage: Stage
    options: Mapping[str, Any]
    what: str


FAULTS: Mapping[str, Kind] = {
    "rate_limited": Kind("answer", {"retry_after": 30}, "429; retry_after null leaves it out"),
    "banned": Kind("answer", {"retry_after": 120}, "418 of Binance, 403 or lockout elsewhere"),
    "geo_blocked": Kind("answer", {}, "451, not from your country"),
    "forbidden": Kind("answer", {}, "403 with a page of the firewall"),
    "server_error": Kind("answer", {"status": 500}, "500 in JSON, 502 and 503 as pages"),
    "html": Kind("answer", {}, "200 with the page of a captive portal"),
    "error_body": Kind("answer", {}, "200 with the provider's own error inside"),
    "wrong_price": Kind("market", {"factor": 10.0, "assets": None}, "prices times factor"),
    "frozen": Kind("market", {"timestamps": False}, "old prices; true freezes timestamps too"),
    "stale": Kind("market", {"age": 86400.0}, "the market of `age` seconds ago, and says so"),
    "missing_fields": Kind("body", {"fields": None}, "fields left out, rows cut short"),
    "nulls": Kind("body", {"fields": None}, "fields and columns null"),
    "numbers_as_strings": Kind("body", {}, "every number in quotes"),
    "strings_as_numbers": Kind("body", {}, "every numeric string without quotes"),
    "empty": Kind("body", {}, "the right envelope with nothing in it"),
    "hang": Kind("wire", {}, "accepts, and never answers"),
    "slow_body": Kind("wire", {"bytes_per_second": 20}, "headers at once, then drop by drop"),
    "reset": Kind("wire", {}, "TCP reset instead of an answer"),
    "truncated": Kind("wire", {"honest_length": True}, "half the JSON; false: promises it all"),
    "huge": Kind("wire", {"megabytes": 300}, "a body that does not end for very long"),
    "stream_blocked": Kind(
        "socket", {}, "no socket is opened: 403; those that are open are reset"
    ),
    "stream_mute": Kind(
        "socket", {"channels": None, "beats": True}, "open, and nothing is told on the channels"
    ),
    "stream_slow": Kind("socket", {"seconds": 2.0}, "everything is told so much later"),
    "stream_reset": Kind("socket", {}, "TCP reset in the middle"),
    "stream_drop": Kind("socket", {}, "ended politely, as after 24 hours"),
    "stream_duplicate": Kind("socket", {}, "everything is told twice"),
    "stream_reordered": Kind("socket", {}, "each frame of a channel after its successor"),
    "stream_lost": Kind("socket", {"every": 2}, "every so many frames of a channel are lost"),
    "stream_sequence_gap": Kind("socket", {"every": 2}, "lost, and its numbers show it"),
    "stream_garbage": Kind("socket", {}, "frames that are none of the venue's"),
    "stream_huge": Kind("socket", {"megabytes": 8}, "a frame that is far too long"),
}
ANSWERED: frozenset[Stage] = frozenset({"market", "answer", "body", "wire"})
STREAMED: frozenset[Stage] = frozenset({"socket"})
_COMMON: Mapping[str, Any] = {"probability": 1.0, "count": None}


class BadFault(ValueError):
    """A fault that was asked for and does not exist."""


@dataclass(frozen=True, slots=True)
class Fault:
    provider: str
    kind: str
    # Simulated time at which it began.
    since: float
    options: Mapping[str, Any]

    @property
    def stage(self) -> Stage:
        return FAULTS[self.kind].stage


@dataclass
class Active:
    fault: Fault
    healed: threading.Event = field(default_factory=threading.Event)
    seen: int = 0
    applied: int = 0


def read_fault(provider: str, kind: str, since: float, options: Mapping[str, Any]) -> Fault:
    """Fill in the defaults, and refuse what the table does not know."""
    if kind not in FAULTS:
        raise BadFault(f"unknown fault {kind!r}; known: {', '.join(FAULTS)}")
    defaults = {**FAULTS[kind].options, **_COMMON}
    unknown = sorted(options.keys() - defaults.keys())
    if unknown:
        raise BadFault(f"{kind} has no option {', '.join(unknown)}; it has {', '.join(defaults)}")
    for name, value in options.items():
        problem = _problem(name, value)
        if problem:
            raise BadFault(f"{name} must be {problem}, not {value!r}")
    return Fault(provider, kind, since, {**defaults, **options})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_names(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


_MOST_MEGABYTES = 4096

_RULES: Mapping[str, tuple[Any, str]] = {
    "probability": (lambda v: _is_number(v) and 0 <= v <= 1, "a number from 0 to 1"),
    "count": (lambda v: v is None or _is_whole(v, 1), "a positive whole number or null"),
    "retry_after": (lambda v: v is None or _is_whole(v, 0), "whole seconds or null"),
    "status": (lambda v: v in (500, 502, 503), "500, 502 or 503"),
    "factor": (lambda v: _is_number(v) and v > 0, "a number above 0"),
    "age": (lambda v: _is_number(v) and v > 0, "seconds above 0"),
    "assets": (lambda v: v is None or _is_names(v), "a list of symbols or null"),
    "fields": (lambda v: v is None or _is_names(v), "a list of field names or null"),
    "channels": (lambda v: v is None or _is_names(v), "a list of words or null"),
    "beats": (lambda v: isinstance(v, bool), "true or false"),
    "seconds": (lambda v: _is_number(v) and v > 0, "seconds above 0"),
    "every": (lambda v: _is_whole(v, 1), "a positive whole number"),
    "timestamps": (lambda v: isinstance(v, bool), "true or false"),
    "honest_length": (lambda v: isinstance(v, bool), "true or false"),
    "bytes_per_second": (lambda v: _is_whole(v, 1), "a positive whole number"),
    "megabytes": (
        lambda v: _is_whole(v, 1) and v <= _MOST_MEGABYTES,
        f"a whole number from 1 to {_MOST_MEGABYTES}",
    ),
}


def _problem(name: str, value: object) -> str | None:
    is_right, rule = _RULES[name]
    return None if is_right(value) else str(rule)


class Board:
    """Which fault each provider has now."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self._active: dict[str, Active] = {}
        # Used up, but with requests that may still hang on them.
        self._spent: list[Active] = []

    def set(self, fault: Fault) -> None:
        self.clear(fault.provider)
        with self._lock:
            self._active[fault.provider] = Active(fault)

    def clear(self, provider: str | None = None) -> None:
        """Heal one provider or all, and let go of the requests that wait."""
        with self._lock:
            everyone = [*self._active.values(), *self._spent]
            ended = [a for a in everyone if provider in (None, a.fault.provider)]
            self._active = {k: a for k, a in self._active.items() if a not in ended}
            self._spent = [active for active in self._spent if active not in ended]
        for active in ended:
            active.healed.set()

    def has(self, provider: str, kind: str) -> bool:
        with self._lock:
            active = self._active.get(provider)
            return active is not None and active.fault.kind == kind

    def take(self, provider: str, stages: Collection[Stage]) -> Active | None:
        """Return the fault of these stages that strikes what comes next, if one does."""
        with self._lock:
            active = self._active.get(provider)
            if active is None or active.fault.stage not in stages:
                return None
            active.seen += 1
            options = active.fault.options
            key = f"{self._seed}/{provider}/{active.fault.kind}/{active.seen}"
            if options["probability"] < 1 and uniform(key) >= options["probability"]:
                return None
            active.applied += 1
            if options["count"] is not None and active.applied >= options["count"]:
                self._spent.append(self._active.pop(provider))
            return active

    def describe(self, provider: str) -> dict[str, Any] | None:
        with self._lock:
            active = self._active.get(provider)
            if active is None:
                return None
            return {**asdict(active.fault), "applied": active.applied}
