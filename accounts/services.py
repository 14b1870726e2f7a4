"""What changes who may log in: the first operator and a person's password."""

import secrets

from django.db import IntegrityError, transaction

from accounts.models import User

OPERATOR = "operator"
# No letter or digit that can be taken for another one when it is read from a terminal.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 5, 4


def create_operator() -> str | None:
    """Create the first superuser and return its one-time password, or None if anyone exists."""
    if User.objects.exists():
        return None
    password = one_time_password()
    try:
        with transaction.atomic():
            User.objects.create_superuser(OPERATOR, password=password, must_change_password=True)
    except IntegrityError:
        # Of two processes that start at once, the unique username lets one create it.
        return None
    return password


def one_time_password() -> str:
    """Return a password of about 99 bits, in groups that are easy to type."""
    groups = (
        "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
    )
    return "-".join(groups)


def change_password(user: User, password: str) -> None:
    """Store a password that the person chose, which ends the duty to change it."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
