"""The forms of one's own account."""

from typing import Any
from zoneinfo import available_timezones

from django import forms

from accounts import second_factor
from accounts.people import CURRENCIES, THEMES, Profile
from accounts.web.forms import CODE_FIELD, LONGEST_CODE

PASSWORD = forms.PasswordInput(attrs={"autocomplete": "current-password"})
# Names without a place are kept for old systems, and would only make the list longer.
TIME_ZONES = ["UTC", *sorted(name for name in available_timezones() if "/" in name)]


class ProfileForm(forms.Form):
    first_name = forms.CharField(
        label="First name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Last name",
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=[(name, name.replace("_", " ")) for name in TIME_ZONES if "Etc/" not in name],
    )
    currency = forms.ChoiceField(label="Currency", choices=[(one, one) for one in CURRENCIES])
    theme = forms.ChoiceField(label="Theme", choices=THEMES, widget=forms.RadioSelect)

    @classmethod
    def of(cls, user: Any) -> "ProfileForm":
        return cls(initial={name: getattr(user, name) for name in Profile.__slots__})

    def profile(self) -> Profile:
        return Profile(**self.cleaned_data)


class WithPassword(forms.Form):
    """Asks for the password again, for what an unattended browser must not be able to do."""

    password = forms.CharField(label="Your password", strip=False, widget=PASSWORD)

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError("That is not your password.", "wrong")
        return password


class EmailForm(WithPassword):
    email = forms.EmailField(
        label="New e-mail address; empty removes it",
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ("email", "password")


class TurnOffForm(WithPassword):
    code = forms.CharField(
        label="Code of your app, or a recovery code",
        max_length=LONGEST_CODE,
        widget=forms.TextInput(attrs=CODE_FIELD),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        # A code is good once, so a wrong password must not use it up.
        is_asked = "password" in cleaned and "code" in cleaned
        if is_asked and not second_factor.check(self.user, cleaned["code"]).is_right:
            self.add_error("code", "This code is wrong, or was used already.")
        return cleaned
