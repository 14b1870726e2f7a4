"""The kinds of error that the house knows; the roof alone turns a kind into a status."""

from collections.abc import Mapping


class Refusal(Exception):
    """Something that cannot be answered, told in a way that the caller can act on."""

    kind = "INTERNAL_ERROR"

    def __init__(
        self,
        message: str,
        *,
        details: Mapping[str, object] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})
        self.retry_after = retry_after


class InvalidRequest(Refusal):
    kind = "INVALID_REQUEST"


class InvalidSymbol(Refusal):
    kind = "INVALID_SYMBOL"


class InvalidInterval(Refusal):
    kind = "INVALID_INTERVAL"


class NotFound(Refusal):
    kind = "NOT_FOUND"


class Unauthorized(Refusal):
    kind = "UNAUTHORIZED"


class Unavailable(Refusal):
    kind = "UNAVAILABLE"


class NoData(Refusal):
    """Nothing real to show: no provider has answered yet, or all of them failed."""

    kind = "PROVIDER_ERROR"


class TooOld(Refusal):
    """There is a value, and it is older than the caller accepts."""

    kind = "TOO_OLD"


class NotYet(Refusal):
    """Asked for the first time: it is being collected, and the answer is worth coming back for."""

    kind = "NOT_YET"
