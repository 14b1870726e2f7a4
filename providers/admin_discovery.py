"""The operator's view of discovery: what was found, why it is trusted or not, and adding it."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from providers import candidates
from providers.models import Candidate, DiscoveryRule, DiscoveryRun


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """What discovery wrote is looked at, not edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(str(name) for name in self.fields or ())


@admin.register(Candidate)
class CandidateAdmin(ReadOnly):
    list_display = ("name", "is_valid", "added_format", "added_address", "outcome", "checked_at")
    list_filter = ("is_valid", "added_format", ("provider", admin.EmptyFieldListFilter))
    search_fields = ("name", "slug", "added_address")
    list_select_related = ("provider",)
    fields = (
        "name",
        "slug",
        "added_format",
        "added_address",
        "found_by",
        "first_found_at",
        "checked_at",
        "is_valid",
        "reason",
        "evidence_shown",
        "provider",
    )
    actions = ("add_switched_off", "add_switched_on")

    @admin.display(description="outcome")
    def outcome(self, candidate: Candidate) -> str:
        if candidate.provider is not None:
            return f"added as {candidate.provider.slug}"
        return candidate.reason or "may be added"

    @admin.display(description="evidence")
    def evidence_shown(self, candidate: Candidate) -> SafeString:
        return format_html_join("", "{}: {}<br>", candidate.evidence.items())

    @admin.action(description="Add as provider, switched off", permissions=["change"])
    def add_switched_off(self, request: HttpRequest, chosen: Sequence[Candidate]) -> None:
        self._add(request, chosen, is_on=False)

    @admin.action(description="Add as provider, and switch on", permissions=["change"])
    def add_switched_on(self, request: HttpRequest, chosen: Sequence[Candidate]) -> None:
        self._add(request, chosen, is_on=True)

    def _add(self, request: HttpRequest, chosen: Sequence[Candidate], *, is_on: bool) -> None:
        if not request.user.has_perm("providers.add_provider"):
            self.message_user(request, "You may not add providers.", messages.ERROR)
            return
        for candidate in chosen:
            try:
                provider = candidates.add(candidate, is_on=is_on)
            except candidates.NotAddable as error:
                self.message_user(request, f"{candidate} {error}", messages.ERROR)
                continue
            word = "on" if is_on else "off"
            self.log_change(request, candidate, f"Added as provider, switched {word}.")
            self.message_user(request, f"{provider} is a provider now, switched {word}.")


@admin.register(DiscoveryRun)
class DiscoveryRunAdmin(ReadOnly):
    list_display = ("started_at", "ended_at", "asked", "checked", "valid", "unspoken", "trouble")
    fields = list_display

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(DiscoveryRule)
class DiscoveryRuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("added_format", "switches_on")
    list_editable = ("switches_on",)
    fields = ("added_format", "switches_on")
    readonly_fields = ("added_format",)
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        # One for each format that discovery finds, made at the start.
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
