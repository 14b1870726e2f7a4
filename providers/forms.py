"""What an operator types in: keys that are never shown again, and providers without code."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from providers import registry
from providers.adapter import EVERYTHING
from providers.added import BadAddress, checked_address
from providers.models import Membership, Pool, Provider
from providers.wording import LONG_ENOUGH

LONGEST_KEY = 1000

CAPABILITY_CHOICES = [(name, name.replace("_", " ")) for name in EVERYTHING]


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """A provider's switch and name, and a field for its key that only ever takes."""

    key = forms.CharField(
        label="New key",
        required=False,
        min_length=LONG_ENOUGH,
        max_length=LONGEST_KEY,
        # Nothing of it goes back into a page, not even when another field is wrong.
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "size": 40}),
        help_text="Leave it empty to keep the key as it is. It is stored encrypted.",
    )
    remove_key = forms.BooleanField(required=False, label="Remove the key")

    class Meta:
        model = Provider
        fields = ("name", "is_on", "added_address")

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"])
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ValidationError("A key has no spaces and plain letters only.")
        return key

    def clean_added_address(self) -> str:
        return typed_address(self.instance.added_format, self.cleaned_data["added_address"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("key") and cleaned.get("remove_key"):
            self.add_error("remove_key", "Enter a key or remove it, not both.")
        reject_second_feed(self, self.instance.added_format, self.instance.pk)
        return cleaned


class AddProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """One more instance of a format that the code can read."""

    added_format = forms.ChoiceField(label="Format", choices=Provider.Format)
    added_address = forms.CharField(
        label="Address",
        max_length=300,
        widget=forms.TextInput(attrs={"size": 60, "autocomplete": "off", "spellcheck": "false"}),
        help_text="Of a feed its https:// address; of an exchange its id at ccxt, such as"
        " bitstamp; of a CoinGecko-compatible API the https:// address before /api/v3.",
    )
    slug = forms.RegexField(
        r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=60,
        help_text="The name that data carries as its source: a-z, 0-9 and hyphens. It stays.",
        error_messages={"invalid": "Use a-z and 0-9, with hyphens in between."},
    )
    is_on = forms.BooleanField(label="Switched on", required=False, initial=True)

    class Meta:
        model = Provider
        fields = ("added_format", "added_address", "name", "slug", "is_on")

    def clean_slug(self) -> str:
        slug = str(self.cleaned_data["slug"])
        if slug in registry.BY_SLUG:
            raise ValidationError("A provider that comes with CryptoDT has this name.")
        return slug

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind, address = cleaned.get("added_format"), cleaned.get("added_address")
        if kind and address:
            try:
                cleaned["added_address"] = typed_address(kind, address)
            except ValidationError as error:
                self.add_error("added_address", error)
            else:
                reject_second_feed(self, kind, None)
        return cleaned


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]
    """A place in a pool, and another pool of the same capability."""

    class Meta:
        model = Membership
        fields = ("pool", "place")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pools = self.fields.get("pool")
        if isinstance(pools, forms.ModelChoiceField):
            pools.queryset = Pool.objects.filter(capability=self.instance.capability)
            for link in ("can_add_related", "can_change_related", "can_delete_related"):
                setattr(pools.widget, link, False)


def typed_address(kind: str, text: str) -> str:
    try:
        return checked_address(kind, text)
    except BadAddress as error:
        raise ValidationError(str(error)) from None


def reject_second_feed(form: "forms.ModelForm[Provider]", kind: str, own: int | None) -> None:
    """Refuse a feed that is read already; a second exchange or mirror may be wanted."""
    address = form.cleaned_data.get("added_address")
    same = Provider.objects.filter(added_format=kind, added_address=address)
    if own is not None:
        same = same.exclude(pk=own)
    if kind == Provider.Format.RSS and address and (other := same.first()) is not None:
        form.add_error("added_address", f"{other.name} reads this feed already.")
