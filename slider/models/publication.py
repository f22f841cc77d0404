"""A result owed to a source: the outbox, and where it is sent."""

import base64
import os
import uuid

from django.db import models
from django.db.models.functions import Now

from slider.models.item import Item
from slider.models.review import Review
from slider.models.states import Delivery, Ending
from slider.models.task import Task


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(os.urandom(32)).decode()


TAKING_BACK = 7_304  # the advisory lock's number space: by task, held while a result of it is taken back


class Endpoint(models.Model):
    """Where a task's results are sent, signed by the Standard Webhooks scheme."""

    task = models.OneToOneField(Task, models.CASCADE, related_name="endpoint")
    url = models.CharField(max_length=500)
    secret = models.CharField(max_length=120, default=_webhook_secret, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_why = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return self.url


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
    delivery = models.CharField(max_length=6, choices=Delivery, default=Delivery.DUE)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    last_problem = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["item", "number"], name="one_publication_a_number"),
            models.CheckConstraint(condition=models.Q(ending__in=Ending.values), name="publication_ending"),
            models.CheckConstraint(condition=models.Q(delivery__in=Delivery.values), name="publication_delivery"),
        )
        indexes = (
            models.Index(fields=["next_try_at"], condition=models.Q(delivery=Delivery.DUE), name="publication_due"),
            models.Index(fields=["task", "id"], name="publication_by_task"),
            # Few: what was given up after all its tries.
            models.Index(fields=["task", "id"], condition=models.Q(delivery=Delivery.FAILED), name="publication_stuck"),
            models.Index(fields=["review"], condition=models.Q(review__isnull=False), name="publication_by_review"),
            models.Index(fields=["task", "due_at", "id"], name="publication_by_due"),
        )

    def __str__(self) -> str:
        return f"result {self.number} of #{self.item_id}"
