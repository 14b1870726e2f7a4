"""What is known of a provider in the operator's words."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from cryptodt.common.errors import NotFound
from providers import roster, selectors
from providers.models import Provider
from providers.seal import unseal

NOTHING = "–"
DOTS = "••••"
MINUTE, HOUR, DAY = 60, 3600, 86400
# A shorter key would be given away by its last four characters.
LONG_ENOUGH = 8

WORDS: Mapping[str, str] = {
    "online": "answers",
    "degraded": "answers, but not always",
    "offline": "does not answer",
    "unknown": "not asked lately",
    "off": "switched off",
    "half_open": "half open",
    "no": "no key",
    "optional": "works better with a key",
    "required": "needs a key",
}


def lines(request: HttpRequest) -> dict[str, dict[str, Any]]:
    """Return what is known of every provider, looked up once for a page."""
    held: dict[str, dict[str, Any]] | None = getattr(request, "_provider_lines", None)
    if held is None:
        held = {line["slug"]: line for line in selectors.provider_table()}
        request._provider_lines = held  # type: ignore[attr-defined]
    return held


def key_of(provider: Provider) -> str:
    """Say which key is used without giving it away."""
    if provider.sealed_key:
        if not unseal(provider.sealed_key):
            return "cannot be opened any more; enter it again"
        return f"{DOTS} {provider.key_ending}"
    from_environment = roster.environment_key(provider.slug)
    if from_environment:
        ending = from_environment[-4:] if len(from_environment) >= LONG_ENOUGH else ""
        return f"{DOTS} {ending} (environment)"
    row = roster.row_of(provider)
    needs = row.needs_key if row else "no"
    return {"required": "missing", "optional": "none"}.get(needs, NOTHING)


def health_of(slug: str) -> list[dict[str, str]]:
    """Return how each capability of a provider does, every figure as it is shown."""
    try:
        detail = selectors.provider_detail(slug)
    except NotFound:
        return []
    return [_health(line) for line in detail["capabilities"]]


def _health(line: Mapping[str, Any]) -> dict[str, str]:
    return {
        "capability": line["capability"].replace("_", " "),
        "status": line["status"],
        "words": WORDS[line["status"]],
        "breaker": WORDS.get(line["breaker"], line["breaker"]),
        "p50": latency(line["latencyP50"]),
        "p95": latency(line["latencyP95"]),
        "hour": share(line["successRate1h"]),
        "day": share(line["successRate24h"]),
        "budget": f"{line['budgetLeft']} of {line['budgetPerMinute']} a minute",
        "newest": age(line["newestAge"]),
        "error": line["errorMessage"] or NOTHING,
    }


def latency(milliseconds: int | None) -> str:
    return NOTHING if milliseconds is None else f"{milliseconds} ms"


def share(rate: float | None) -> str:
    if rate is None:
        return NOTHING
    # Rounded down: one failure in a thousand is not "100 %".
    return f"{int(rate * 1000) / 10:g} %"


def age(seconds: int | None) -> str:
    if seconds is None:
        return NOTHING
    for size, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size * 2:
            return f"{seconds // size} {name} old"
    return f"{seconds} s old"
