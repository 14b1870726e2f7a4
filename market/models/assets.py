"""What has a price, and the names it goes by."""

from django.db import models

from cryptodt.common.money import ExactDecimalField
from market.catalog import STABLE


class Asset(models.Model):
    """Something that has a price. Upstreams know it by other names: `ids` holds them.

    `symbol` is its one name here: its ticker where no other asset has that, else its slug, so
    that nobody is shown the price of a namesake.
    """

    symbol = models.CharField(max_length=64, unique=True)
    ticker = models.CharField(max_length=40, db_index=True)
    name = models.CharField(max_length=100)
    ids = models.JSONField(default=dict, blank=True)
    # Collected and shown to everybody without being asked for.
    is_listed = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    # Somebody wanted its price: it is collected as long as that was not long ago.
    asked_at = models.DateTimeField(null=True, blank=True)
    # When an upstream listed it last.
    listed_at = models.DateTimeField(null=True, blank=True)
    # No upstream lists it any more; its history stays.
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position", "symbol")

    def __str__(self) -> str:
        return self.symbol

    @property
    def is_settled(self) -> bool:
        """Say whether the operator, or the code, decides what its ticker means."""
        return self.is_listed or self.symbol in STABLE


class Alias(models.Model):
    """A name that an asset had before, or has elsewhere."""

    word = models.CharField(max_length=64, unique=True)
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="aliases")
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "aliases"

    def __str__(self) -> str:
        return f"{self.word} is {self.asset_id}"


class Standing(models.Model):
    """An asset's place in an aggregator's list: one source's word, agreed on by nobody."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, primary_key=True)
    price = ExactDecimalField(null=True)
    change_1h = ExactDecimalField(null=True)
    change_24h = ExactDecimalField(null=True)
    change_7d = ExactDecimalField(null=True)
    volume_24h = ExactDecimalField(null=True)
    market_cap = ExactDecimalField(null=True)
    rank = models.PositiveIntegerField(null=True, db_index=True)
    source = models.CharField(max_length=64)
    observed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.rank}"
