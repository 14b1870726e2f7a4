"""API keys in the admin: issued on behalf of people, changed, revoked, and never deleted."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts import places, services
from accounts.admin_rules import TakesEffectAtOnce
from accounts.models import ApiKey
from accounts.services import Issued, KeyWish
from accounts.tiers import ANONYMOUS, READ, SCOPES
from cryptodt.common.errors import Refusal

MOST_PLACES = 50
OWN_LIMITS = ("per_minute", "per_day", "symbols", "days", "sockets")
WISHED = ("name", "tier", "scopes", "expires_at", "addresses", "origins")
GIVEN = ("owner", *WISHED)
FACTS = ("owner", "prefix", "state", "created_at", "revoked_at", "last_used_at")


class Lines(forms.CharField):
    """A list, one entry a line, each checked and spelled as it is kept."""

    def __init__(self, check: Callable[[str], str], **options: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": 3}), **options)
        self.check = check

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        texts = [line for line in str(value or "").splitlines() if line.strip()]
        if len(texts) > MOST_PLACES:
            raise forms.ValidationError(f"At most {MOST_PLACES}.")
        try:
            return [self.check(text) for text in texts]
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != str(data or "").split()


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """The same rules as for a key that somebody makes for oneself."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in SCOPES],
        initial=[READ],
        widget=forms.CheckboxSelectMultiple,
    )
    addresses = Lines(places.network, help_text="Where it may be used from; empty is anywhere.")
    origins = Lines(places.origin, help_text="The sites whose pages may use it; empty is any.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        owner = cleaned["owner"] if self.instance.pk is None else self.instance.owner
        try:
            services.refuse_beyond(owner, self.wish(), cleaned["tier"])
        except Refusal as error:
            raise forms.ValidationError(error.message) from None
        if self.instance.pk is None:
            self._refuse_too_many(owner)
        return cleaned

    def _refuse_too_many(self, owner: Any) -> None:
        try:
            services.refuse_too_many(owner)
        except Refusal as error:
            raise forms.ValidationError(error.message) from None

    def wish(self) -> KeyWish:
        wished = {name: self.cleaned_data[name] for name in WISHED}
        return KeyWish(**{**wished, "tier": self.cleaned_data["tier"].slug})


class StateFilter(admin.SimpleListFilter):
    title = parameter_name = "state"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [("live", "in use"), ("expired", "expired"), ("revoked", "revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        has_expired = Q(expires_at__lte=timezone.now())
        if self.value() == "revoked":
            return queryset.exclude(revoked_at=None)
        if self.value() == "expired":
            return queryset.filter(has_expired, revoked_at=None)
        return queryset.filter(~has_expired, revoked_at=None) if self.value() else queryset


@admin.register(ApiKey)
class KeyAdmin(TakesEffectAtOnce):
    form = KeyForm
    list_display = (
        "name", "prefix", "owner", "tier", "state", "created_at", "expires_at", "last_used_at",
    )  # fmt: skip
    list_filter = (StateFilter, "tier", "created_at")
    list_select_related = ("owner", "tier")
    search_fields = ("name", "public_id", "owner__username", "owner__email")
    autocomplete_fields = ("owner",)
    actions = ("revoke",)

    @admin.display(description="begins with")
    def prefix(self, key: ApiKey) -> str:
        return f"cdt_{key.public_id}"

    @admin.display(description="state")
    def state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return "revoked"
        return "in use" if key.is_live else "expired"

    def get_fieldsets(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        if obj is None:
            return ((None, {"fields": GIVEN}),)
        own = {"fields": OWN_LIMITS, "description": "Empty is what the tier says."}
        return (
            (None, {"fields": WISHED}),
            ("Limits of its own", own),
            ("What is known of it", {"fields": (*FACTS, "last_used_from", "successor")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        return () if obj is None else (*FACTS, "last_used_from", "successor")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "tier" and field is not None:
            field.queryset = field.queryset.exclude(slug=ANONYMOUS.slug)  # type: ignore[union-attr]
        return field

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        # What is over stays as it was.
        is_over = obj is not None and obj.revoked_at is not None
        return not is_over and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        # Its usage would go with it; a revoked key is as good as none.
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        issued = services.issue_key(form.cleaned_data["owner"], form.wish(), by=request.user)  # type: ignore[arg-type]
        obj.pk, obj.public_id = issued.key.pk, issued.key.public_id
        # For the answer to this very request, and for nothing else.
        request.issued = issued  # type: ignore[attr-defined]

    def log_addition(self, request: HttpRequest, obj: ApiKey, message: Any) -> Any:
        """The service has written it down already."""

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        issued: Issued = request.issued  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "title": "The key",
            "opts": self.opts,
            "issued": issued,
        }
        return render(request, "admin/accounts/apikey/issued.html", context)

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: Sequence[ApiKey]) -> None:
        for key in chosen:
            services.revoke_key(key, by=request.user)  # type: ignore[arg-type]
        count = len(chosen)
        self.message_user(request, f"{count} key{'' if count == 1 else 's'} revoked.")
