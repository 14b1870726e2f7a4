"""What was used and what happened, in the admin: to be looked at, searched and taken along."""

import csv
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path

from accounts.admin_rules import ReadOnly
from accounts.audit import record
from accounts.models import AuditEntry, Usage

COLUMNS = ("at", "actor_name", "action", "target", "address", "details")
# A spreadsheet takes what begins with one of these for a formula, and runs it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
CHUNK = 500


class _Echo:
    """A file that hands back what is written into it."""

    def write(self, text: str) -> str:
        return text


def plain(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = str(value) if value is not None else ""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


@admin.register(Usage)
class UsageAdmin(ReadOnly):
    list_display = ("day", "user", "key", "endpoint", "calls", "spent", "limited", "failed")
    list_filter = ("day", "endpoint")
    list_select_related = ("user", "key")
    search_fields = ("user__username", "key__name", "key__public_id")
    date_hierarchy = "day"
    ordering = ("-day", "-calls")
    fields = list_display


@admin.register(AuditEntry)
class AuditAdmin(ReadOnly):
    list_display = ("at", "actor_name", "action", "target", "address")
    list_filter = ("action", "at")
    search_fields = ("actor_name", "action", "target", "address")
    date_hierarchy = "at"
    fields = COLUMNS
    change_list_template = "admin/accounts/auditentry/change_list.html"

    def get_urls(self) -> list[Any]:
        export = self.admin_site.admin_view(self.export)
        return [path("export/", export, name="accounts_auditentry_export"), *super().get_urls()]

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """Give out what the list shows, with its search and its filters, as CSV."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        entries = self.get_changelist_instance(request).get_queryset(request)
        record("audit exported", actor=request.user, entries=entries.count())  # type: ignore[arg-type]
        response = StreamingHttpResponse(_rows(entries), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="audit.csv"'
        response["Cache-Control"] = "no-store"
        return response


def _rows(entries: Any) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for entry in entries.iterator(chunk_size=CHUNK):
        told = {name: getattr(entry, name) for name in COLUMNS}
        told["at"] = entry.at.isoformat()
        yield writer.writerow([plain(told[name]) for name in COLUMNS])
