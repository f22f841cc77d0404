"""One piece of work and its state, and apart from it the wide payload."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Now

from slider.models.states import State
from slider.models.task import Task


class Item(models.Model):
    """The narrow row that the queue reads. Only `slider.flow.moves` writes its state."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="items")
    external_id = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=State, default=State.READY)
    priority = models.SmallIntegerField(default=0, help_text="Lower first.", validators=[MaxValueValidator(100)])
    run_at = models.DateTimeField(db_default=Now())
    tries = models.PositiveSmallIntegerField(default=0)
    token = models.BigIntegerField(default=0, help_text="Fences: one more with each claim.")
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(null=True, help_text="When its result is wanted; brings it and its looks forward.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["task", "external_id"], name="one_item_an_external_id"),
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="item_state"),
            models.CheckConstraint(
                condition=models.Q(state=State.WORKING, lease_until__isnull=False)
                | (~models.Q(state=State.WORKING) & models.Q(lease_until=None)),
                name="item_lease_only_while_working",
            ),
        )
        indexes = (
            # The line in which items are claimed; what is wanted at no certain time stands last (NULLS LAST).
            models.Index(
                fields=["task", "priority", "due_at", "run_at", "id"],
                condition=models.Q(state=State.READY),
                name="item_line",
            ),
            # What was tried already and waits again: few, even where a million items wait for their first try.
            models.Index(fields=["task", "id"], condition=models.Q(state=State.READY, tries__gte=1), name="item_tried"),
            models.Index(fields=["lease_until"], condition=models.Q(state=State.WORKING), name="item_leases"),
            models.Index(fields=["task", "-id"], name="item_newest"),
            models.Index(fields=["task", "state", "-id"], name="item_by_state"),
            # Finds ids by how they begin, in any collation.
            models.Index(
                fields=["task", "external_id"], opclasses=["int8_ops", "varchar_pattern_ops"], name="item_id_begins"
            ),
        )

    def __str__(self) -> str:
        return f"#{self.pk}"


class Payload(models.Model):
    """What the item carries. Written once."""

    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="payload")
    body = models.JSONField()
    sha256 = models.BinaryField(max_length=32)
    origin = models.CharField(max_length=120, help_text="Who pushed it: a person, a key, an import.")

    def __str__(self) -> str:
        return f"payload of #{self.item_id}"
