"""The people who may log in, their keys, and what is known of what they do."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.tiers import FREE, READ, Limits


class Tier(models.Model):
    """How much its callers may do; an empty number is no limit."""

    slug = models.SlugField(primary_key=True)
    name = models.CharField(max_length=50)
    per_minute = models.PositiveIntegerField(null=True, blank=True)
    per_day = models.PositiveIntegerField(null=True, blank=True)
    symbols = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many symbols one request may name."
    )
    days = models.PositiveIntegerField(
        null=True, blank=True, help_text="How far back a request may reach."
    )
    sockets = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many live connections may be open at once."
    )
    scopes = models.JSONField(default=list)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "slug")

    def __str__(self) -> str:
        return self.name

    @property
    def limits(self) -> Limits:
        return Limits(self.per_minute, self.per_day, self.symbols, self.days, self.sockets)


class User(AbstractUser):
    class Theme(models.TextChoices):
        SYSTEM = "system", "As the system"
        LIGHT = "light"
        DARK = "dark"

    # Set for a password that someone else knows: it opens the password page and nothing more.
    must_change_password = models.BooleanField(
        default=False,
        help_text="Asks for a new password before any other page opens.",
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, default=FREE.slug)
    time_zone = models.CharField(max_length=50, default="UTC")
    currency = models.CharField(max_length=10, default="USD")
    theme = models.CharField(max_length=6, choices=Theme.choices, default=Theme.SYSTEM)
    # Tokens from before are worth nothing: the password was changed, or somebody logged out
    # everywhere.
    tokens_from = models.DateTimeField(default=timezone.now)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                condition=~models.Q(email=""),
                name="one_person_of_an_email",
                violation_error_message="Somebody has this address already.",
            ),
        ]

    def set_password(self, raw_password: str | None) -> None:
        """Set it, whoever does and by whichever way; tokens of the old one end with it."""
        super().set_password(raw_password)
        self.tokens_from = timezone.now()

    def set_unusable_password(self) -> None:
        super().set_unusable_password()
        self.tokens_from = timezone.now()


def _reading() -> list[str]:
    return [READ]


class ApiKey(models.Model):
    """A key without its text: of that only a digest is kept."""

    public_id = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT)
    scopes = models.JSONField(default=_reading)
    # Numbers of its own, where the tier's do not fit.
    per_minute = models.PositiveIntegerField(null=True, blank=True)
    per_day = models.PositiveIntegerField(null=True, blank=True)
    symbols = models.PositiveIntegerField(null=True, blank=True)
    days = models.PositiveIntegerField(null=True, blank=True)
    sockets = models.PositiveIntegerField(null=True, blank=True)
    # Where it may be used from; empty is anywhere.
    addresses = models.JSONField(default=list, blank=True)
    origins = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.GenericIPAddressField(null=True, blank=True)
    # The key that takes its place; until `expires_at` both are good.
    successor = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="predecessor"
    )

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.name} (cdt_{self.public_id})"

    @property
    def limits(self) -> Limits:
        tier = self.tier.limits
        own = {name: getattr(self, name) for name in Limits.__slots__}
        return Limits(**{n: getattr(tier, n) if v is None else v for n, v in own.items()})

    @property
    def is_live(self) -> bool:
        is_over = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not is_over


class RevokedToken(models.Model):
    """A token that was given up before its time."""

    jti = models.CharField(max_length=64, primary_key=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.jti


class Usage(models.Model):
    """What one key, or one person without a key, asked of one kind of endpoint on one day."""

    day = models.DateField()
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    # None for what a person does signed in to the pages.
    key = models.ForeignKey(ApiKey, null=True, on_delete=models.CASCADE)
    endpoint = models.CharField(max_length=100)
    calls = models.PositiveBigIntegerField(default=0)
    # Some cost nothing of the day: no news (304), asking for one's usage, being refused.
    spent = models.PositiveBigIntegerField(default=0)
    limited = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "usage"
        constraints = [
            models.UniqueConstraint(fields=("day", "key", "endpoint"), name="one_usage_of_a_key"),
            models.UniqueConstraint(
                fields=("day", "user", "endpoint"),
                condition=models.Q(key=None),
                name="one_usage_of_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.endpoint}: {self.calls}"


class QuotaNotice(models.Model):
    """That somebody was told of a key's day running out: once a day for each step."""

    day = models.DateField()
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE)
    percent = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("day", "key", "percent"), name="one_notice_of_a_step"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.percent} %"


class AuditEntry(models.Model):
    """Who did what. Written once, and never again touched."""

    at = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL)
    # The name stays readable when the person is gone.
    actor_name = models.CharField(max_length=150)
    action = models.CharField(max_length=50, db_index=True)
    target = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    details = models.JSONField(default=dict)

    class Meta:
        ordering = ("-at", "-id")
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise PermissionDenied("An audit entry is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise PermissionDenied("An audit entry is never deleted.")
