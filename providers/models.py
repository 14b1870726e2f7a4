"""What the pump keeps in the database."""

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
