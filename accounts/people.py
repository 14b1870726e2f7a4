"""People themselves: signing up, the profile, and an e-mail address that is really theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare

from accounts import letters
from accounts.audit import record
from accounts.models import User
from cryptodt.common.errors import InvalidRequest

SALT = "accounts.email"
# Nobody has a longer name, and no table has room for it.
LONGEST_NAME = 150
CURRENCIES = ("USD", "EUR", "GBP", "JPY", "CHF", "CNY", "INR", "KRW", "BRL", "AUD", "CAD", "BTC")
THEMES = tuple(User.Theme.choices)
# Makes a link out of a token; only the web knows where the page is.
Link = Callable[[str], str]


class NameTaken(InvalidRequest):
    """Somebody else has this name."""


class BadLink(InvalidRequest):
    """A link that does not confirm anything, or not any more."""


@dataclass(frozen=True, slots=True)
class Profile:
    first_name: str
    last_name: str
    time_zone: str
    currency: str
    theme: str


def sign_up(*, username: str, password: str, email: str, link: Link, address: str) -> User:
    """Make an account. Its e-mail address counts only once it was confirmed.

    That way the answer is the same whether or not somebody has the address already, and nobody
    can take the address of somebody else.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(username, password=password)
    except IntegrityError:
        raise NameTaken("Somebody has this name already.") from None
    record("signed up", actor=user, address=address)
    if email:
        ask_to_confirm(user, email, link)
    return user


def person_of(pk: int, mark: str) -> User | None:
    """Return the person with this id whose password is still the one that the mark is of."""
    found = User.objects.filter(pk=pk, is_active=True).first()
    is_same = found is not None and constant_time_compare(found.get_session_auth_hash(), mark)
    return found if is_same else None


def ask_to_confirm(user: User, email: str, link: Link) -> None:
    """Write to an address; if it is somebody's, that person is told, and nobody else."""
    owner = User.objects.filter(email__iexact=email).exclude(pk=user.pk).first()
    if owner is not None:
        letters.post(owner.email, "taken", owner=owner)
        return
    token = signing.dumps({"user": user.pk, "email": email, "was": user.email}, salt=SALT)
    letters.post(email, "confirm", user=user, link=link(token))


def address_in(token: str) -> str:
    """Return the e-mail address that a link confirms."""
    return str(_read(token)[1])


def confirm_email(token: str, *, address: str) -> None:
    user, email = _read(token)
    was = user.email
    user.email = email
    try:
        with transaction.atomic():
            user.save(update_fields=["email"])
    except IntegrityError:
        raise BadLink("This link is not good any more.") from None
    _note_change(user, was, address)


def remove_email(user: User, *, address: str) -> None:
    was, user.email = user.email, ""
    user.save(update_fields=["email"])
    _note_change(user, was, address)


def save_profile(user: User, profile: Profile) -> None:
    user.first_name, user.last_name = profile.first_name, profile.last_name
    user.time_zone, user.currency = profile.time_zone, profile.currency
    user.theme = profile.theme
    user.save(update_fields=["first_name", "last_name", "time_zone", "currency", "theme"])


def _read(token: str) -> tuple[User, str]:
    try:
        said: dict[str, Any] = signing.loads(token, salt=SALT, max_age=settings.EMAIL_LINK_SECONDS)
    except signing.BadSignature:
        raise BadLink("This link is not good, or not any more.") from None
    # The address from before makes a link good once.
    user = User.objects.filter(pk=said["user"], email=said["was"], is_active=True).first()
    if user is None:
        raise BadLink("This link was used already, or its account is gone.")
    return user, said["email"]


def _note_change(user: User, was: str, address: str) -> None:
    record("e-mail changed", actor=user, address=address)
    if was:
        letters.post(was, "changed", user=user)
