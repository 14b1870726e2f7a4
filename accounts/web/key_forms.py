"""The forms for issuing and rotating API keys."""

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from accounts import places
from accounts.services import KeyWish
from accounts.tiers import ADMIN, READ

MOST_PLACES = 50
EXPIRIES = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("", "Never")]
OVERLAPS = [("0", "None: at once"), ("1", "1 hour"), ("24", "1 day"), ("168", "7 days")]
MEANINGS = {
    "read": "read: prices, candles, news",
    "analyze": "analyze: have texts scored",
    "export": "export: histories as files",
    "admin": "admin: what operators may do",
}


class PlacesField(forms.CharField):
    """Several places, one in a line."""

    def __init__(self, check: Callable[[str], str], *, label: str, example: str) -> None:
        widget = forms.Textarea(attrs={"rows": 2, "placeholder": example, "spellcheck": "false"})
        super().__init__(label=label, required=False, max_length=4000, widget=widget)
        self.check = check

    def clean(self, value: Any) -> list[str]:
        words = super().clean(value).replace(",", " ").split()
        if len(words) > MOST_PLACES:
            raise forms.ValidationError(f"At most {MOST_PLACES} of them.", "many")
        try:
            return [self.check(word) for word in words]
        except ValueError as error:
            raise forms.ValidationError(str(error), "wrong") from None


class KeyForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=60,
        widget=forms.TextInput(attrs={"placeholder": "What uses it", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label="Good for", initial=[READ], widget=forms.CheckboxSelectMultiple
    )
    days = forms.ChoiceField(label="Expires", choices=EXPIRIES, initial="90", required=False)
    addresses = PlacesField(
        places.network, label="Only from these addresses (optional)", example="203.0.113.0/24"
    )
    origins = PlacesField(
        places.origin, label="Only from these web pages (optional)", example="https://example.com"
    )
    # Tells a form that was sent twice from two wishes.
    once = forms.RegexField(r"^[\w-]{8,40}$", widget=forms.HiddenInput)

    def __init__(self, owner: Any, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"once": secrets.token_urlsafe(12)})
        super().__init__(*args, **kwargs)
        allowed = [one for one in owner.tier.scopes if one != ADMIN or owner.is_staff]
        scopes: Any = self.fields["scopes"]
        scopes.choices = [(one, MEANINGS.get(one, one)) for one in allowed]

    def wish(self) -> KeyWish:
        chosen = self.cleaned_data
        days = chosen["days"]
        return KeyWish(
            name=chosen["name"],
            scopes=chosen["scopes"],
            expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
            addresses=chosen["addresses"],
            origins=chosen["origins"],
        )


class RotateForm(forms.Form):
    hours = forms.ChoiceField(
        label="How long the old key stays good", choices=OVERLAPS, initial="24"
    )

    def overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["hours"]))
