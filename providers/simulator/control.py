"""The control panel over HTTP: faults of providers, changes of coins, and what was asked."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from providers.simulator.faults import FAULTS, BadFault
from providers.simulator.wire.answer import Answer

LONGEST_BODY = 65536


class Panel(Protocol):
    """What can be switched and read from outside."""

    def state(self) -> dict[str, Any]: ...
    def fault(self, provider: str, kind: str, **options: Any) -> None: ...
    def heal(self, provider: str | None = None) -> None: ...
    def rename(self, coin: str, symbol: str) -> None: ...
    def delist(self, coin: str) -> None: ...
    def restore_coins(self) -> None: ...


def answer(panel: Panel, method: str, place: str, query: Mapping[str, str], body: bytes) -> Answer:
    try:
        return _answer(panel, (method, place), query, body)
    except BadFault as error:
        return Answer(400, {"error": str(error)})


def _answer(panel: Panel, what: tuple[str, str], query: Mapping[str, str], body: bytes) -> Answer:
    match what:
        case ("GET", "state"):
            pass
        case ("GET", "faults"):
            return Answer(200, {name: kind._asdict() for name, kind in FAULTS.items()})
        case ("POST", "faults"):
            options = _read(body, "provider", "fault")
            if "kind" in options:
                raise BadFault("the kind of fault is given as 'fault'")
            panel.fault(options.pop("provider"), options.pop("fault"), **options)
        case ("DELETE", "faults"):
            _only_provider(query)
            panel.heal(query.get("provider"))
        case ("POST", "coins"):
            _change(panel, _read(body, "coin"))
        case ("DELETE", "coins"):
            panel.restore_coins()
        case _:
            known = "GET state; GET, POST and DELETE faults; POST and DELETE coins"
            return Answer(404, {"error": f"try {known}"})
    return Answer(200, panel.state())


def _change(panel: Panel, options: dict[str, Any]) -> None:
    """Delist a coin, or rename it when another symbol is given."""
    coin, symbol = options.pop("coin"), options.pop("symbol", None)
    if options or not (symbol is None or (isinstance(symbol, str) and symbol)):
        raise BadFault("a coin is changed by 'coin', and by 'symbol' unless it is to be delisted")
    if symbol is None:
        panel.delist(coin)
    else:
        panel.rename(coin, symbol)


def _only_provider(query: Mapping[str, str]) -> None:
    unknown = sorted(query.keys() - {"provider"})
    if unknown:
        raise BadFault(f"unknown parameter {', '.join(unknown)}; known: provider")


def _read(body: bytes, *needed: str) -> dict[str, Any]:
    try:
        options = json.loads(body)
    except ValueError as error:
        raise BadFault(f"the body is not JSON: {error}") from error
    if not isinstance(options, dict):
        raise BadFault("the body must be a JSON object")
    for name in needed:
        if not isinstance(options.get(name), str):
            raise BadFault(f"{name!r} is missing or not text")
    return options
