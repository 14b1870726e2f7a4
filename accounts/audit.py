"""Writing down who did what."""

from typing import Any

from accounts.models import AuditEntry, User


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
        address=address or None,
        details=details,
    )
