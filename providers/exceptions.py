"""What can go wrong outside, named by what the caller does about it.

ProviderError
    Unreachable     no usable answer: counts against the breaker, worth trying again later
        Silent      an open socket on which nothing comes any more
        Missed      an open socket on which something was lost
    RateLimited     asked too often: pause for `retry_after`
    Blocked         refused for who or where we are: a long pause, no storm of retries
    BadPayload      an answer that is not what it should be: left out and counted
        Moved       it is elsewhere now, and says where
    OverBudget      our own promise to it is spent: not asked at all, no fault of it
        Resting     its breaker is open: likewise
    NotOffered      this provider does not have what was asked for: ask another, no fault of it
NoProviderLeft      nobody answered
"""

from providers.types import Failure


class ProviderError(Exception):
    """A provider did not give a usable answer; the text says why in plain words."""

    reason = "error"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(ProviderError):
    reason = "unreachable"


class Silent(Unreachable):
    """Its socket is open, and it says nothing."""

    reason = "silent"


class Missed(Unreachable):
    """What it counts shows that something did not arrive."""

    reason = "sequence_gap"


class RateLimited(ProviderError):
    reason = "rate_limited"


class Blocked(ProviderError):
    reason = "blocked"


class BadPayload(ProviderError):
    reason = "bad_payload"


class Moved(BadPayload):
    """A redirect; whoever follows it looks at the address first."""

    def __init__(self, message: str, *, location: str) -> None:
        super().__init__(message)
        self.location = location


class OverBudget(ProviderError):
    reason = "over_budget"


class Resting(OverBudget):
    """Its breaker is open; nothing went out."""

    reason = "resting"


class NotOffered(ProviderError):
    reason = "not_offered"


class NoProviderLeft(ProviderError):
    """Nobody answered; `failures` says why, one by one."""

    reason = "no_provider_left"

    def __init__(self, message: str, failures: tuple[Failure, ...] = ()) -> None:
        super().__init__(message)
        self.failures = failures
