"""What the room of prices keeps."""

from django.db import models

from cryptodt.common.money import ExactDecimalField


class Asset(models.Model):
    """Something that has a price. Upstreams know it by other names: `ids` holds them."""

    symbol = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=100)
    ids = models.JSONField(default=dict, blank=True)
    # Collected, but shown to nobody: an asset that only converts other prices.
    is_listed = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "symbol")

    def __str__(self) -> str:
        return self.symbol


class Price(models.Model):
    """The latest price of an asset, with its receipts in short."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, primary_key=True)
    price = ExactDecimalField()
    observed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    sources = models.JSONField()
    below_quorum = models.BooleanField()
    spread_percent = ExactDecimalField()
    change_1h = ExactDecimalField(null=True)
    change_24h = ExactDecimalField(null=True)
    change_7d = ExactDecimalField(null=True)
    volume_24h = ExactDecimalField(null=True)
    market_cap = ExactDecimalField(null=True)
    rank = models.PositiveIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.price}"


class PricePoint(models.Model):
    """One price per asset and five minutes, kept as history."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE)
    bucket_at = models.DateTimeField()
    price = ExactDecimalField()
    observed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("asset", "bucket_at"), name="one_point_per_bucket"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} at {self.bucket_at:%Y-%m-%d %H:%M}: {self.price}"
