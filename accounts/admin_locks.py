"""Who guessed wrong, and who is kept out for it, in the admin: to be let in again."""

from typing import Any

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_rules import ReadOnly
from accounts.audit import record


@admin.register(AccessAttempt)
class LockAdmin(ReadOnly):
    list_display = ("attempt_time", "username", "ip_address", "failures_since_start", "is_locked")
    search_fields = ("username", "ip_address")
    # What was sent is nobody's business.
    fields = list_display
    ordering = ("-attempt_time",)
    actions = ("unlock",)

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("axes.delete_accessattempt")

    @admin.display(description="locked", boolean=True)
    def is_locked(self, attempt: Any) -> bool:
        return bool(attempt.failures_since_start >= settings.AXES_FAILURE_LIMIT)

    @admin.action(description="Let in again", permissions=["unlock"])
    def unlock(self, request: HttpRequest, chosen: "QuerySet[AccessAttempt]") -> None:
        for attempt in chosen:
            reset(ip=attempt.ip_address, username=attempt.username, ip_or_username=True)
            record(
                "unlocked",
                actor=request.user,  # type: ignore[arg-type]
                target=f"{attempt.username} from {attempt.ip_address}",
            )
        self.message_user(request, "They may try again.")
