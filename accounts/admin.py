"""People and tiers in the admin, which is entered through the product's own login page."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest

from accounts import admin_keys as admin_keys  # It registers its own pages.
from accounts import admin_locks as admin_locks
from accounts import admin_records as admin_records
from accounts import second_factor
from accounts.admin_rules import TakesEffectAtOnce
from accounts.models import ApiKey, Tier, Usage, User
from accounts.services import follow_tier
from accounts.tiers import ANONYMOUS, SCOPES, TIERS

# One door for everyone; a person without staff rights still gets the admin's own refusal.
admin.site.login = login_required(admin.site.login)  # type: ignore[method-assign]

admin.site.site_header = admin.site.site_title = "CryptoDT"
# Many at once leave one word in the log, and the audit none: what goes, goes one by one.
admin.site.disable_action("delete_selected")

# What makes somebody an operator is given by superusers alone.
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


@admin.register(User)
class PersonAdmin(TakesEffectAtOnce, UserAdmin):  # type: ignore[type-arg]
    list_display = ("username", "email", "tier", "is_staff", "is_active", "must_change_password")
    list_filter = ("tier", "is_staff", "is_active", "must_change_password")
    list_select_related = ("tier",)
    actions = ("remove_second_factor",)
    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        ("Tier", {"fields": ("tier",)}),
        ("One-time password", {"fields": ("must_change_password",)}),
    )
    add_fieldsets = (
        *UserAdmin.add_fieldsets,
        ("Tier", {"fields": ("tier",)}),
        ("One-time password", {"fields": ("must_change_password",)}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "tier" in form.changed_data:
            follow_tier(obj, before=form.initial["tier"], by=request.user)  # type: ignore[arg-type]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        own = super().get_readonly_fields(request, obj)
        return own if request.user.is_superuser else (*own, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # Whoever may set a superuser's password is one.
        is_above = obj is not None and obj.is_staff and not request.user.is_superuser
        return not is_above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        is_above = obj is not None and obj.is_staff and not request.user.is_superuser
        return not is_above and super().has_delete_permission(request, obj)

    @admin.action(description="Remove the second factor", permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, people: Sequence[User]) -> None:
        for person in people:
            if self.has_change_permission(request, person):
                second_factor.turn_off(person, by=request.user)  # type: ignore[arg-type]
                self.message_user(request, f"{person} logs in without a second factor now.")
            else:
                told = f"{person} is an operator: that is for superusers alone."
                self.message_user(request, told, messages.ERROR)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # Keys and usage are a person's own and go along; what the audit says of them stays.
        listed, counts, needed, held = super().get_deleted_objects(objs, request)
        own = {model._meta.verbose_name for model in (ApiKey, Usage)}
        return listed, counts, needed - own, held


class TierForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text="What its keys may be good for at most.",
    )


@admin.register(Tier)
class TierAdmin(TakesEffectAtOnce, admin.ModelAdmin):  # type: ignore[type-arg]
    form = TierForm
    list_display = ("name", "slug", "per_minute", "per_day", "symbols", "days", "sockets")
    fields = (*list_display, "scopes", "position")

    def get_queryset(self, request: HttpRequest) -> Any:
        # Callers without a key are not asked for in the database: RATE_LIMIT_* is theirs.
        return super().get_queryset(request).exclude(slug=ANONYMOUS.slug)

    def get_readonly_fields(self, request: HttpRequest, obj: Tier | None = None) -> Any:
        return () if obj is None else ("slug",)

    def has_delete_permission(self, request: HttpRequest, obj: Tier | None = None) -> bool:
        # What comes with the code would be back at the next start.
        comes_along = obj is not None and obj.slug in {row.slug for row in TIERS}
        return not comes_along and super().has_delete_permission(request, obj)
