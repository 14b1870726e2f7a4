"""Writing down who did what, and from where."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from accounts.models import AuditEntry, User

_address: ContextVar[str] = ContextVar("address", default="")


@contextlib.contextmanager
def acting_from(address: str) -> Iterator[None]:
    """Have every entry inside the block say where its actor was, unless it says so itself."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


def record(
    action: str,
    *,
    actor: User | None = None,
    name: str = "",
    target: str = "",
    address: str | None = None,
    **details: Any,
) -> None:
    """Write one entry. `name` is for somebody who is not known, such as a failed login's."""
    AuditEntry.objects.create(
        actor=actor,
        actor_name=(actor.get_username() if actor is not None else name)[:150],
        action=action,
        target=target[:200],
        address=address or _address.get() or None,
        details=details,
    )
