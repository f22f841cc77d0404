"""One state change, append-only."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.item import Item


class Move(models.Model):
    item = models.ForeignKey(Item, models.CASCADE, related_name="moves")
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10)
    token = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (models.Index(fields=["item", "id"], name="move_by_item"),)

    def __str__(self) -> str:
        return f"#{self.item_id}: {self.from_state or 'born'} to {self.to_state}"
