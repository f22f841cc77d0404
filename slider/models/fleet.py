"""What operators say of the fleet and what its processes say of themselves: halts, operations, signs of life."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.item import Item
from slider.models.task import Task


class Stance(models.TextChoices):
    """How something stands still."""

    PAUSED = "paused", "paused: it begins nothing new"
    DRAINING = "draining", "draining: it finishes what it holds and takes nothing"


class OperationKind(models.TextChoices):
    PAUSE = "pause", "paused"
    DRAIN = "drain", "drained"
    RESUME = "resume", "resumed"
    REQUEUE = "requeue", "requeued"


def _names_one(prefix: str) -> models.CheckConstraint:
    """A row names a task, a worker profile of a task, or a host, and nothing else."""
    return models.CheckConstraint(
        condition=models.Q(task__isnull=False, host="") | models.Q(task=None, profile="") & ~models.Q(host=""),
        name=f"{prefix}_names_one",
    )


class Halt(models.Model):
    """What stands still by somebody's word, now. A row for each; gone once it is resumed."""

    task = models.ForeignKey(Task, models.CASCADE, null=True, related_name="halts")
    profile = models.CharField(max_length=80, blank=True, help_text="The name of a worker. Empty: the whole task.")
    host = models.CharField(max_length=255, blank=True, help_text="A machine that pumps run on.")
    stance = models.CharField(max_length=8, choices=Stance)
    reason = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    since = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(stance__in=Stance.values), name="halt_stance"),
            _names_one("halt"),
            models.UniqueConstraint(fields=["task", "profile"], condition=models.Q(host=""), name="one_halt_a_worker"),
            models.UniqueConstraint(fields=["host"], condition=~models.Q(host=""), name="one_halt_a_host"),
        )

    def __str__(self) -> str:
        return f"{self.host or self.profile or self.task_id} is {self.stance}"


class Operation(models.Model):
    """What somebody did to the fleet, and why. Rows are added, never edited."""

    kind = models.CharField(max_length=8, choices=OperationKind)
    task = models.ForeignKey(Task, models.PROTECT, null=True, related_name="operations")
    profile = models.CharField(max_length=80, blank=True)
    host = models.CharField(max_length=255, blank=True)
    reason = models.CharField(max_length=500)
    facts = models.JSONField(default=dict, help_text="What it was done to and to how many, by name.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=models.Q(kind__in=OperationKind.values), name="operation_kind"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="operation_says_why"),
            _names_one("operation"),
        )
        indexes = (
            models.Index(fields=["task", "-id"], name="operation_newest"),
            models.Index(fields=["host", "-id"], condition=~models.Q(host=""), name="operation_of_host"),
        )

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason[:60]}"


class Requeued(models.Model):
    """An item that had no usable answer and went back to its worker: the decision it had, whole. Never edited.

    A decision may only be taken away when it stands here: the database sees to it.
    """

    operation = models.ForeignKey(Operation, models.PROTECT, related_name="requeued")
    item = models.ForeignKey(Item, models.CASCADE, related_name="requeued")
    seq = models.BigIntegerField(help_text="The place that the decision had in the routing order.")
    decision = models.JSONField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["item", "seq"], name="one_requeue_a_decision"),)

    def __str__(self) -> str:
        return f"#{self.item_id}, decided as number {self.seq}, went back to its worker"


class Presence(models.Model):
    """A process of the fleet, what it holds, and its last sign of life."""

    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    node = models.CharField(max_length=255, blank=True, help_text="The Celery worker that it belongs to.")
    queues = models.CharField(max_length=120, blank=True, help_text="The queues that it listens to.")
    task = models.ForeignKey(Task, models.CASCADE, null=True, related_name="+", help_text="What it pumps right now.")
    profile = models.CharField(max_length=80, blank=True)
    held = models.PositiveIntegerField(default=0, help_text="Items in its hands.")
    flying = models.PositiveIntegerField(default=0, help_text="Calls in the air.")
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["host", "pid"], name="one_presence_a_process"),)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Sign(models.Model):
    """The last sign of life of something that runs now and then, such as the sweep."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"
