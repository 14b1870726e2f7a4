"""The people who may log in."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    # Set for a password that someone else knows: it opens the password page and nothing more.
    must_change_password = models.BooleanField(
        default=False,
        help_text="Asks for a new password before any other page opens.",
    )
