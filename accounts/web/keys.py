"""The keys page: list, issue, rotate, revoke. A key's text is on one answer and no other."""

from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import View

from accounts import selectors, services
from accounts.places import address_of
from accounts.web.account import AccountPage
from accounts.web.key_forms import KeyForm, RotateForm
from cryptodt.common.errors import NotFound

# For so long a form that was sent is known again.
REMEMBERED_SECONDS = 86_400


class KeyPage(AccountPage, View):
    place = "keys"

    def key(self, public_id: str) -> Any:
        """Return a key of one's own that is still good; there are no others here."""
        try:
            found = selectors.key_of(self.person, public_id)
        except NotFound:
            raise Http404 from None
        if not found.is_live:
            raise Http404
        return found

    def issued(self, issued: services.Issued, **context: Any) -> HttpResponse:
        site = self.request.build_absolute_uri("/").rstrip("/")
        return self.page(
            "accounts/key_issued.html", key=issued.key, text=issued.text, site=site, **context
        )


class KeysView(KeyPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        return self._list(KeyForm(self.person))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = KeyForm(self.person, request.POST)
        if not form.is_valid():
            return self._list(form)
        mark = f"once:{self.person.pk}:{form.cleaned_data['once']}"
        if not cache.add(mark, 1, REMEMBERED_SECONDS):
            messages.warning(request, "This form was sent already, and one key was issued.")
            return redirect("accounts-keys")
        try:
            issued = services.issue_key(self.person, form.wish(), address=address_of(request))
        except services.BadKeyWish as refusal:
            cache.delete(mark)
            form.add_error(None, refusal.message)
            return self._list(form)
        return self.issued(issued)

    def _list(self, form: KeyForm) -> HttpResponse:
        found = selectors.keys_of(self.person)
        return self.page(
            "accounts/keys.html",
            form=form,
            live=[key for key in found if key.is_live],
            over=[key for key in found if not key.is_live],
            tier=self.person.tier,
        )


class RotateView(KeyPage):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        return self._ask(self.key(public_id), RotateForm())

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        key, form = self.key(public_id), RotateForm(request.POST)
        if not form.is_valid():
            return self._ask(key, form)
        try:
            issued = services.rotate_key(
                key, overlap=form.overlap(), by=self.person, address=address_of(request)
            )
        except services.BadKeyWish as refusal:
            form.add_error(None, refusal.message)
            return self._ask(key, form)
        return self.issued(issued, old=selectors.key_of(self.person, public_id))

    def _ask(self, key: Any, form: RotateForm) -> HttpResponse:
        return self.page("accounts/key_rotate.html", key=key, form=form)


class RevokeView(KeyPage):
    def get(self, request: HttpRequest, public_id: str) -> HttpResponse:
        return self.page("accounts/key_revoke.html", key=self.key(public_id))

    def post(self, request: HttpRequest, public_id: str) -> HttpResponse:
        key = self.key(public_id)
        services.revoke_key(key, by=self.person, address=address_of(request))
        messages.success(request, f"The key “{key.name}” is revoked.")
        return redirect("accounts-keys")
