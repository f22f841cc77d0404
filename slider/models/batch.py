"""Items that a worker's endpoint answers as a batch, within a day and for half the price, and how far each batch is."""

import uuid

from django.db import models
from django.db.models.functions import Now

from slider.models.item import Item
from slider.models.worker import Worker


class BatchState(models.TextChoices):
    GATHERED = "gathered", "its items are claimed"
    UPLOADED = "uploaded", "its file is at the endpoint"
    SENT = "sent", "the endpoint works on it"
    BACK = "back", "its answers are being collected"
    ENDED = "ended", "every item of it has gone on"


class Batch(models.Model):
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="batches")
    mark = models.UUIDField(default=uuid.uuid4, unique=True, help_text="Its name at the endpoint, known beforehand.")
    state = models.CharField(max_length=8, choices=BatchState, default=BatchState.GATHERED)
    file_id = models.CharField(max_length=200, blank=True, help_text="The endpoint's name of its questions.")
    submitting = models.BooleanField(default=False, help_text="It may have been sent: look for it before it is again.")
    batch_id = models.CharField(max_length=200, blank=True, help_text="The endpoint's name of it.")
    results = models.JSONField(default=list, help_text="The endpoint's names of the files with its answers.")
    cancelling = models.BooleanField(default=False, help_text="The endpoint was asked to stop working on it.")
    ending = models.CharField(max_length=300, blank=True, help_text="How it ended at the endpoint, in words.")
    problem = models.CharField(max_length=300, blank=True, help_text="What went wrong when it was last asked after.")
    tries = models.PositiveIntegerField(default=0, help_text="Times in a row that asking after it failed.")
    next_at = models.DateTimeField(db_default=Now(), help_text="When to ask after it again.")
    redaction = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="The rules under which its questions were written: its answers are read under the same.",
    )
    taken = models.JSONField(null=True, help_text="The tokens of its examples: those of its items are others.")
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["next_at"], condition=~models.Q(state=BatchState.ENDED), name="batch_open"),
            models.Index(fields=["worker", "-id"], name="batch_newest"),
        )
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=BatchState.values), name="batch_state"),
            models.CheckConstraint(
                condition=models.Q(state=BatchState.ENDED, ended_at__isnull=False)
                | (~models.Q(state=BatchState.ENDED) & models.Q(ended_at=None)),
                name="batch_ended_at",
            ),
        )

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.worker}"


class BatchItem(models.Model):
    """An item in a batch, under the claim that its answer counts for."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="items")
    item = models.ForeignKey(Item, models.CASCADE, related_name="+")
    token = models.BigIntegerField()
    tries = models.PositiveSmallIntegerField()
    settled = models.BooleanField(default=False, help_text="Its answer is written, or it went back.")

    class Meta:
        indexes = (models.Index(fields=["batch"], condition=models.Q(settled=False), name="batch_unsettled"),)
        constraints = (models.UniqueConstraint(fields=["batch", "item"], name="one_place_in_a_batch"),)

    def __str__(self) -> str:
        return f"#{self.item_id} in batch {self.batch_id}"
