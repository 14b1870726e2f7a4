"""The forms for logging in and for changing a password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm

from accounts.services import change_password


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": "Name and password do not match. Both are case-sensitive.",
        "inactive": "This account is switched off.",
    }


class PasswordForm(PasswordChangeForm):
    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": "That is not your current password.",
        "password_mismatch": "The two new passwords differ.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
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
                "new_password1", forms.ValidationError("Choose a password that is new.", "same")
            )

    def save(self, commit: bool = True) -> Any:
        change_password(self.user, self.cleaned_data["new_password1"])
        return self.user
