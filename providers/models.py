"""What the pump keeps in the database: the operator's choices, and how providers did."""

from typing import ClassVar

from django.db import models


class StoreOrigin(models.Model):
    """Which market this database belongs to: one row, written once, compared ever after."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    market = models.CharField(max_length=16)
    claimed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_origin")]

    def __str__(self) -> str:
        return self.market


class Provider(models.Model):
    """A provider as the operator wants it. Code says what exists, this says what is used."""

    class Format(models.TextChoices):
        """What an operator may add without code: one more instance of a known format."""

        RSS = "rss", "RSS or Atom feed"
        CCXT = "ccxt", "Exchange that ccxt knows"
        COINGECKO = "coingecko", "CoinGecko-compatible API"

    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=80)
    is_on = models.BooleanField("switched on", default=False)
    # Ciphertext; the clear key leaves this table only on its way out to the provider.
    sealed_key = models.TextField(blank=True, editable=False)
    key_ending = models.CharField("key ends in", max_length=4, blank=True, editable=False)
    aside_until = models.DateTimeField("put aside until", null=True, blank=True)
    aside_reason = models.CharField("put aside because", max_length=200, blank=True)
    # Empty for the providers that come with the code.
    added_format = models.CharField("format", max_length=16, choices=Format, blank=True)
    added_address = models.CharField("address", max_length=300, blank=True)

    class Meta:
        ordering: ClassVar = ("slug",)

    def __str__(self) -> str:
        return self.slug


class Pool(models.Model):
    """Providers that answer the same question, and how they take turns."""

    class Strategy(models.TextChoices):
        ALL_AT_ONCE = "all_at_once", "All at once"
        PRIORITY = "priority", "In order, the first that answers"
        ROUND_ROBIN = "round_robin", "In turn"
        WEIGHTED = "weighted", "Weighted by health"
        LEAST_USED = "least_used", "Least used first"

    name = models.CharField(max_length=40, unique=True)
    capability = models.CharField(max_length=20)
    strategy = models.CharField(max_length=16, choices=Strategy, default=Strategy.PRIORITY)
    # Pools of one capability are asked one after the other.
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ("capability", "position", "name")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """Which pool a provider is in for one of its capabilities, and at which place."""

    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="memberships")
    capability = models.CharField(max_length=20)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="memberships")
    place = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering: ClassVar = ("place", "provider__slug")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("provider", "capability"), name="one_pool_per_capability"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} in {self.pool}"


class ProviderHour(models.Model):
    """How one capability of a provider did in one hour; kept for 90 days."""

    slug = models.CharField(max_length=60)
    capability = models.CharField(max_length=20)
    hour = models.DateTimeField()
    calls = models.PositiveIntegerField()
    failures = models.PositiveIntegerField()
    p50_ms = models.PositiveIntegerField(null=True)
    p95_ms = models.PositiveIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("slug", "capability", "hour"), name="one_row_per_hour"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.slug} {self.capability} {self.hour:%Y-%m-%d %H}h"


class DiscoveryRun(models.Model):
    """One search for new providers: what it looked at and what came of it; kept for 90 days."""

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    # How many questions went to strangers, how many candidates were checked, how many are good.
    asked = models.PositiveIntegerField()
    checked = models.PositiveIntegerField()
    valid = models.PositiveIntegerField()
    # Exchanges that the lists of others name and nothing here can speak to.
    unspoken = models.PositiveIntegerField()
    trouble = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"


class Candidate(models.Model):
    """A provider that discovery found, with the evidence for or against it."""

    slug = models.SlugField(unique=True, max_length=60)
    name = models.CharField(max_length=80)
    added_format = models.CharField("format", max_length=16, choices=Provider.Format)
    added_address = models.CharField("address", max_length=300)
    found_by = models.CharField(max_length=400)
    first_found_at = models.DateTimeField()
    checked_at = models.DateTimeField()
    is_valid = models.BooleanField("valid")
    reason = models.CharField("refused because", max_length=200, blank=True)
    evidence = models.JSONField(default=dict)
    run = models.ForeignKey(
        DiscoveryRun, null=True, on_delete=models.SET_NULL, related_name="candidates"
    )
    # What it became; deleted again, it is a candidate again.
    provider = models.ForeignKey(
        Provider, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ("-is_valid", "-checked_at", "slug")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("added_format", "added_address"), name="one_candidate_per_address"
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class DiscoveryRule(models.Model):
    """What may happen to valid candidates of a format without an operator's hand."""

    added_format = models.CharField("format", max_length=16, choices=Provider.Format, unique=True)
    switches_on = models.BooleanField("switch valid candidates on by themselves", default=False)

    class Meta:
        ordering: ClassVar = ("added_format",)

    def __str__(self) -> str:
        return self.get_added_format_display()
