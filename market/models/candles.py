"""Candles, what is known of them, and what is missing."""

from django.db import models

from cryptodt.common.money import ExactDecimalField
from market.models.assets import Asset


class Source(models.Model):
    """A provider's name as a small number, because there are millions of candles."""

    id = models.SmallAutoField(primary_key=True)
    slug = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return self.slug


class Series(models.Model):
    """The candles of one pair and interval."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="series")
    currency = models.CharField(max_length=10)
    interval = models.CharField(max_length=3)
    # Somebody wanted it: it is collected as long as that was not long ago.
    asked_at = models.DateTimeField(null=True)
    # When an upstream last answered for it, when one was last asked, and what went wrong then.
    collected_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=300, default="")
    # Where a candle differs from those that it should be made of.
    mismatch = models.CharField(max_length=300, default="")
    # The first candle that any upstream has, in seconds; nothing is missing before it.
    begins_at = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(
                fields=("asset", "currency", "interval"), name="one_series_per_pair_and_interval"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} in {self.currency}, {self.interval}"


class Candle(models.Model):
    """One bar. A closed one changes only by a correction, which is counted and kept."""

    class State(models.IntegerChoices):
        OPEN = 0
        CLOSED = 1
        CORRECTED = 2

    pk = models.CompositePrimaryKey("series_id", "opened_at")
    series = models.ForeignKey(
        Series, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    # Seconds.
    opened_at = models.BigIntegerField()
    open = ExactDecimalField()
    high = ExactDecimalField()
    low = ExactDecimalField()
    close = ExactDecimalField()
    volume = ExactDecimalField()
    state = models.SmallIntegerField(choices=State.choices)
    revision = models.SmallIntegerField(default=0)
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    # When it was last seen like this, in seconds.
    seen_at = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.series_id} at {self.opened_at}: {self.close}"


class Correction(models.Model):
    """What a closed candle was before its upstream corrected it."""

    series = models.ForeignKey(
        Series, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    opened_at = models.BigIntegerField()
    # The revision that these values had.
    revision = models.SmallIntegerField()
    open = ExactDecimalField()
    high = ExactDecimalField()
    low = ExactDecimalField()
    close = ExactDecimalField()
    volume = ExactDecimalField()
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    # When they were replaced, in seconds.
    replaced_at = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=("series", "opened_at"), name="corrections_of_series")]

    def __str__(self) -> str:
        return f"{self.series_id} at {self.opened_at}, revision {self.revision}"


class Gap(models.Model):
    """Candles that should be there and are not: from `start` up to, not including, `end`."""

    class Reason(models.TextChoices):
        NOT_COLLECTED = "not collected"
        UPSTREAM_OUTAGE = "upstream outage"
        UPSTREAM_EMPTY = "upstream empty"
        BEFORE_LISTING = "before listing"

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="gaps")
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    reason = models.CharField(max_length=20, choices=Reason.choices)
    found_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    # What each provider said when it was asked last.
    said = models.JSONField(default=dict)
    repaired_at = models.DateTimeField(null=True)
    repaired_by = models.CharField(max_length=64, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("series", "start", "end"), name="one_gap_per_place"),
        ]
        indexes = [
            models.Index(
                fields=("next_try_at",),
                condition=models.Q(repaired_at=None),
                name="gaps_to_repair",
            )
        ]

    def __str__(self) -> str:
        return f"{self.series_id} from {self.start} to {self.end}: {self.reason}"
