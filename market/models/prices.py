"""What assets cost: the latest price of each, and the way it came."""

from django.db import models

from cryptodt.common.money import ExactDecimalField
from market.models.assets import Asset


class Price(models.Model):
    """The latest price of an asset, with its receipts."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, primary_key=True)
    price = ExactDecimalField()
    observed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    sources = models.JSONField()
    below_quorum = models.BooleanField()
    spread_percent = ExactDecimalField()
    # From 0 to 1: how many stand for it, how closely they agree, and who had to be left out.
    confidence = ExactDecimalField(null=True)
    # Who said what, when and with which weight; and who was left out, and why.
    receipts = models.JSONField(default=dict)
    change_1h = ExactDecimalField(null=True)
    change_24h = ExactDecimalField(null=True)
    change_7d = ExactDecimalField(null=True)
    volume_24h = ExactDecimalField(null=True)
    market_cap = ExactDecimalField(null=True)
    rank = models.PositiveIntegerField(null=True)
    # The figures above are one provider's word, with an age of their own.
    figures_source = models.CharField(max_length=64, default="")
    figures_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.price}"


class PricePoint(models.Model):
    """The first price of an asset in a minute. Young ones are kept for each minute, older ones
    for every five."""

    pk = models.CompositePrimaryKey("asset_id", "at")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, db_constraint=False, db_index=False)
    # When the minute began, in seconds; whole numbers are a third of the size of timestamps.
    at = models.BigIntegerField()
    price = ExactDecimalField()
    observed_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.asset_id} at {self.at}: {self.price}"
