"""What the feed asks of the store counts as the same question does over HTTP."""

import time

from accounts.admission import Verdict, admit
from accounts.api.throttling import refusal
from accounts.selectors import used_today
from accounts.usage import Call, note
from cryptodt.door import Guest

OK, TOO_MANY_REQUESTS = 200, 429


def charge(guest: Guest, path: str, endpoint: str) -> Verdict:
    """Count a call to an address that came in by another. Raises a refusal when none is left."""
    caller = guest.caller
    verdict = admit(caller, path, used_today=lambda: used_today(caller))
    if caller.user_id is not None:
        call = Call(
            user_id=caller.user_id,
            key_id=caller.key_id,
            endpoint=endpoint,
            status=OK if verdict.is_allowed else TOO_MANY_REQUESTS,
            address=guest.address,
            is_spent=verdict.is_allowed,
        )
        note(call, time.time())
    if not verdict.is_allowed:
        raise refusal(verdict)
    return verdict
