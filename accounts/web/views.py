"""Coming in and going out: signing up, logging in, and passwords."""

import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, views
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.defaultfilters import date
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView

from accounts import people, second_factor
from accounts.audit import record
from accounts.flood import refuse_flood
from accounts.places import address_of
from accounts.web.forms import (
    CodeForm,
    LoginForm,
    PasswordForm,
    ResetForm,
    ResetPasswordForm,
    SignUpForm,
)

# Who gave the right password and not yet the code; nobody is logged in by that.
HALFWAY = "accounts.halfway"
HALFWAY_SECONDS = 600


class SignUpView(FormView):  # type: ignore[type-arg]
    template_name = "accounts/signup.html"
    form_class = SignUpForm
    success_url = reverse_lazy("accounts-keys")

    @method_decorator(sensitive_post_parameters())
    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.ENABLE_SIGNUP:
            raise Http404
        if request.user.is_authenticated:
            return redirect(settings.LOGIN_REDIRECT_URL)
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refuse_flood(request, "signup", account=request.POST.get("email", ""))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        email = form.cleaned_data["email"]
        try:
            user = people.sign_up(
                username=form.cleaned_data["username"],
                password=form.cleaned_data["password1"],
                email=email,
                link=email_link(self.request),
                address=address_of(self.request),
            )
        except people.NameTaken as refusal:
            form.add_error("username", refusal.message)
            return self.form_invalid(form)
        login(self.request, user, "django.contrib.auth.backends.ModelBackend")
        told = " Please open the link in the letter to your address." if email else ""
        messages.success(self.request, f"Welcome, {user.get_username()}.{told}")
        return super().form_valid(form)


class LoginView(views.LoginView):
    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refuse_flood(request, "login", account=request.POST.get("username", ""))
        return super().post(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(can_sign_up=settings.ENABLE_SIGNUP, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if not second_factor.is_on(user):
            return super().form_valid(form)
        # A session that somebody else may have prepared gets another name at once.
        self.request.session.cycle_key()
        self.request.session[HALFWAY] = {
            "user": user.pk,
            "backend": user.backend,
            # Ends with the password that was given.
            "mark": user.get_session_auth_hash(),
            "until": time.time() + HALFWAY_SECONDS,
            "next": self.get_success_url(),
        }
        return redirect("accounts-code")


class CodeView(FormView):  # type: ignore[type-arg]
    """Asks whoever gave the right password for a code; only then is anybody logged in."""

    template_name = "accounts/code.html"
    form_class = CodeForm

    @method_decorator(sensitive_post_parameters())
    @method_decorator(never_cache)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.halfway = request.session.get(HALFWAY, {})
        is_over = self.halfway.get("until", 0) < time.time()
        self.person = (
            None if is_over else people.person_of(self.halfway["user"], self.halfway["mark"])
        )
        if self.person is None:
            request.session.pop(HALFWAY, None)
            return redirect("accounts-login")
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refuse_flood(request, "code", account=str(self.halfway["user"]))
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        user: Any = self.person
        checked = second_factor.check(user, form.cleaned_data["code"])
        if not checked.is_right:
            record("log-in failed", actor=user, address=address_of(self.request), step="code")
            form.add_error("code", _why_not(checked))
            return self.form_invalid(form)
        del self.request.session[HALFWAY]
        login(self.request, user, self.halfway["backend"])
        return redirect(self.halfway["next"])


class PasswordView(views.PasswordChangeView):
    template_name = "accounts/password.html"
    form_class = PasswordForm
    success_url = reverse_lazy("dashboard")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "address": address_of(self.request)}

    def form_valid(self, form: PasswordForm) -> HttpResponse:  # type: ignore[override]
        response = super().form_valid(form)
        messages.success(self.request, "Your password is changed.")
        return response


class ResetView(views.PasswordResetView):
    template_name = "accounts/reset.html"
    form_class = ResetForm
    success_url = reverse_lazy("accounts-reset-sent")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refuse_flood(request, "reset", account=request.POST.get("email", ""))
        return super().post(request, *args, **kwargs)


class ResetSentView(TemplateView):
    template_name = "accounts/reset_sent.html"


class ResetPasswordView(views.PasswordResetConfirmView):
    template_name = "accounts/reset_password.html"
    form_class = ResetPasswordForm
    success_url = reverse_lazy("accounts-login")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "address": address_of(self.request)}

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        messages.success(self.request, "Your password is changed. Log in with the new one.")
        return response


def email_link(request: HttpRequest) -> people.Link:
    """Return what makes a link to the page that confirms an address."""
    return lambda token: request.build_absolute_uri(reverse("accounts-email", args=[token]))


def _why_not(checked: second_factor.Checked) -> str:
    if checked.locked_until is None:
        return "This code is wrong, or was used already. A new one comes every 30 seconds."
    until = date(checked.locked_until, "H:i:s")
    return f"Too many wrong codes. Try again after {until} UTC."
