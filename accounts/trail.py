"""Writes into the audit what operators do in the admin, whichever app it belongs to.

The admin keeps a log of its own for every page; following it, no app has to know of the audit.
"""

from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts.audit import record

ACTIONS = {ADDITION: "admin added", CHANGE: "admin changed", DELETION: "admin deleted"}


@receiver(post_save, sender=LogEntry)
def follow_admin(instance: LogEntry, created: bool, **_: Any) -> None:
    if not created:
        return
    kind = instance.content_type.name if instance.content_type is not None else "unknown"
    record(
        ACTIONS[instance.action_flag],
        actor=instance.user,
        target=f"{kind} {instance.object_repr}",
        change=instance.get_change_message(),
    )
