"""The market as a whole: totals, what people look up, what is locked in DeFi, what money costs."""

from datetime import UTC

from django.db import models

from cryptodt.common.money import ExactDecimalField
from market.models.assets import Asset


class GlobalSnapshot(models.Model):
    """The totals of the whole market, once every few minutes."""

    # When the five minutes began; one row for each.
    at = models.DateTimeField(primary_key=True)
    total_market_cap = ExactDecimalField()
    total_volume_24h = ExactDecimalField(null=True)
    btc_dominance = ExactDecimalField(null=True)
    eth_dominance = ExactDecimalField(null=True)
    market_cap_change_24h = ExactDecimalField(null=True)
    active_assets = models.PositiveIntegerField(null=True)
    btc_price = ExactDecimalField(null=True)
    eth_price = ExactDecimalField(null=True)
    source = models.CharField(max_length=64)
    observed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {self.total_market_cap}"


class TrendingAsset(models.Model):
    """What people looked up at one time, in their order."""

    at = models.DateTimeField(db_index=True)
    position = models.PositiveSmallIntegerField()
    asset = models.ForeignKey(Asset, null=True, on_delete=models.SET_NULL)
    symbol = models.CharField(max_length=64)
    name = models.CharField(max_length=100)
    upstream_id = models.CharField(max_length=100)
    rank = models.PositiveIntegerField(null=True)
    source = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("at", "position"), name="one_asset_per_place"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.symbol}"


class DefiProtocol(models.Model):
    """A DeFi protocol and the value locked in it, in US dollars."""

    slug = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    symbol = models.CharField(max_length=64)
    chain = models.CharField(max_length=100)
    chains = models.JSONField(default=list)
    category = models.CharField(max_length=100)
    tvl = ExactDecimalField()
    change_1d = ExactDecimalField(null=True)
    change_7d = ExactDecimalField(null=True)
    market_cap = ExactDecimalField(null=True)
    position = models.PositiveIntegerField(db_index=True)
    source = models.CharField(max_length=64)
    observed_at = models.DateTimeField()

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.name


class TvlDay(models.Model):
    """The value locked on all chains on one day, in US dollars."""

    day = models.DateField(primary_key=True)
    tvl = ExactDecimalField()
    # How often its upstream corrected it after the day had ended.
    revision = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=64)
    observed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.day}: {self.tvl}"

    @property
    def is_closed(self) -> bool:
        """Say whether the day had ended when its value was told."""
        return self.observed_at.astimezone(UTC).date() > self.day


class Rate(models.Model):
    """What one unit of a currency costs in US dollars."""

    currency = models.CharField(max_length=10, primary_key=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10)
    usd = ExactDecimalField()
    source = models.CharField(max_length=64)
    observed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.currency}: {self.usd}"
