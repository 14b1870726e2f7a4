"""One's own account: who one is, the e-mail address, and the second factor."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, View

from accounts import people, second_factor
from accounts.flood import refuse_flood
from accounts.places import address_of
from accounts.web.account_forms import EmailForm, ProfileForm, TurnOffForm
from accounts.web.forms import CodeForm
from accounts.web.views import email_link


class AccountPage(LoginRequiredMixin):
    """A page about oneself: for nobody else, kept by no cache, in one's own time zone."""

    request: HttpRequest
    # Which entry of the account's menu it is.
    place = ""

    @method_decorator(sensitive_post_parameters())
    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with timezone.override(getattr(request.user, "time_zone", "UTC")):
            response = super().dispatch(request, *args, **kwargs)
            # A page that is rendered later would forget the time zone.
            if hasattr(response, "render"):
                response.render()
        return response

    @property
    def person(self) -> Any:
        return self.request.user

    def page(self, template: str, **context: Any) -> HttpResponse:
        return render(self.request, template, {"place": self.place, **context})


class ProfileView(AccountPage, View):
    place = "profile"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("accounts/profile.html", form=ProfileForm.of(self.person))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ProfileForm(request.POST)
        if not form.is_valid():
            return self.page("accounts/profile.html", form=form)
        people.save_profile(self.person, form.profile())
        messages.success(request, "Your profile is saved.")
        return redirect("accounts-profile")


class EmailView(AccountPage, View):
    """Asks for another address; it counts once the link in the letter to it was opened."""

    place = "profile"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page("accounts/email.html", form=EmailForm(self.person))

    def post(self, request: HttpRequest) -> HttpResponse:
        refuse_flood(request, "email", account=str(self.person.pk))
        form = EmailForm(self.person, request.POST)
        if not form.is_valid():
            return self.page("accounts/email.html", form=form)
        if email := form.cleaned_data["email"]:
            people.ask_to_confirm(self.person, email, email_link(request))
            messages.success(request, "Please open the link in the letter to that address.")
        else:
            people.remove_email(self.person, address=address_of(request))
            messages.success(request, "Your address is removed.")
        return redirect("accounts-profile")


@method_decorator(never_cache, name="dispatch")
class ConfirmEmailView(View):
    """Where the link in a letter leads. Looking at it changes nothing: mail servers do that."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            context: dict[str, Any] = {"email": people.address_in(token)}
        except people.BadLink as refusal:
            context = {"refusal": refusal.message}
        return render(request, "accounts/confirm_email.html", context)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        try:
            people.confirm_email(token, address=address_of(request))
        except people.BadLink as refusal:
            context = {"refusal": refusal.message}
            return render(request, "accounts/confirm_email.html", context)
        messages.success(request, "Thank you, your e-mail address is confirmed.")
        return redirect("accounts-profile")


class SecondFactorView(AccountPage, View):
    """Sets the second factor up, or says how it stands."""

    place = "second-factor"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        refuse_flood(request, "code", account=str(self.person.pk))
        form = CodeForm(request.POST)
        if not form.is_valid():
            return self._show(form)
        codes = second_factor.confirm(
            self.person, form.cleaned_data["code"], address=address_of(request)
        )
        if codes is None:
            form.add_error("code", "This code is wrong. Is the clock of your phone right?")
            return self._show(form)
        return self.page("accounts/recovery_codes.html", codes=codes)

    def _show(self, form: CodeForm) -> HttpResponse:
        if second_factor.is_on(self.person):
            left = second_factor.recovery_codes_left(self.person)
            return self.page("accounts/second_factor.html", codes_left=left)
        return self.page(
            "accounts/second_factor_setup.html",
            form=form,
            setup=second_factor.begin(self.person),
            is_owed=second_factor.is_owed(self.person),
        )


class TurnOffView(AccountPage, FormView):  # type: ignore[type-arg]
    """Removes the second factor: for whoever has the password and a code."""

    place = "second-factor"
    template_name = "accounts/second_factor_off.html"
    form_class = TurnOffForm
    success_url = reverse_lazy("accounts-second-factor")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(place=self.place, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "user": self.person}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refuse_flood(request, "code", account=str(self.person.pk))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: TurnOffForm) -> HttpResponse:
        second_factor.turn_off(self.person, address=address_of(self.request))
        messages.success(self.request, "The second factor is removed.")
        return super().form_valid(form)
