"""How often a form may be sent: by one address, and for one account."""

from django.http import HttpRequest
from django_ratelimit.core import get_usage
from django_ratelimit.exceptions import Ratelimited

from accounts.callers import network_of
from accounts.places import address_of

# Group: how often from one address, how often for one account.
RATES = {
    "login": ("30/m", "15/m"),
    "code": ("30/m", "10/m"),
    "signup": ("20/h", "5/h"),
    "reset": ("20/h", "5/h"),
    "email": ("20/h", "5/h"),
}


class Flood(Ratelimited):  # type: ignore[misc]
    """Too many tries, and when the next one may be made."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


def refuse_flood(request: HttpRequest, group: str, *, account: str = "") -> None:
    """Count a try, and refuse it if there were too many. Case makes no other account."""
    by_address, by_account = RATES[group]
    _count(request, f"{group}:address", network_of(address_of(request)), by_address)
    if account:
        _count(request, f"{group}:account", account.casefold(), by_account)


def _count(request: HttpRequest, group: str, value: str, rate: str) -> None:
    usage = get_usage(
        request, group=group, key=lambda *_: value, rate=rate, method="POST", increment=True
    )
    if usage is not None and usage["should_limit"]:
        raise Flood(max(1, usage["time_left"]))
