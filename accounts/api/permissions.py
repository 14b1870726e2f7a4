"""What a caller may do: scopes, and how much of the market a tier shows."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.api.authentication import caller_of
from accounts.api.throttling import MESSAGES, TooMany
from accounts.tiers import ADMIN, READ
from cryptodt.common.errors import Refusal, Unauthorized


class Forbidden(Refusal):
    kind = "FORBIDDEN"


class WithinTier(BasePermission):
    """Refuses what a tier does not reach: a view says what it is asked for.

    `asked_symbols(request)` is how many symbols a request names, `asked_days(request)` how far
    back it reaches; `scope` is what the key must be good for.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        caller = caller_of(request)
        scope = getattr(view, "scope", None)
        if scope is not None and not caller.is_keyed:
            raise Unauthorized("This needs a key: send it as X-API-Key.")
        if scope is not None and scope not in caller.scopes:
            raise Forbidden(f"This needs a key, or an operator's login, with the scope `{scope}`.")
        if scope == ADMIN and not caller.is_staff:
            raise Forbidden("This is for operators.")
        if caller.is_keyed and READ not in caller.scopes:
            raise Forbidden("This needs a key with the scope `read`.")
        limits = caller.limits
        self._refuse_beyond(
            "symbols", limits.symbols, getattr(view, "asked_symbols", None), request
        )
        self._refuse_beyond("window", limits.days, getattr(view, "asked_days", None), request)
        return True

    def _refuse_beyond(self, name: str, most: int | None, count: Any, request: Request) -> None:
        if most is None or count is None:
            return
        asked = count(request)
        if asked > most:
            raise TooMany(
                MESSAGES[name].format(most=most, asked=asked),
                details={"limit": name, "allowed": most, "asked": asked},
            )
