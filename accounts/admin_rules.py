"""What several pages of the door's admin have in common."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest

from accounts.callers import BOOK


class TakesEffectAtOnce(admin.ModelAdmin):  # type: ignore[type-arg]
    """Has callers looked up again as soon as a change of what they may do is in the database."""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(BOOK.forget)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        transaction.on_commit(BOOK.forget)


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """What was written down is looked at, and by nobody edited."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
