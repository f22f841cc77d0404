"""One answer of a worker to an item."""

from django.db import models
from django.db.models.functions import Now

from slider.models.item import Item
from slider.models.states import FallbackOn, Outcome
from slider.models.worker import Worker


class Attempt(models.Model):
    item = models.ForeignKey(Item, models.CASCADE, related_name="attempts")
    worker = models.ForeignKey(Worker, models.PROTECT, related_name="attempts")
    token = models.BigIntegerField(help_text="The claim under which it was made.")
    instead_of = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        choices=FallbackOn,
        help_text="Its worker is a fallback: why the task's own did not answer. Empty: it did.",
    )
    outcome = models.CharField(max_length=20, choices=Outcome)
    detail = models.CharField(max_length=300, blank=True, help_text="What went wrong, for a person.")
    answer = models.JSONField(null=True)
    samples = models.JSONField(default=list, help_text="The other samples' answers; null for one that failed.")
    fields = models.JSONField(default=list, help_text="Evidence by field: name, logprob, alternatives.")
    raw = models.TextField(blank=True, help_text="What the model said, cut at 64 kB, where it could not be read.")
    finish_reason = models.CharField(max_length=40, blank=True)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=8, null=True, help_text="Empty: price unknown.")
    latency_ms = models.PositiveIntegerField(default=0)
    masked = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        help_text="How often what was masked or left out in what the model was sent, by kind; never what.",
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["item", "token"], name="one_attempt_a_claim"),
            models.CheckConstraint(condition=models.Q(outcome__in=Outcome.values), name="attempt_outcome"),
        )

    def __str__(self) -> str:
        return f"attempt {self.token} at #{self.item_id}: {self.outcome}"
