"""Alternative.me: the Fear & Greed index, one reading a day."""

from collections.abc import Mapping
from typing import Any

from providers.adapter import Tap
from providers.exceptions import BadPayload, ProviderError, RateLimited
from providers.parse import from_seconds, number, objects, read_json, text
from providers.types import Reading

GREEDIEST = 100


class AlternativeMe:
    # https://alternative.me/crypto/fear-and-greed-index/#api
    def fear_greed(self, limit: int, tap: Tap) -> list[Reading]:
        # Zero would ask for every day since 2018.
        limit = max(1, limit)
        body = read_json(tap.get("/fng/", {"limit": str(limit), "format": "json"}).text)
        metadata = body.get("metadata") if isinstance(body, dict) else None
        error = metadata.get("error") if isinstance(metadata, dict) else None
        if (
            error is not None
            or not isinstance(body, dict)
            or not isinstance(body.get("data"), list)
        ):
            raise refusal(error)
        readings = {one.observed_at: one for one in map(reading, objects(body["data"]))}
        return [readings[at] for at in sorted(readings, reverse=True)][:limit]


def reading(row: Mapping[str, Any]) -> Reading:
    value, classification = number(row, "value"), text(row, "value_classification")
    if value is None or not 0 <= value <= GREEDIEST or value != value.to_integral_value():
        raise BadPayload(f"{value} is not a whole number from 0 to {GREEDIEST}")
    if not classification:
        raise BadPayload("a reading has no class")
    return Reading(
        value=int(value),
        classification=classification,
        observed_at=from_seconds(row.get("timestamp")),
        source="alternative-me",
    )


def refusal(error: Any) -> ProviderError:
    message = f"answered with an error: {str(error or 'no readings')[:200]}"
    return RateLimited(message) if "limit" in message.lower() else BadPayload(message)
