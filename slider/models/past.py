"""Past outputs that people have judged: what calibrates a slider before its first live item."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.imports import Import
from slider.models.policy import Policy
from slider.models.task import Task
from slider.models.worker import Worker

# The columns of a history without what stood in their cells, as SQL about a row `t`.
BARE_COLUMNS = """coalesce((
    SELECT jsonb_agg(c.said || '{"examples": [], "values": {}}' ORDER BY c.n)
    FROM jsonb_array_elements(t.columns) WITH ORDINALITY AS c(said, n)), '[]')"""
# Nobody is asked anything about it any more, or ever was: a command keeps no file.
CLOSED = "(t.state IN ('in_force', 'dropped', 'failed') OR t.file_id IS NULL)"


class PastState(models.TextChoices):
    READING = "reading", "is being read"
    ASKING = "asking", "waits for an answer"
    READY = "ready", "waits to be put into force"
    FAILED = "failed", "can't be used"
    IN_FORCE = "in_force", "was put into force"
    DROPPED = "dropped", "was dropped"


class Past(models.Model):
    """One file of history: how it is read, what was found in it, and what it proves."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="pasts")
    worker = models.ForeignKey(Worker, models.PROTECT, null=True, related_name="+", help_text="Whose outputs they are.")
    file = models.OneToOneField(Import, models.PROTECT, null=True, related_name="past", help_text="Empty: a command.")
    name = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=PastState, default=PastState.READING)
    columns = models.JSONField(default=list, help_text="The file's columns and what they hold.")
    answers = models.JSONField(default=dict, help_text="What each column means, and what people said when asked.")
    findings = models.JSONField(default=dict, help_text="Counts, order, ranking, and what is still to be asked.")
    rows = models.PositiveIntegerField(default=0, help_text="Rows that count as evidence.")
    counters = models.JSONField(default=dict, help_text="Labels by bin of rank, weight class and outcome.")
    calibration = models.JSONField(default=dict)
    policy = models.ForeignKey(Policy, models.PROTECT, null=True, related_name="+", help_text="What it put into force.")
    epoch = models.PositiveIntegerField(null=True, help_text="The evidence epoch that it began.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["task", "epoch"], name="past_by_epoch"),)
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=PastState.values), name="past_state"),
            models.UniqueConstraint(fields=["task", "epoch"], name="one_past_an_epoch"),
            models.CheckConstraint(
                condition=models.Q(state=PastState.IN_FORCE, policy__isnull=False)
                | (~models.Q(state=PastState.IN_FORCE) & models.Q(policy=None, epoch=None)),
                name="past_in_force_by_a_policy",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def bare_columns(self) -> list[dict[str, Any]]:
        """Its columns without what stood in their cells."""
        return [column | {"examples": [], "values": {}} for column in self.columns]


class PastRow(models.Model):
    """One past output and what a person said about it, in the order in which it is used."""

    past = models.ForeignKey(Past, models.CASCADE, related_name="kept")
    place = models.PositiveIntegerField()
    external_id = models.CharField(max_length=255)
    own = models.BooleanField(help_text="Of the worker itself; those of others only say where to begin.")
    signals = models.JSONField(default=dict)
    correct = models.BooleanField()
    propensity = models.FloatField(help_text="The chance with which it was looked at.")

    class Meta:
        indexes = (models.Index(fields=["external_id"], name="past_row_by_id"),)
        constraints = (
            models.UniqueConstraint(fields=["past", "place"], name="one_past_row_a_place"),
            models.CheckConstraint(condition=models.Q(propensity__gt=0, propensity__lte=1), name="past_row_propensity"),
        )

    def __str__(self) -> str:
        return f"{self.external_id}: {'right' if self.correct else 'wrong'}"
