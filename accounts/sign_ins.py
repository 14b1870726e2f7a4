"""Writes into the audit who logged in, who failed, and who logged out, by whichever way."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from accounts.audit import record
from accounts.models import User
from accounts.places import address_of


def _from(request: Any) -> str | None:
    return address_of(request) if request is not None else None


@receiver(user_logged_in)
def note_login(request: Any, user: User, **_: Any) -> None:
    record("logged in", actor=user, address=_from(request))


@receiver(user_logged_out)
def note_logout(request: Any, user: User | None, **_: Any) -> None:
    # Somebody whose session had ended already logs nobody out.
    if user is not None:
        record("logged out", actor=user, address=_from(request))


@receiver(user_login_failed)
def note_failure(credentials: dict[str, Any], request: Any = None, **_: Any) -> None:
    record("log-in failed", name=str(credentials.get("username", "")), address=_from(request))
