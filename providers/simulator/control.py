"""The control panel: break and heal providers over HTTP, and see what was asked of them."""

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


def answer(panel: Panel, method: str, place: str, query: Mapping[str, str], body: bytes) -> Answer:
    try:
        return _answer(panel, (method, place), query, body)
    except BadFault as error:
        return Answer(400, {"error": str(error)})


def _answer(panel: Panel, what: tuple[str, str], query: Mapping[str, str], body: bytes) -> Answer:
    match what:
        case ("GET", "state"):
            return Answer(200, panel.state())
        case ("GET", "faults"):
            return Answer(200, {name: kind._asdict() for name, kind in FAULTS.items()})
        case ("POST", "faults"):
            options = _read(body)
            panel.fault(options.pop("provider"), options.pop("fault"), **options)
            return Answer(200, panel.state())
        case ("DELETE", "faults"):
            _only_provider(query)
            panel.heal(query.get("provider"))
            return Answer(200, panel.state())
    return Answer(404, {"error": "try GET state, or GET, POST and DELETE faults"})


def _only_provider(query: Mapping[str, str]) -> None:
    unknown = sorted(query.keys() - {"provider"})
    if unknown:
        raise BadFault(f"unknown parameter {', '.join(unknown)}; known: provider")


def _read(body: bytes) -> dict[str, Any]:
    try:
        options = json.loads(body)
    except ValueError as error:
        raise BadFault(f"the body is not JSON: {error}") from error
    if not isinstance(options, dict):
        raise BadFault("the body must be a JSON object")
    for name in ("provider", "fault"):
        if not isinstance(options.get(name), str):
            raise BadFault(f"{name!r} is missing or not text")
    if "kind" in options:
        raise BadFault("the kind of fault is given as 'fault'")
    return options
