"""The operator's hands on the pump: providers and their keys, pools and who is asked first."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, Field, QuerySet
from django.forms import ChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from providers import admin_discovery as admin_discovery  # It registers its own pages.
from providers import roster, services, wording
from providers.forms import CAPABILITY_CHOICES, AddProviderForm, MembershipForm, ProviderForm
from providers.models import Membership, Pool, Provider
from providers.wording import NOTHING

STYLES = {"all": ["css/admin_providers.css"]}


# -- Finding one among hundreds --------------------------------------------------------


class OneOf(admin.SimpleListFilter):
    """Filters by what the pump knows of a provider, which is in no column."""

    field = ""

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        values = sorted({line[self.field] for line in wording.lines(request).values()})
        return [(value, wording.WORDS.get(value, value)) for value in values]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Provider]) -> QuerySet[Provider]:
        if self.value() is None:
            return queryset
        lines = wording.lines(request).items()
        slugs = [slug for slug, line in lines if line[self.field] == self.value()]
        return queryset.filter(slug__in=slugs)


class KindFilter(OneOf):
    title, parameter_name, field = "kind", "kind", "kind"


class NeedsKeyFilter(OneOf):
    title, parameter_name, field = "key", "needs_key", "needsKey"


class StateFilter(OneOf):
    title, parameter_name, field = "state", "state", "status"


class ProviderList(ChangeList):
    """The list, with one look at the pump for the whole page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        lines = wording.lines(request)
        for provider in self.result_list:
            provider.line = lines.get(provider.slug, {})


# -- Providers -------------------------------------------------------------------------


class PoolsOfProvider(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    form = MembershipForm
    fields = ("capability", "pool", "place")
    readonly_fields = ("capability",)
    verbose_name_plural = "Pools: the lower its place, the sooner it is asked"
    can_delete = False
    max_num = 0


@admin.register(Provider)
class ProviderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = (
        "name",
        "is_on",
        "state",
        "latency",
        "trouble",
        "key_shown",
        "kind",
        "offers",
        "pools",
    )
    list_editable = ("is_on",)
    list_filter = ("is_on", StateFilter, KindFilter, NeedsKeyFilter, "memberships__pool")
    search_fields = ("name", "slug", "added_address")
    ordering = ("-is_on", "name")
    list_per_page = 100
    actions = ("switch_on", "switch_off", "probe_now", "reset_breaker")

    class Media:
        css = STYLES

    # -- The list ----------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ProviderList

    def get_actions(self, request: HttpRequest) -> Any:
        # Only added ones may go, each on its own page.
        return {n: one for n, one in super().get_actions(request).items() if "delete" not in n}

    @admin.display(description="state")
    def state(self, provider: Any) -> SafeString:
        status = provider.line.get("status", "")
        words = wording.WORDS.get(status, "unknown to this version")
        return format_html('<span class="state state-{}">{}</span>', status, words)

    @admin.display(description="kind")
    def kind(self, provider: Any) -> str:
        return str(provider.line.get("kind", NOTHING))

    @admin.display(description="offers")
    def offers(self, provider: Any) -> str:
        return ", ".join(one.replace("_", " ") for one in provider.line.get("offers", ()))

    @admin.display(description="pools")
    def pools(self, provider: Any) -> str:
        return ", ".join(provider.line.get("pools", ()))

    @admin.display(description="key in use")
    def key_shown(self, provider: Provider) -> SafeString:
        return format_html('<span class="key-shown">{}</span>', wording.key_of(provider))

    @admin.display(description="latency")
    def latency(self, provider: Any) -> str:
        return wording.latency(provider.line.get("latency"))

    @admin.display(description="last error")
    def trouble(self, provider: Any) -> str | SafeString:
        told = provider.line.get("errorMessage")
        return format_html('<span class="trouble">{}</span>', told) if told else NOTHING

    # -- One provider ------------------------------------------------------------------

    def get_form(
        self,
        request: HttpRequest,
        obj: Provider | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        kwargs["form"] = AddProviderForm if obj is None else ProviderForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        if obj is None:
            return (
                (None, {"fields": ("added_format", "added_address", "name", "slug", "is_on")}),
            )
        about = ["is_on", "name", "slug"]
        about += ["added_format", "added_address"] if obj.added_format else ["kind_and_offers"]
        row = roster.row_of(obj)
        parts: list[Any] = [(None, {"fields": about})]
        if obj.sealed_key or (row is not None and row.needs_key != "no"):
            parts.append(("Key", {"fields": ("key_shown", "key", "remove_key")}))
        return (*parts, ("Health", {"fields": ("health",)}))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Provider | None = None
    ) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("slug", "added_format", "kind_and_offers", "key_shown", "health")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        return {"slug": ("name",)} if obj is None else {}

    def get_inlines(self, request: HttpRequest, obj: Provider | None) -> Any:
        return [PoolsOfProvider] if obj is not None else []

    def has_delete_permission(self, request: HttpRequest, obj: Provider | None = None) -> bool:
        # What comes with the code would be back at the next start.
        is_added = obj is None or bool(obj.added_format)
        return is_added and super().has_delete_permission(request, obj)

    @admin.display(description="kind")
    def kind_and_offers(self, provider: Provider) -> str:
        row = roster.row_of(provider)
        if row is None:
            return NOTHING
        return f"{row.kind}: {', '.join(row.offers).replace('_', ' ')} from {row.origin}"

    @admin.display(description="")
    def health(self, provider: Provider) -> str:
        lines = wording.health_of(provider.slug)
        return render_to_string("admin/providers/provider/_health.html", {"lines": lines})

    # -- What a change does ------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        if not change:
            obj.save()
            services.take_in(obj)
            return
        columns = {field.name for field in Provider._meta.concrete_fields}
        # Only these: what the pump wrote meanwhile stays.
        obj.save(update_fields=[name for name in form.changed_data if name in columns])
        if form.cleaned_data.get("key") or form.cleaned_data.get("remove_key"):
            services.set_key(obj, form.cleaned_data["key"])
        services.tell_roster()

    def delete_model(self, request: HttpRequest, obj: Provider) -> None:
        obj.delete()
        services.forget(obj.slug)

    def response_change(self, request: HttpRequest, obj: Provider) -> HttpResponse:
        if "_probe" in request.POST:
            self.probe_now(request, [obj])
        elif "_reset" in request.POST:
            self.reset_breaker(request, [obj])
        else:
            return super().response_change(request, obj)
        return HttpResponseRedirect(request.get_full_path())

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, providers: Sequence[Provider]) -> None:
        self._switch(request, providers, is_on=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, providers: Sequence[Provider]) -> None:
        self._switch(request, providers, is_on=False)

    @admin.action(description="Probe now", permissions=["change"])
    def probe_now(self, request: HttpRequest, providers: Sequence[Provider]) -> None:
        for number, provider in enumerate(providers):
            if not services.request_probe(provider.slug):
                told = f"{number} asked; then the queue of the workers could not be reached."
                self.message_user(request, told, messages.ERROR)
                return
            self.log_change(request, provider, "Asked for a probe.")
        told = f"{counted(len(providers))} will be probed now; reload to see what came of it."
        self.message_user(request, told)

    @admin.action(description="Reset the breaker", permissions=["change"])
    def reset_breaker(self, request: HttpRequest, providers: Sequence[Provider]) -> None:
        for provider in providers:
            services.reset(provider.slug)
            self.log_change(request, provider, "Reset the breaker.")
        told = f"The breaker of {counted(len(providers))} is closed, and pauses are over."
        self.message_user(request, told)

    def _switch(self, request: HttpRequest, providers: Sequence[Provider], *, is_on: bool) -> None:
        word = "on" if is_on else "off"
        changed = services.switch(providers, is_on=is_on)
        for provider in changed:
            self.log_change(request, provider, f"Switched {word}.")
        self.message_user(request, f"{counted(len(changed))} switched {word}.")


def counted(number: int) -> str:
    return f"{number} provider{'' if number == 1 else 's'}"


# -- Pools -----------------------------------------------------------------------------


class MembersOfPool(admin.TabularInline):  # type: ignore[type-arg]
    model = Membership
    fields = ("provider", "place")
    readonly_fields = ("provider",)
    verbose_name_plural = "Members that are switched on: the lower the place, the sooner asked"
    can_delete = False
    max_num = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        # The others may be hundreds, more than a form can carry; each has its place on its page.
        members = super().get_queryset(request).filter(provider__is_on=True)
        return members.select_related("provider", "pool")


@admin.register(Pool)
class PoolAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "capability", "strategy", "position", "members")
    list_editable = ("strategy", "position")
    list_filter = ("capability", "strategy")
    ordering = ("capability", "position", "name")
    fields = ("name", "capability", "strategy", "position", "members")
    actions = None

    class Media:
        css = STYLES

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pool]:
        pools: QuerySet[Pool] = super().get_queryset(request)
        return pools.annotate(member_count=Count("memberships"))

    def get_readonly_fields(
        self, request: HttpRequest, obj: Pool | None = None
    ) -> tuple[str, ...]:
        if obj is not None and obj.memberships.exists():
            return ("capability", "members")
        return ("members",)

    def get_inlines(self, request: HttpRequest, obj: Pool | None) -> Any:
        return [MembersOfPool] if obj is not None else []

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "capability":
            return ChoiceField(choices=CAPABILITY_CHOICES)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="members", ordering="member_count")
    def members(self, pool: Any) -> str | SafeString:
        if pool.pk is None or not pool.member_count:
            return "none: move providers here on their own pages"
        where = f"{reverse('admin:providers_provider_changelist')}?memberships__pool__id__exact="
        return format_html('<a href="{}{}">{}</a>', where, pool.pk, pool.member_count)

    def save_model(self, request: HttpRequest, obj: Pool, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        services.tell_roster()

    def delete_model(self, request: HttpRequest, obj: Pool) -> None:
        super().delete_model(request, obj)
        services.tell_roster()

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        pool = self.get_object(request, object_id)
        if pool is not None and pool.memberships.exists():
            told = f"{pool} has members. Move each to another pool first, on its own page."
            self.message_user(request, told, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:providers_pool_change", args=[pool.pk]))
        return super().delete_view(request, object_id, extra_context)
