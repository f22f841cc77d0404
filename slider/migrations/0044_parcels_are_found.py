"""Parcels are found by their event, their moment and their item: no look for a few reads all of them."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast

_ITEM = Cast(KeyTextTransform("item", KeyTransform("data", Cast("body", models.JSONField()))), models.BigIntegerField())

INDEXES = (
    models.Index(fields=["endpoint", "event", "id"], name="parcel_by_event"),
    models.Index(fields=["endpoint", "due_at"], condition=models.Q(("state", "sent")), name="parcel_sent"),
    models.Index(fields=["endpoint", "created_at"], condition=models.Q(("event", "webhook.test")), name="parcel_tests"),
    models.Index(
        fields=["created_at"],
        condition=models.Q(("publication", None), ("state__in", ["sent", "failed"])),
        name="parcel_old_news",
    ),
    models.Index(
        _ITEM,
        condition=models.Q(("event__in", ["item.waiting", "item.withdrawn"]), ("publication", None)),
        name="parcel_of_item",
    ),
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = (("slider", "0043_less_is_left_behind"),)

    operations = tuple(AddIndexConcurrently(model_name="parcel", index=index) for index in INDEXES)
