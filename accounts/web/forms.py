"""The forms of the door: signing up, logging in, and passwords."""

from typing import Any

from django import forms
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from accounts import letters
from accounts.people import LONGEST_NAME
from accounts.services import change_password, reset_password

MISMATCH = "The two new passwords differ."
LONGEST_CODE = 30


CODE_FIELD = {
    "autocomplete": "one-time-code",
    "autocapitalize": "none",
    "spellcheck": "false",
}


class LoginForm(auth_forms.AuthenticationForm):
    error_messages = {
        "invalid_login": "Name and password do not match. Both are case-sensitive.",
        "inactive": "This account is switched off.",
    }

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if len(name) > LONGEST_NAME:
            raise self.get_invalid_login_error()
        return name


class CodeForm(forms.Form):
    """A code of the second factor, or a recovery code."""

    code = forms.CharField(
        label="Code",
        max_length=LONGEST_CODE,
        widget=forms.TextInput(attrs={**CODE_FIELD, "autofocus": True}),
    )


class SignUpForm(auth_forms.UserCreationForm):  # type: ignore[type-arg]
    """A name and a password; the e-mail address is one's own choice, and confirmed later."""

    email = forms.EmailField(
        label="E-mail address (optional)",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ("username", "email", "password1", "password2")
    error_messages = {"password_mismatch": "The two passwords differ."}

    class Meta(auth_forms.UserCreationForm.Meta):
        model = get_user_model()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.help_text = ""
        self.fields["password2"].label = "Password, once more"


class PasswordForm(auth_forms.PasswordChangeForm):
    error_messages = {
        **auth_forms.PasswordChangeForm.error_messages,
        "password_incorrect": "That is not your current password.",
        "password_mismatch": MISMATCH,
    }

    def __init__(self, *args: Any, address: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address
        self.fields["old_password"].label = "Current password"
        self.fields["new_password2"].label = "New password, once more"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("new_password1") and cleaned.get("old_password"):
            self.refuse_same(cleaned)
        return cleaned

    def refuse_same(self, cleaned: dict[str, Any]) -> None:
        # Otherwise a one-time password could be kept for good.
        if cleaned["new_password1"] == cleaned["old_password"]:
            self.add_error(
                "new_password1", ValidationError("Choose a password that is new.", "same")
            )

    def save(self, commit: bool = True) -> Any:
        change_password(self.user, self.cleaned_data["new_password1"], address=self.address)
        return self.user


class ResetForm(auth_forms.PasswordResetForm):
    """Asks for a letter; the answer is the same whether or not somebody has the address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "E-mail address"

    def send_mail(self, *args: Any, **_: Any) -> None:
        context, to = args[2], args[4]
        letters.post(to, "reset", **context)


class ResetPasswordForm(auth_forms.SetPasswordForm):  # type: ignore[type-arg]
    error_messages = {
        **auth_forms.SetPasswordForm.error_messages,
        "password_mismatch": MISMATCH,
    }

    def __init__(self, *args: Any, address: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address
        self.fields["new_password2"].label = "New password, once more"

    def save(self, commit: bool = True) -> Any:
        reset_password(self.user, self.cleaned_data["new_password1"], address=self.address)
        return self.user
