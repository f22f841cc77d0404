"""A result owed to a source: the outbox."""

import uuid

from django.db import models
from django.db.models.functions import Now

from slider.models.item import Item
from slider.models.review import Review
from slider.models.states import Ending
from slider.models.task import Task

TAKING_BACK = 7_304  # the advisory lock's number space: by task, held while a result of it is taken back


class Publication(models.Model):
    """Number 1 is an item's result, later numbers are corrections. A row's answer is never edited."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="publications")
    task = models.ForeignKey(Task, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(default=1)
    review = models.ForeignKey(
        Review,
        models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
        help_text="The look whose verdict it tells.",
    )
    webhook_id = models.UUIDField(default=uuid.uuid4, unique=True)
    ending = models.CharField(max_length=10, choices=Ending)
    answer = models.JSONField(null=True)
    reason = models.CharField(max_length=40, blank=True, help_text="Why a person rejected it.")
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(help_text="When the undo window has passed and the result may leave.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["item", "number"], name="one_publication_a_number"),
            models.CheckConstraint(condition=models.Q(ending__in=Ending.values), name="publication_ending"),
        )
        indexes = (
            models.Index(fields=["task", "id"], name="publication_by_task"),
            models.Index(fields=["review"], condition=models.Q(review__isnull=False), name="publication_by_review"),
            models.Index(fields=["task", "due_at", "id"], name="publication_by_due"),
        )

    def __str__(self) -> str:
        return f"result {self.number} of #{self.item_id}"
